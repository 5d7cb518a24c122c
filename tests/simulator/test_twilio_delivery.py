"""What becomes of text messages: queues, phones, operators, prices."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest

from simulator.config import SimulatorConfig
from simulator.server import Simulator
from simulator.twilio_people import OUTCOMES, PhoneState
from simulator.twilio_rules import COUNTRIES, DeliveryRules, SenderRules, ServiceRules
from tests.simulator.targets import AMERICA, FAST, ICELAND, SMS_FROM, VIETNAM, Line, Target, quick

SERVICE, LONE = "MG" + "0d" * 16, "MG" + "1d" * 16
ALLOWED = SenderRules("+15005550008", per_second=100.0, registered=frozenset({"VN"}))
SILENT = replace(COUNTRIES[0], iso="SI", prefix="+386", receipts=False)
ACCOUNT = replace(
    FAST.accounts[0],
    senders=(*FAST.accounts[0].senders, ALLOWED),
    services=(ServiceRules(SERVICE, (SMS_FROM, ALLOWED.sender)), ServiceRules(LONE, (SMS_FROM,))),
)


@pytest.fixture
def config() -> SimulatorConfig:
    return quick(replace(FAST, accounts=(ACCOUNT,), countries=(*COUNTRIES, SILENT)))


@pytest.fixture
async def line(sim: Simulator) -> AsyncIterator[Line]:
    async with aiohttp.ClientSession() as session:
        yield Line(sim, session)


async def test_delivered_is_told_in_steps(line: Line, sim: Simulator, target: Target) -> None:
    heard = []
    sim.twilio.listen(lambda sender, number, message: heard.append((sender, number, message.text)))
    _, told = await line.sms(StatusCallback=f"{target.url}/status/1")
    await sim.drain()
    assert sorted(target.states()) == ["delivered", "queued", "sent"]
    assert heard == [(SMS_FROM, ICELAND, "hello")]
    (arrival,) = sim.ledger.arrivals("sms")
    assert (arrival.status, arrival.code, arrival.message_id) == ("delivered", 0, told["sid"])
    assert (arrival.segments, arrival.cost) == (1, 70)
    (attempt,) = sim.ledger.attempts()
    assert arrival.attempt_id == attempt.attempt_id
    form = next(one.form for one in target.posts if one.form["MessageStatus"] == "delivered")
    assert (form["MessageSid"], form["From"], form["To"]) == (told["sid"], SMS_FROM, ICELAND)
    assert form["AccountSid"] == sim.config.twilio.accounts[0].sid
    assert len(form["RawDlrDoneDate"]) == 10
    assert "ErrorCode" not in form


@pytest.mark.parametrize(("state", "code"), sorted(OUTCOMES["sms"].items()))
async def test_every_state_has_its_end(
    line: Line, sim: Simulator, target: Target, state: PhoneState, code: int
) -> None:
    sim.twilio.set_state("sms", ICELAND, state)
    _, told = await line.sms(StatusCallback=f"{target.url}/status/1")
    await sim.drain()
    assert target.states()[-1] == "undelivered"
    assert target.posts[-1].form["ErrorCode"] == str(code)
    (arrival,) = sim.ledger.arrivals()
    assert (arrival.status, arrival.code, arrival.cost) == ("undelivered", code, 70)
    _, later = await line.get(told["uri"])
    assert (later["status"], later["error_code"]) == ("undelivered", code)


async def test_a_state_may_change_on_the_way(sim: Simulator, line: Line) -> None:
    sim.twilio.set_limits(per_second=10.0)
    for _ in range(3):
        await line.sms()
    sim.twilio.set_state("sms", ICELAND, PhoneState.UNKNOWN)
    await sim.drain()
    assert {one.status for one in sim.ledger.arrivals()} == {"delivered", "undelivered"}


async def test_segments_leave_at_the_senders_pace(line: Line, sim: Simulator) -> None:
    sim.twilio.set_limits(per_second=20.0)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(4):
        await line.sms(Body="a" * 161)  # 2 segments each: the fourth leaves after 6 segments, 0.3 s
    assert loop.time() - began < 0.25  # taken faster than sent
    await sim.drain()
    taken = next(sim.ledger.attempts()).mono
    moments = [one.mono - taken for one in sim.ledger.arrivals("sms", "delivered")]
    assert all(at >= number * 0.1 - 0.01 for number, at in enumerate(moments))


async def test_a_full_queue_refuses(line: Line, sim: Simulator) -> None:
    sim.twilio.set_limits(per_second=2.0, queue_s=1.0)
    answers = [await line.sms() for _ in range(4)]
    assert [status for status, _ in answers] == [201, 201, 400, 400]
    assert answers[-1][1]["code"] == 21611
    assert [one.rule for one in sim.ledger.violations()] == ["queue", "queue"]


async def test_a_services_full_queue_fails_later(line: Line, sim: Simulator, target: Target) -> None:
    sim.twilio.set_limits(per_second=2.0, queue_s=1.0)
    for _ in range(3):
        status, told = await line.sms(From=None, MessagingServiceSid=LONE, StatusCallback=f"{target.url}/s")
        assert status == 201
    await sim.drain()
    failed = next(one.form for one in target.posts if one.form["MessageStatus"] == "failed")
    assert (failed["ErrorCode"], failed["MessageSid"]) == ("30001", told["sid"])
    assert failed["MessagingServiceSid"] == LONE
    assert [(one.code, one.cost) for one in sim.ledger.arrivals("sms", "failed")] == [(30001, 0)]


async def test_a_service_uses_its_least_busy_sender(line: Line, sim: Simulator) -> None:
    sim.twilio.set_limits(per_second=2.0)
    for _ in range(4):
        await line.sms(From=None, MessagingServiceSid=SERVICE)
    assert [one.account for one in sim.ledger.attempts()] == [SMS_FROM, ALLOWED.sender] * 2
    await sim.drain()


async def test_validity_ends_waiting(line: Line, sim: Simulator) -> None:
    sim.twilio.set_limits(per_second=0.5)
    await line.sms()
    await line.sms(ValidityPeriod="1")
    await line.sms()
    await sim.drain()
    ends = sim.ledger.arrivals()
    assert [(one.status, one.code) for one in ends] == [("delivered", 0), ("failed", 30036), ("delivered", 0)]
    assert ends[1].mono < ends[2].mono - 0.5  # it ended at its time, not at its turn, and held up nobody
    assert ends[2].mono - ends[0].mono < 3.0


async def test_validity_counts_by_the_fakes_own_clock(line: Line, sim: Simulator) -> None:
    sim.twilio.set_limits(per_second=5.0)
    await line.sms()
    await line.sms(ValidityPeriod="600")
    sim.twilio.advance(700)
    await sim.drain()
    assert [one.code for one in sim.ledger.arrivals()] == [0, 30036]


async def test_one_phone_keeps_its_order() -> None:
    rules = replace(FAST, delivery=DeliveryRules(low_s=0.01, high_s=0.3))
    async with Simulator(quick(rules)) as sim, aiohttp.ClientSession() as session:
        line, heard = Line(sim, session), []
        sim.twilio.listen(lambda _sender, _number, message: heard.append(message.text))
        for number in range(12):
            await line.sms(Body=str(number))
        await sim.drain()
    assert heard == [str(number) for number in range(12)]


async def test_a_share_fails_by_the_mix() -> None:
    rules = replace(FAST, delivery=DeliveryRules(0.0, 0.0, mix={30008: 0.2, 30003: 0.2}))
    async with Simulator(quick(rules)) as sim, aiohttp.ClientSession() as session:
        line = Line(sim, session)
        sim.twilio.set_limits(per_second=10_000.0)
        for number in range(200):
            await line.sms(To=f"+35461{number:05d}")
        await sim.drain()
        codes = [one.code for one in sim.ledger.arrivals()]
    for code in (30008, 30003):
        assert 20 <= codes.count(code) <= 60
    assert codes.count(0) > 80


async def test_unregistered_senders_and_links_are_filtered(line: Line, sim: Simulator) -> None:
    await line.sms(To=VIETNAM)
    await line.sms(To=VIETNAM, From=ALLOWED.sender)
    await line.sms(To=VIETNAM, From=ALLOWED.sender, Body="see https://example.org")
    await sim.drain()
    assert [one.code for one in sim.ledger.arrivals()] == [30007, 0, 30007]


async def test_some_operators_report_nothing(line: Line, sim: Simulator, target: Target) -> None:
    _, told = await line.sms(To="+38640000001", StatusCallback=f"{target.url}/s")
    await sim.drain()
    assert len(sim.ledger.arrivals("sms", "delivered")) == 1
    assert sorted(target.states()) == ["queued", "sent"]
    assert (await line.get(told["uri"]))[1]["status"] == "sent"


async def test_every_segment_costs_by_country(line: Line, sim: Simulator) -> None:
    await line.sms(Body="a" * 200)
    _, told = await line.sms(To=AMERICA)
    await sim.drain()
    assert [(one.segments, one.cost) for one in sim.ledger.arrivals()] == [(2, 140), (1, 8)]
    assert sim.ledger.cost("sms") == 148
    assert sim.ledger.counts()["sms_cost"] == 148
    assert sim.ledger.counts()["sms_segments"] == 3
    _, later = await line.get(told["uri"])
    assert (later["price"], later["price_unit"]) == ("-0.00800", "XTS")


async def test_any_code_can_be_asked_for(line: Line, sim: Simulator) -> None:
    sim.twilio.fail("sms", ICELAND, refusal=20403)
    assert (await line.sms())[0] == 403
    sim.twilio.fail("sms", ICELAND, refusal=21999)
    status, told = await line.sms()
    assert (status, told["code"]) == (400, 21999)
    sim.twilio.fail("sms", ICELAND, failure=30410)
    assert (await line.sms())[0] == 201
    await sim.drain()
    sim.twilio.fail("sms", ICELAND)
    assert (await line.sms())[0] == 201
    await sim.drain()
    assert [one.code for one in sim.ledger.arrivals()] == [30410, 0]
