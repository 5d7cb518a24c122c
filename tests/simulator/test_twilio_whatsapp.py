"""WhatsApp's own rules: the 24 h window, templates, the tier, waiting phones, read receipts, prices."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from simulator.config import SimulatorConfig
from simulator.incoming import Action, ActionKind
from simulator.server import Simulator
from simulator.twilio_content import Approval
from simulator.twilio_people import OUTCOMES, PhoneState
from simulator.twilio_rules import DeliveryRules
from tests.simulator.targets import FAST, ICELAND, WHATSAPP_FROM, Line, Target, quick

BODY = "Warning from the consulate: {{1}} near {{2}}. Please answer."
VALUES = {"1": "Flood", "2": "Reykjavik"}


@pytest.fixture
def config() -> SimulatorConfig:
    return quick()


@pytest.fixture
async def line(sim: Simulator) -> AsyncIterator[Line]:
    async with aiohttp.ClientSession() as session:
        yield Line(sim, session)


@pytest.fixture
def knock(sim: Simulator) -> str:
    return sim.twilio.add_template("knock", "en", BODY, buttons=(("safe", "Safe"), ("help", "Help")))


async def outcome(sim: Simulator, line: Line, **params: Any) -> tuple[str, int]:
    """Send, wait, and tell what became of it; a refusal is told as its code."""
    if isinstance(params.get("ContentVariables"), dict):
        params["ContentVariables"] = json.dumps(params["ContentVariables"])
    before = len(sim.ledger.arrivals("whatsapp"))
    status, told = await line.whatsapp(**params)
    if status != 201:
        return "refused", int(told["code"])
    await sim.drain()
    arrival = sim.ledger.arrivals("whatsapp")[before]
    return arrival.status, arrival.code


async def test_free_text_needs_an_open_window(sim: Simulator, line: Line) -> None:
    async with Target() as target:
        assert (await line.whatsapp(Body="hello", StatusCallback=f"{target.url}/s"))[0] == 201  # looks fine
        await sim.drain()
        assert sorted(target.states()) == ["queued", "undelivered"]
        form = next(one.form for one in target.posts if one.form["MessageStatus"] == "undelivered")
        assert (form["ErrorCode"], form["ChannelPrefix"]) == ("63016", "whatsapp")
    sim.twilio.set_heard("whatsapp", ICELAND, 23 * 3600)
    assert await outcome(sim, line, Body="hello") == ("delivered", 0)
    assert await outcome(sim, line, PersistentAction="geo:64.1,-21.9|Meeting point") == ("delivered", 0)
    sim.twilio.advance(2 * 3600)
    assert await outcome(sim, line, Body="hello") == ("undelivered", 63016)
    assert await outcome(sim, line, PersistentAction="geo:64.1,-21.9") == ("undelivered", 63016)
    sim.twilio.act("whatsapp", ICELAND, Action(ActionKind.TEXT, "hi"))
    assert await outcome(sim, line, Body="hello") == ("delivered", 0)
    sim.twilio.set_heard("whatsapp", ICELAND, None)
    assert await outcome(sim, line, Body="hello") == ("undelivered", 63016)


async def test_the_words_of_a_template_are_no_template(sim: Simulator, line: Line, knock: str) -> None:
    words = sim.twilio.account().content.find(knock).show(VALUES).text
    assert await outcome(sim, line, Body=words) == ("undelivered", 63016)
    assert await outcome(sim, line, ContentSid=knock, ContentVariables=VALUES) == ("delivered", 0)
    assert [one.text for one in sim.ledger.attempts()] == [words, words]
    assert list(sim.ledger.attempts())[1].template == knock
    assert list(sim.ledger.attempts())[1].buttons == ("safe", "help")


@pytest.mark.parametrize(
    ("variables", "result"),
    [
        ({"1": "Flood\nnow", "2": "x"}, ("refused", 21656)),
        ({"1": "Flood\tnow", "2": "x"}, ("refused", 21656)),
        ({"1": "Flood     now", "2": "x"}, ("refused", 21656)),
        ({"1": "Flood    now", "2": "x"}, ("delivered", 0)),  # four spaces are allowed
        ({"1": "", "2": "x"}, ("refused", 21656)),
        ({"1": " ", "2": "x"}, ("refused", 21656)),
        ({"1": None, "2": "x"}, ("refused", 21656)),
        ({"1": 7, "2": "x"}, ("refused", 21656)),
        ("not JSON", ("refused", 21656)),
        ("[1]", ("refused", 21656)),
        ({"1": "x" * 1601, "2": "x"}, ("refused", 21658)),
        ({"1": "x" * 1024, "2": "x"}, ("undelivered", 63021)),
        ({"1": "x" * 900, "2": "x"}, ("delivered", 0)),
        ({"1": "Flood"}, ("undelivered", 63028)),
        ({"1": "Flood", "2": "x", "3": "y"}, ("undelivered", 63028)),
        ("", ("undelivered", 63028)),
    ],
)
async def test_values_must_fit(
    sim: Simulator, line: Line, knock: str, variables: Any, result: tuple[str, int]
) -> None:
    assert await outcome(sim, line, ContentSid=knock, ContentVariables=variables) == result


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Approval.UNSUBMITTED, 63016),
        (Approval.RECEIVED, 63016),
        (Approval.PENDING, 63016),
        (Approval.REJECTED, 63040),
        (Approval.PAUSED, 63041),
        (Approval.DISABLED, 63042),
    ],
)
async def test_only_approved_templates_reach_people_outside_the_window(
    sim: Simulator, line: Line, knock: str, status: Approval, code: int
) -> None:
    sim.twilio.account().content.set_state(knock, status)
    given = {"ContentSid": knock, "ContentVariables": VALUES}
    assert await outcome(sim, line, **given) == ("undelivered", code)
    sim.twilio.set_heard("whatsapp", ICELAND, 60)
    assert await outcome(sim, line, **given) == ("delivered", 0)


async def test_in_a_session_three_buttons_need_no_approval(sim: Simulator, line: Line) -> None:
    four = tuple((str(number), str(number)) for number in range(4))
    sid = sim.twilio.add_template("menu", "en", "Choose", buttons=four, status=Approval.UNSUBMITTED)
    sim.twilio.set_heard("whatsapp", ICELAND, 60)
    assert await outcome(sim, line, ContentSid=sid) == ("undelivered", 63005)
    sim.twilio.account().content.set_state(sid, Approval.APPROVED)
    assert await outcome(sim, line, ContentSid=sid) == ("delivered", 0)


async def test_a_template_turned_marketing_is_held_back_and_costs_more(
    sim: Simulator, line: Line, knock: str
) -> None:
    given = {"ContentSid": knock, "ContentVariables": VALUES}
    assert await outcome(sim, line, **given) == ("delivered", 0)
    assert sim.ledger.cost("whatsapp") == 20
    sim.twilio.account().content.set_state(knock, category="MARKETING")
    assert await outcome(sim, line, **given) == ("undelivered", 63032)
    assert sim.ledger.cost("whatsapp") == 20


async def test_prices_depend_on_category_and_window() -> None:
    rules = replace(FAST, delivery=DeliveryRules(0.0, 0.0, marketing=0.0))
    async with Simulator(quick(rules)) as sim, aiohttp.ClientSession() as session:
        line = Line(sim, session)
        sid = sim.twilio.add_template("news", "en", "News", category="MARKETING")
        assert await outcome(sim, line, ContentSid=sid) == ("delivered", 0)
        assert sim.ledger.cost("whatsapp") == 60
        sim.twilio.set_heard("whatsapp", ICELAND, 60)
        assert await outcome(sim, line, ContentSid=sid) == ("delivered", 0)
        assert await outcome(sim, line, Body="free") == ("delivered", 0)
        assert sim.ledger.cost("whatsapp") == 60


async def test_a_position_template_is_for_sessions_only(sim: Simulator, line: Line) -> None:
    data = {
        "language": "en",
        "types": {"twilio/location": {"label": "Harbour", "latitude": 64.1, "longitude": -21.9}},
    }
    content = sim.twilio.account().content
    sid = content.make("HX" + "1" * 32, data, sim.twilio.now()).sid
    content.set_state(sid, Approval.APPROVED)
    assert await outcome(sim, line, ContentSid=sid) == ("undelivered", 63016)
    sim.twilio.set_heard("whatsapp", ICELAND, 60)
    assert await outcome(sim, line, ContentSid=sid) == ("delivered", 0)


@pytest.mark.parametrize(("state", "code"), sorted(OUTCOMES["whatsapp"].items()))
async def test_every_state_has_its_end(
    sim: Simulator, line: Line, knock: str, state: PhoneState, code: int
) -> None:
    sim.twilio.set_state("whatsapp", ICELAND, state)
    assert await outcome(sim, line, ContentSid=knock, ContentVariables=VALUES) == ("undelivered", code)
    assert sim.ledger.cost() == 0


async def test_the_tier_counts_different_people(sim: Simulator, line: Line, knock: str) -> None:
    sim.twilio.set_limits(tier=3)
    given = {"ContentSid": knock, "ContentVariables": VALUES}
    for number in (1, 2, 3, 2, 1):
        sent = await outcome(sim, line, To=f"whatsapp:+35461000{number:02d}", **given)
        assert sent == ("delivered", 0)
    assert await outcome(sim, line, To="whatsapp:+3546100004", **given) == ("undelivered", 63018)
    assert [one.rule for one in sim.ledger.violations()] == ["tier"]
    sim.twilio.set_heard("whatsapp", "+3546100005", 60)
    assert await outcome(sim, line, To="whatsapp:+3546100005", **given) == ("delivered", 0)
    sim.twilio.advance(86_401)
    assert await outcome(sim, line, To="whatsapp:+3546100004", **given) == ("delivered", 0)


async def test_a_phone_without_network_gets_it_later(sim: Simulator, line: Line, knock: str) -> None:
    sim.twilio.set_state("whatsapp", ICELAND, PhoneState.OFF)
    values = json.dumps(VALUES)
    _, told = await line.whatsapp(ContentSid=knock, ContentVariables=values)
    await sim.drain()
    assert not sim.ledger.arrivals()
    assert (await line.get(told["uri"]))[1]["status"] == "sent"
    sim.twilio.set_state("whatsapp", ICELAND, PhoneState.ACTIVE)
    await sim.drain()
    assert [one.status for one in sim.ledger.arrivals()] == ["delivered"]


async def test_what_is_read_is_told() -> None:
    rules = replace(FAST, delivery=DeliveryRules(0.0, 0.0, read=1.0, read_s=0.05))
    async with Simulator(quick(rules)) as sim, aiohttp.ClientSession() as session, Target() as target:
        line = Line(sim, session)
        sim.twilio.set_heard("whatsapp", ICELAND, 60)
        _, told = await line.whatsapp(Body="hi", StatusCallback=f"{target.url}/s")
        await line.sms(StatusCallback=f"{target.url}/s")
        await sim.drain()
        (form,) = [one.form for one in target.posts if one.form["MessageStatus"] == "read"]
        assert (form["EventType"], form["MessageSid"]) == ("READ", told["sid"])
        assert [one.status for one in sim.ledger.arrivals("whatsapp")] == ["delivered", "read"]
        assert (await line.get(told["uri"]))[1]["status"] == "read"


async def test_every_sender_has_its_own_window(sim: Simulator, line: Line) -> None:
    phone = sim.twilio.meet("whatsapp", ICELAND)
    phone.heard["+15005550099"] = sim.twilio.now()
    assert await outcome(sim, line, Body="hi") == ("undelivered", 63016)
    phone.heard[WHATSAPP_FROM] = sim.twilio.now()
    assert await outcome(sim, line, Body="hi") == ("delivered", 0)
