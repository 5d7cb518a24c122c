"""Events of the fake Viber: webhook, signature, retries, what people do, what becomes of messages."""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from simulator.config import SimulatorConfig
from simulator.incoming import Action, ActionKind, Incoming
from simulator.server import Simulator
from simulator.viber_people import UserState, user_id
from simulator.viber_rules import DEMO_VIBER, ViberRules
from tests.simulator.targets import Line, Post, Target, quick

WHO = user_id("c-000001", "muster")
TEXT = {"type": "text", "text": "hi", "sender": {"name": "Consulate"}}


@pytest.fixture
def config() -> SimulatorConfig:
    return quick()


@pytest.fixture
async def bare(sim: Simulator) -> AsyncIterator[Line]:
    """A line without webhook."""
    async with aiohttp.ClientSession() as session:
        yield Line(sim, session)


@pytest.fixture
async def line(bare: Line, sim: Simulator, target: Target) -> Line:
    await bare.listen_to(target)
    sim.viber.set_hooks(echo=False)
    return bare


async def test_the_webhook_is_tried_at_once(bare: Line, sim: Simulator, target: Target) -> None:
    target.answer = lambda _post, _count: web.Response(status=500)
    assert (await bare.viber("set_webhook", url=f"{target.url}/viber"))["status"] == 1
    assert (await bare.viber("get_account_info"))["webhook"] == ""
    assert (await bare.viber("set_webhook", url="https://alerts.example.org/viber"))["status"] == 1
    assert len(sim.ledger.webhooks()) == 1  # nothing was sent beyond this machine
    target.answer = lambda _post, _count: web.Response()
    told = await bare.viber("set_webhook", url=f"{target.url}/viber", event_types=["delivered"])
    assert (told["status"], told["event_types"]) == (0, ["delivered"])
    assert [one["event"] for one in target.events()] == ["webhook", "webhook"]
    assert (await bare.viber("get_account_info"))["webhook"] == f"{target.url}/viber"
    assert (await bare.viber("set_webhook", url=f"{target.url}/viber", event_types=["what"]))["status"] == 3
    assert (await bare.viber("set_webhook", url=""))["status"] == 0
    sim.viber.act(WHO, Action(ActionKind.TEXT, "hi"))
    await sim.drain()
    assert len(target.posts) == 2


async def test_every_body_is_signed(line: Line, sim: Simulator, target: Target) -> None:
    sim.viber.act(WHO, Action(ActionKind.TEXT, "xin chào 😀"))
    await sim.drain()
    assert len(target.posts) == 2
    for post in target.posts:
        signed = hmac.new(DEMO_VIBER.token.encode(), post.body, hashlib.sha256).hexdigest()
        assert post.headers["X-Viber-Content-Signature"] == signed


async def test_only_wanted_events_come_but_messages_always(
    bare: Line, sim: Simulator, target: Target
) -> None:
    await bare.listen_to(target, event_types=["failed"])
    sim.viber.set_state(WHO, UserState.ACTIVE)
    await bare.viber("send_message", receiver=WHO, **TEXT)
    sim.viber.act(WHO, Action(ActionKind.TEXT, "hi"))
    sim.viber.unsubscribe(WHO)
    sim.viber.open(WHO)
    await sim.drain()
    assert sorted(one["event"] for one in target.events()) == ["message", "unsubscribed", "webhook"]


async def test_events_are_tried_until_200(line: Line, sim: Simulator, target: Target) -> None:
    sim.viber.set_hooks(retry_scale=0.01)
    target.answer = lambda _post, count: web.Response(status=200 if count >= 4 else 503)
    sim.viber.act(WHO, Action(ActionKind.TEXT, "hi"))
    await sim.drain()
    assert len(target.events("message")) == 4
    assert len({one["message_token"] for one in target.events("message")}) == 1
    assert [one.tries for one in sim.ledger.webhooks()] == [1, 1, 2, 3, 4]


async def test_after_an_hour_an_event_is_given_up(line: Line, sim: Simulator, target: Target) -> None:
    sim.viber.set_hooks(retry_scale=0.0001)
    target.answer = lambda _post, _count: web.Response(status=503)
    sim.viber.act(WHO, Action(ActionKind.TEXT, "hi"))
    await sim.drain()
    waits = [min(2.0**number, 600.0) for number in range(30)]
    fitting = next(number for number in range(30) if sum(waits[: number + 1]) > 3600)
    assert len(target.events("message")) == fitting + 1


