"""The control API over Twilio and Viber."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from simulator.config import SimulatorConfig
from simulator.server import Simulator
from tests.simulator.targets import ICELAND, SMS_FROM, VIETNAM, WHATSAPP_FROM, Line, Target, quick

WHO = "user=="
TEXT = {"type": "text", "text": "hi", "sender": {"name": "Consulate"}}


@pytest.fixture
def config() -> SimulatorConfig:
    return quick()


@pytest.fixture
async def line(sim: Simulator) -> AsyncIterator[Line]:
    async with aiohttp.ClientSession() as session:
        yield Line(sim, session)


@pytest.fixture
def call(sim: Simulator) -> Any:
    async def one(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{sim.url}/__sim/{path}", json=body) as answer,
        ):
            return answer.status, await answer.json()

    return one


async def test_phones_are_changed_and_made_to_act(call: Any, sim: Simulator, line: Line) -> None:
    phone = {"channel": "whatsapp", "number": ICELAND}
    async with Target() as target:
        assert await call("PUT", "twilio/inbound", {"url": f"{target.url}/m"}) == (200, {"done": True})
        _, shown = await call("POST", "twilio/phones", {**phone, "state": "blocked", "heard_ago_s": 60})
        assert (shown["state"], len(shown["heard"])) == ("blocked", 1)
        _, shown = await call("POST", "twilio/phones", {**phone, "heard_ago_s": None})
        assert shown["heard"] == {}
        assert await call("POST", "twilio/act", {**phone, "text": "hi"}) == (200, {"done": True})
        one_way = {"channel": "sms", "number": VIETNAM, "text": "hi"}
        assert await call("POST", "twilio/act", one_way) == (200, {"done": False})
        assert (await call("POST", "twilio/act", {**phone, "button": "x"}))[0] == 400
        assert (await call("POST", "twilio/act", {**phone, "text": "x", "sender": "+1"}))[0] == 404
        await sim.drain()
        assert [one["Body"] for one in target.messages()] == ["hi"]
    assert (await call("PUT", "twilio/inbound", {"url": "https://example.org"}))[0] == 400


async def test_a_service_is_told_where_to_go(sim: Simulator) -> None:
    told = sim.environment
    assert told["MUSTER_TWILIO_API_BASE"] == sim.url
    assert told["MUSTER_VIBER_API_BASE"] == f"{sim.url}/pa"
    assert (told["MUSTER_TWILIO_SMS_FROM"], told["MUSTER_TWILIO_WHATSAPP_FROM"]) == (SMS_FROM, WHATSAPP_FROM)
    assert told["MUSTER_TWILIO_ACCOUNT_SID"] == sim.config.twilio.accounts[0].sid


async def test_templates_are_made_and_judged(call: Any, sim: Simulator, line: Line) -> None:
    made = {"name": "knock", "language": "en", "body": "Warning", "buttons": [["safe", "Safe"]]}
    _, told = await call("POST", "twilio/templates", made)
    path = f"twilio/templates/{told['sid']}"
    _, judged = await call("PUT", path, {"status": "paused", "category": "MARKETING"})
    assert judged["approval_requests"]["status"] == "paused"
    assert (await call("PUT", "twilio/templates/HX0", {"status": "paused"}))[0] == 404
    assert (await call("PUT", path, {"status": "odd"}))[0] == 400
    await line.whatsapp(ContentSid=told["sid"])
    await sim.drain()
    assert [one.code for one in sim.ledger.arrivals()] == [63041]


async def test_limits_webhooks_and_time(call: Any, sim: Simulator, line: Line) -> None:
    assert (await call("PUT", "twilio/limits", {"per_second": 2.0, "queue_s": 0.6, "tier": 1}))[0] == 200
    assert [(await line.sms())[0] for _ in range(2)] == [201, 400]
    assert (await call("PUT", "twilio/limits", {"nonsense": 1}))[0] == 400
    _, rules = await call("PUT", "twilio/webhooks", {"states": ["delivered"], "duplicate": 0.5})
    assert (rules["states"], rules["duplicate"]) == (["delivered"], 0.5)
    assert (await call("PUT", "twilio/webhooks", {"nonsense": 1}))[0] == 400
    before = sim.viber.now()
    _, told = await call("POST", "advance", {"seconds": 1000})
    assert told["now"] - before >= 999
    assert sim.viber.now() - before >= 999
    await sim.drain()
    _, seen = await call("GET", "twilio")
    (account,) = seen["accounts"].values()
    assert (account["messages"], seen["cost"]["sms"]) == (1, 70)


async def test_viber_people_are_changed_and_made_to_act(call: Any, sim: Simulator, line: Line) -> None:
    async with Target() as target:
        await line.listen_to(target)
        await call("PUT", "viber/webhooks", {"echo": False})
        _, user = await call("POST", "viber/users", {"id": WHO, "state": "active", "heard_ago_s": 60})
        assert user["state"] == "active"
        for action in ({"text": "hi"}, {"open": "ctx"}, {"unsubscribe": True}, {"subscribe": True}):
            assert await call("POST", "viber/act", {"id": WHO, **action}) == (200, {"done": True})
        await sim.drain()
        assert sorted(one["event"] for one in target.events()) == [
            "conversation_started",
            "message",
            "subscribed",
            "unsubscribed",
            "webhook",
        ]
        assert (await call("PUT", "viber/limits", {"calls": 1}))[1]["calls"] == 1
        told = [(await line.viber("send_message", receiver=WHO, **TEXT))["status"] for _ in range(2)]
        assert told == [0, 12]
        await sim.drain()
    _, seen = await call("GET", "viber")
    assert (seen["muster"]["users"], seen["muster"]["cost"]) == (1, 0)
