"""Sends at the fake Twilio's door: credentials, checks, concurrency, what the ledger says of them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from simulator.config import LatencyRules, SimulatorConfig
from simulator.faults import Fault, FaultKind
from simulator.server import Simulator
from simulator.twilio_people import PhoneState
from simulator.twilio_rules import COUNTRIES, DEMO_ACCOUNT, ServiceRules
from tests.simulator.targets import AMERICA, FAST, ICELAND, SMS_FROM, WHATSAPP_FROM, Line, basic, quick

SERVICE = "MG" + "0d" * 16
CLOSED = replace(COUNTRIES[0], iso="CL", prefix="+56", enabled=False)
RULES = replace(
    FAST,
    accounts=(
        replace(FAST.accounts[0], services=(ServiceRules(SERVICE, (SMS_FROM,)), ServiceRules("MG0", ()))),
    ),
    countries=(*COUNTRIES, CLOSED),
)


@pytest.fixture
def config() -> SimulatorConfig:
    return quick(RULES)


@pytest.fixture
async def line(sim: Simulator) -> AsyncIterator[Line]:
    async with aiohttp.ClientSession() as session:
        yield Line(sim, session)


async def test_a_message_is_taken(line: Line, sim: Simulator) -> None:
    status, told = await line.sms(Body="a" * 161)
    assert status == 201
    assert (told["status"], told["num_segments"], told["direction"]) == ("queued", "2", "outbound-api")
    assert (told["from"], told["to"], told["error_code"], told["price"]) == (SMS_FROM, ICELAND, None, None)
    assert told["sid"].startswith("SM")
    assert len(told["sid"]) == 34
    (attempt,) = sim.ledger.attempts("sms")
    assert (attempt.accepted, attempt.status, attempt.message_id) == (True, 201, told["sid"])
    assert (attempt.account, attempt.recipient, attempt.segments) == (SMS_FROM, ICELAND, 2)
    assert attempt.text == "a" * 161


@pytest.mark.parametrize("auth", [None, ("AC" + "1" * 32, "x"), (DEMO_ACCOUNT.sid, "wrong")])
async def test_bad_credentials_are_refused(line: Line, sim: Simulator, auth: tuple[str, str] | None) -> None:
    async with aiohttp.ClientSession() as session:
        headers = basic(*auth) if auth else {}
        form = {"To": ICELAND, "From": SMS_FROM, "Body": "x"}
        async with session.post(f"{line.messages}.json", data=form, headers=headers) as answer:
            told = await answer.json()
    assert (answer.status, told["code"], told["status"]) == (401, 20003, 401)
    assert not list(sim.ledger.attempts())


async def test_somebody_elses_account_is_not_found(line: Line) -> None:
    other = "AC" + "1" * 32
    assert (await line.get(f"/2010-04-01/Accounts/{other}/Messages.json"))[1]["code"] == 20404
    assert (await line.get("/2010-04-01/Accounts"))[0] == 404


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"To": None}, 21604),
        ({"To": "3546100001"}, 21211),
        ({"To": "+0123456789"}, 21211),
        ({"From": None}, 21603),
        ({"From": None, "MessagingServiceSid": "MG0"}, 21703),
        ({"From": "+15005559999"}, 21606),
        ({"From": "not a sender!"}, 21212),
        ({"From": ICELAND, "To": ICELAND}, 21266),
        ({"From": f"whatsapp:{WHATSAPP_FROM}"}, 21910),
        ({"Body": None}, 21619),
        ({"Body": "  "}, 21619),
        ({"Body": "a" * 1601}, 21617),
        ({"StatusCallback": "ftp://127.0.0.1/x"}, 21609),
        ({"StatusCallback": "not an address"}, 21609),
        ({"StatusCallback": "https://example.org/x"}, 21609),  # the simulator posts to this machine only
        ({"ValidityPeriod": "0"}, 20422),
        ({"ValidityPeriod": "36001"}, 20422),
        ({"PersistentAction": "somewhere"}, 20422),
        ({"ContentVariables": "{}"}, 21654),
        ({"ContentSid": "HX" + "0" * 32}, 21655),
        ({"To": "+56900000001"}, 21408),
        ({"From": "CONSULATE", "To": AMERICA}, 21612),
    ],
)
async def test_what_is_wrong_is_said_at_once(
    line: Line, sim: Simulator, params: dict[str, Any], code: int
) -> None:
    status, told = await line.sms(**params)
    assert (status, told["code"], told["status"]) == (400, code, 400)
    assert told["more_info"].endswith(str(code))
    (attempt,) = sim.ledger.attempts()
    assert not attempt.accepted
    assert attempt.error.startswith(str(code))
    assert not sim.ledger.arrivals()


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"From": f"whatsapp:{SMS_FROM}"}, 63007),
        ({"From": "whatsapp:CONSULATE"}, 21212),
        ({"From": f"whatsapp:{ICELAND}"}, 63031),
    ],
)
async def test_whatsapp_has_its_own_senders(line: Line, params: dict[str, Any], code: int) -> None:
    assert (await line.whatsapp(Body="x", **params))[1]["code"] == code


@pytest.mark.parametrize(("state", "code"), [(PhoneState.NOT_MOBILE, 21614), (PhoneState.INVALID, 21211)])
async def test_some_numbers_are_refused_at_once(
    line: Line, sim: Simulator, state: PhoneState, code: int
) -> None:
    sim.twilio.set_state("sms", ICELAND, state)
    assert (await line.sms())[1]["code"] == code
    sim.twilio.set_state("sms", ICELAND, PhoneState.ACTIVE)
    assert (await line.sms())[0] == 201


async def test_smart_encoding_replaces_marks(line: Line, sim: Simulator) -> None:
    assert (await line.sms(Body="“a”" * 20, SmartEncoded="true"))[1]["num_segments"] == "1"
    (attempt,) = sim.ledger.attempts()
    assert attempt.text == '"a"' * 20


async def test_a_messaging_service_chooses_the_sender(line: Line, sim: Simulator) -> None:
    status, told = await line.sms(From=None, MessagingServiceSid=SERVICE)
    assert (status, told["status"], told["from"], told["num_segments"]) == (201, "accepted", None, "0")
    await sim.drain()
    _, later = await line.get(told["uri"])
    assert (later["from"], later["num_segments"], later["status"]) == (SMS_FROM, "1", "delivered")


class TestConcurrency:
    @pytest.fixture
    def config(self) -> SimulatorConfig:
        rules = replace(FAST, accounts=(replace(FAST.accounts[0], max_concurrent=2),))
        return replace(quick(rules), latency=LatencyRules(0.1, 0.1))

    async def test_too_many_at_once_are_not_processed(self, line: Line, sim: Simulator) -> None:
        answers = await asyncio.gather(*(line.sms() for _ in range(5)))
        assert sorted(status for status, _ in answers) == [201, 201, 429, 429, 429]
        assert {told["code"] for status, told in answers if status == 429} == {20429}
        await sim.drain()
        assert len(sim.ledger.arrivals("sms", "delivered")) == 2
        assert [one.rule for one in sim.ledger.violations()] == ["concurrency"] * 3
        assert (await line.sms())[0] == 201

    async def test_a_call_is_under_way_until_it_is_answered(
        self, line: Line, sim: Simulator, eventually: Any
    ) -> None:
        task = asyncio.create_task(line.sms())
        await eventually(sim.twilio.under_way)
        assert sim.twilio.under_way()[0].recipient == ICELAND
        await task
        assert not sim.twilio.under_way()


class TestFaults:
    async def test_accepted_but_answered_too_late(self, line: Line, sim: Simulator) -> None:
        sim.inject(Fault(FaultKind.DELAY_AFTER, methods=frozenset({"messages.create"}), seconds=5.0, count=1))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(line.sms(), 0.2)
        await sim.drain()
        assert len(sim.ledger.arrivals("sms", "delivered")) == 1
        (attempt,) = sim.ledger.attempts()
        assert (attempt.accepted, attempt.fault) == (True, "delay_after")

    async def test_a_page_instead_of_json(self, line: Line, sim: Simulator) -> None:
        for kind, accepted in ((FaultKind.ERROR_BEFORE, False), (FaultKind.ERROR_AFTER, True)):
            sim.inject(Fault(kind, methods=frozenset({"messages.create"}), count=1))
            with pytest.raises(aiohttp.ContentTypeError):
                await line.sms()
            assert [one.accepted for one in sim.ledger.attempts()][-1] is accepted

    async def test_half_an_answer(self, line: Line, sim: Simulator) -> None:
        sim.inject(Fault(FaultKind.TRUNCATED, methods=frozenset({"messages.create"}), count=1))
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            await line.sms()
        assert len(sim.ledger.accepted("sms")) == 1

    async def test_a_cut_line(self, line: Line, sim: Simulator) -> None:
        recipients = frozenset({ICELAND})
        sim.inject(
            Fault(FaultKind.RESET_BEFORE, methods=frozenset({"messages.create"}), recipients=recipients)
        )
        with pytest.raises(aiohttp.ClientError):
            await line.sms()
        assert (await line.sms(To=AMERICA))[0] == 201
        assert [one.accepted for one in sim.ledger.attempts()] == [False, True]

    async def test_a_storm_and_a_revoked_token(self, line: Line, sim: Simulator) -> None:
        storm = Fault(FaultKind.STORM, methods=frozenset({"messages.create"}), seconds=0.3, count=1)
        sim.inject(storm)
        assert [(await line.sms())[0] for _ in range(2)] == [429, 429]
        await asyncio.sleep(0.35)
        assert (await line.sms())[0] == 201
        assert not sim.ledger.violations()
        sim.inject(Fault(FaultKind.REVOKED, methods=frozenset({"messages.create"}), count=1))
        assert [(await line.sms())[0] for _ in range(2)] == [401, 401]


@pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning")  # Twilio's own package does
async def test_twilios_own_client_gets_along(sim: Simulator) -> None:
    rules = sim.config.twilio.accounts[0]
    http = AsyncTwilioHttpClient()
    client = Client(rules.sid, rules.token, http_client=http)
    client.api.base_url = sim.twilio_base
    sent = await client.messages.create_async(to=ICELAND, from_=SMS_FROM, body="hé", smart_encoded=True)
    await sim.drain()
    assert (sent.status, (await sent.fetch_async()).status) == ("queued", "delivered")
    with pytest.raises(TwilioRestException) as refused:
        await client.messages.create_async(to="1", from_=SMS_FROM, body="x")
    assert (refused.value.status, refused.value.code) == (400, 21211)
    await http.close()