async def test_what_people_do(line: Line, sim: Simulator, target: Target) -> None:
    sim.viber.set_state(WHO, UserState.ACTIVE)
    await line.viber("send_message", receiver=WHO, **TEXT, tracking_data="alert 7")
    await sim.drain()
    target.posts.clear()
    for action in (
        Action(ActionKind.TEXT, "hello"),
        Action(ActionKind.BUTTON, "safe:AB12", message_id="1"),
        Action(ActionKind.LOCATION, lat=64.1, lon=-21.9),
        Action(ActionKind.CONTACT, "+3546100001"),
    ):
        sim.viber.act(WHO, action)
        await sim.drain()
    messages = [one["message"] for one in target.events("message")]
    assert {one.pop("tracking_data") for one in messages} == {"alert 7"}
    assert messages == [
        {"type": "text", "text": "hello"},
        {"type": "text", "text": "safe:AB12"},
        {"type": "location", "location": {"lat": 64.1, "lon": -21.9}},
        {"type": "contact", "contact": {"name": "Citizen", "phone_number": "+3546100001"}},
    ]
    assert target.events("message")[0]["sender"]["id"] == WHO
    assert len({one["message_token"] for one in target.events()}) == 4


async def test_delivered_comes_for_peoples_messages_too(line: Line, sim: Simulator, target: Target) -> None:
    sim.viber.set_hooks(echo=True)
    sim.viber.act(WHO, Action(ActionKind.TEXT, "hi"))
    await sim.drain()
    (message,), (delivered,) = target.events("message"), target.events("delivered")
    assert message["message_token"] == delivered["message_token"]


async def test_opening_a_chat_does_not_subscribe(line: Line, sim: Simulator, target: Target) -> None:
    heard: list[Incoming] = []
    sim.viber.listen(lambda _account, _user, message: heard.append(message))

    def answer(post: Post, _count: int) -> web.Response:
        opened = post.json["event"] == "conversation_started"
        return web.json_response({"type": "text", "text": "Welcome"}) if opened else web.Response()

    target.answer = answer
    sim.viber.open(WHO, context="drill-7")
    await sim.drain()
    (event,) = target.events("conversation_started")
    assert (event["context"], event["subscribed"], event["user"]["id"]) == ("drill-7", False, WHO)
    assert [one.text for one in heard] == ["Welcome"]
    (attempt,) = sim.ledger.attempts()
    assert (attempt.method, attempt.accepted, attempt.text) == ("conversation_started", True, "Welcome")
    assert sim.ledger.cost() == 0
    assert (await line.viber("send_message", receiver=WHO, **TEXT))["status"] == 6
    sim.viber.act(WHO, Action(ActionKind.TEXT, "hi"))
    assert (await line.viber("send_message", receiver=WHO, **TEXT))["status"] == 0
    await sim.drain()
    sim.viber.open(WHO)
    await sim.drain()
    assert target.events("conversation_started")[1]["subscribed"] is True


@pytest.mark.parametrize(("answer", "attempts"), [("{}", 0), ("nonsense", 0), ('{"type": "text"}', 1)])
async def test_a_bad_welcome_reaches_nobody(
    line: Line, sim: Simulator, target: Target, answer: str, attempts: int
) -> None:
    target.answer = lambda _post, _count: web.Response(text=answer)
    sim.viber.open(WHO)
    await sim.drain()
    assert not sim.ledger.arrivals()
    assert [one.accepted for one in sim.ledger.attempts()] == [False] * attempts


async def test_a_welcome_is_tracked_like_any_message(line: Line, sim: Simulator, target: Target) -> None:
    """What the service wrote into it comes back with the first words."""
    welcome = json.dumps({"type": "text", "text": "Hello", "tracking_data": "start:from a link"})
    target.answer = lambda _post, _count: web.Response(text=welcome)
    sim.viber.open(WHO, "from a link")
    await sim.drain()
    sim.viber.act(WHO, Action(ActionKind.TEXT, "hello"))
    await sim.drain()
    (said,) = target.events("message")
    assert said["message"]["tracking_data"] == "start:from a link"


async def test_subscribing_and_leaving(line: Line, sim: Simulator, target: Target) -> None:
    sim.viber.subscribe(WHO)
    assert (await line.viber("send_message", receiver=WHO, **TEXT))["status"] == 0
    sim.viber.unsubscribe(WHO)
    assert (await line.viber("send_message", receiver=WHO, **TEXT))["status"] == 6
    await sim.drain()
    assert target.events("subscribed")[0]["user"]["id"] == WHO
    assert target.events("unsubscribed")[0]["user_id"] == WHO


class TestOnTheWay:
    @pytest.fixture
    def config(self) -> SimulatorConfig:
        return quick(viber=ViberRules(low_s=0.2, high_s=0.2))

    async def test_who_leaves_before_it_arrives_gets_nothing(
        self, line: Line, sim: Simulator, target: Target
    ) -> None:
        sim.viber.subscribe(WHO)
        assert (await line.viber("send_message", receiver=WHO, **TEXT))["status"] == 0
        sim.viber.unsubscribe(WHO)
        await sim.drain()
        assert not target.events("delivered", "failed")
        assert [(one.status, one.cost) for one in sim.ledger.arrivals()] == [("undelivered", 0)]


async def test_who_is_off_gets_it_later(line: Line, sim: Simulator, target: Target) -> None:
    sim.viber.set_state(WHO, UserState.OFF)
    assert (await line.viber("send_message", receiver=WHO, **TEXT))["status"] == 0
    await sim.drain()
    assert not sim.ledger.arrivals()
    sim.viber.set_state(WHO, UserState.ACTIVE)
    await sim.drain()
    assert [one.status for one in sim.ledger.arrivals()] == ["delivered"]
    assert len(target.events("delivered")) == 1


async def test_receipts_may_be_doubled_lost_and_reordered(line: Line, sim: Simulator, target: Target) -> None:
    sim.viber.set_state(WHO, UserState.ACTIVE)

    async def send() -> Counter[str]:
        target.posts.clear()
        await line.viber("send_message", receiver=WHO, **TEXT)
        sim.viber.act(WHO, Action(ActionKind.TEXT, "hi"))
        await sim.drain()
        return Counter(one["event"] for one in target.events())

    sim.viber.set_hooks(copies=1.0)
    assert await send() == {"delivered": 2, "message": 1}
    sim.viber.set_hooks(copies=0.0, duplicate=1.0, hold_s=0.01)
    assert await send() == {"delivered": 2, "message": 2}
    sim.viber.set_hooks(duplicate=0.0, lost=1.0)
    assert await send() == {"message": 1}
    sim.viber.set_hooks(lost=0.0, reorder=0.5, hold_s=0.05)
    target.posts.clear()
    for _ in range(12):
        await line.viber("send_message", receiver=WHO, **TEXT)
    await sim.drain()
    tokens = [one["message_token"] for one in target.events("delivered")]
    assert len(tokens) == 12
    assert tokens != sorted(tokens)
    with pytest.raises(ValueError, match="unknown"):
        sim.viber.set_hooks(nonsense=1)


class TestShares:
    @pytest.fixture
    def config(self) -> SimulatorConfig:
        return quick(viber=ViberRules(low_s=0.0, high_s=0.0, seen=1.0, seen_s=0.02))

    async def test_what_is_looked_at_is_told(self, line: Line, sim: Simulator, target: Target) -> None:
        sim.viber.set_state(WHO, UserState.ACTIVE)
        told = await line.viber("send_message", receiver=WHO, **TEXT)
        await sim.drain()
        assert target.events("seen")[0]["message_token"] == told["message_token"]
        assert [one.status for one in sim.ledger.arrivals()] == ["delivered", "read"]

    async def test_a_share_fails(self, target: Target) -> None:
        rules = ViberRules(low_s=0.0, high_s=0.0, failing=0.3)
        async with Simulator(quick(viber=rules)) as sim, aiohttp.ClientSession() as session:
            line = Line(sim, session)
            await line.listen_to(target)
            people = [f"u{number}" for number in range(200)]
            for one in people:
                sim.viber.set_state(one, UserState.ACTIVE)
            await line.viber("broadcast_message", broadcast_list=people, **TEXT)
            await sim.drain()
            failed = len(sim.ledger.arrivals("viber", "failed"))
        assert 35 <= failed <= 85
        assert len(target.events("failed")) == failed


async def test_one_person_keeps_their_order() -> None:
    heard: list[str] = []
    async with (
        Target() as target,
        Simulator(quick(viber=ViberRules(low_s=0.01, high_s=0.3))) as sim,
        aiohttp.ClientSession() as session,
    ):
        line = Line(sim, session)
        await line.listen_to(target)
        sim.viber.set_state(WHO, UserState.ACTIVE)
        sim.viber.listen(lambda _account, _user, message: heard.append(message.text))
        for number in range(12):
            await line.viber("send_message", receiver=WHO, **{**TEXT, "text": str(number)})
        await sim.drain()
    assert heard == [str(number) for number in range(12)]


async def test_people_and_accounts_can_be_asked_about(line: Line, sim: Simulator) -> None:
    sim.viber.set_state(WHO, UserState.ACTIVE)
    info = await line.viber("get_account_info")
    assert (info["status"], info["uri"], info["subscribers_count"]) == (0, "muster", 1)
    details: dict[str, Any] = await line.viber("get_user_details", id=WHO)
    assert (details["user"]["id"], details["user"]["api_version"]) == (WHO, 8)
    assert (await line.viber("get_user_details", id="nobody"))["status"] == 5
    assert [one["id"] for one in (await line.viber("get_online", ids=[WHO, "nobody"]))["users"]] == [WHO]
    assert (await line.viber("get_online", ids=[WHO] * 101))["status"] == 3
    assert (await line.viber("dance"))["status"] == 3
