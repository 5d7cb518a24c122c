"""Forms the fake Twilio posts: signature, retries, duplicates, lateness, loss."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from multidict import MultiDict
from twilio.request_validator import RequestValidator

from simulator.config import SimulatorConfig
from simulator.incoming import Action, ActionKind
from simulator.server import Simulator
from simulator.twilio_rules import DEMO_ACCOUNT
from simulator.twilio_signature import sign
from tests.simulator.targets import ICELAND, SMS_FROM, Line, Target, quick


@pytest.fixture
def config() -> SimulatorConfig:
    return quick()


@pytest.fixture
async def line(sim: Simulator) -> AsyncIterator[Line]:
    async with aiohttp.ClientSession() as session:
        yield Line(sim, session)


def test_the_published_vector() -> None:
    params = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    signed = sign("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", params.items())
    assert signed == "GvWf1cFY/Q7PnoempGyD5oXAezc="
    assert sign("12345", "https://mycompany.com/myapp.php?foo=1", params.items()) != signed


def test_repeated_parameters_count_once_and_sorted() -> None:
    url, twice = "https://example.org/x", [("a", "2"), ("a", "1"), ("a", "2"), ("B", "x")]
    assert sign("t", url, twice) == sign("t", url, [("B", "x"), ("a", "1"), ("a", "2")])
    assert sign("t", url, twice) == RequestValidator("t").compute_signature(url, MultiDict(twice))


async def test_everything_is_signed_over_address_and_all_parameters(
    line: Line, sim: Simulator, target: Target
) -> None:
    sim.twilio.set_hooks(extra={"SomethingNew": "ø & ="})
    sim.twilio.point(f"{target.url}/message?x=1")
    await line.sms(StatusCallback=f"{target.url}/status/7f%2F?who=a%20b&c=#rc=3")
    sim.twilio.act("sms", ICELAND, Action(ActionKind.TEXT, "xin chào & Ða"))
    await sim.drain()
    assert len(target.posts) == 4
    judge = RequestValidator(DEMO_ACCOUNT.token)
    for post in target.posts:
        signature = post.headers["X-Twilio-Signature"]
        assert post.form["SomethingNew"] == "ø & ="
        assert judge.validate(post.url, post.form, signature)
        assert not judge.validate(post.url + "1", post.form, signature)
    assert {one.url for one in target.posts} == {
        f"{target.url}/message?x=1",
        f"{target.url}/status/7f%2F?who=a%20b&c=",
    }


async def test_the_public_address_is_signed_behind_a_proxy(
    line: Line, sim: Simulator, target: Target
) -> None:
    public = "https://alerts.example.org"
    sim.twilio.set_hooks(reroute=(public, target.url))
    await line.sms(StatusCallback=f"{public}/status/1?x=1")
    await sim.drain()
    post = target.posts[0]
    judge = RequestValidator(DEMO_ACCOUNT.token)
    assert judge.validate(f"{public}/status/1?x=1", post.form, post.headers["X-Twilio-Signature"])


async def test_nothing_leaves_this_machine(sim: Simulator) -> None:
    with pytest.raises(ValueError, match="this machine"):
        sim.twilio.point("https://alerts.example.org/x")


async def test_one_more_try_only_when_nobody_listens(line: Line, sim: Simulator) -> None:
    async with Target() as gone:
        url = gone.url
    await line.sms(StatusCallback=f"{url}/s")
    await sim.drain()
    tries = [(one.update, one.tries, one.status) for one in sim.ledger.webhooks()]
    assert sorted(tries) == sorted(
        (f"status.{state}", number, 0) for state in ("queued", "sent", "delivered") for number in (1, 2)
    )


async def test_a_refusal_is_not_tried_again(line: Line, sim: Simulator, target: Target) -> None:
    target.answer = lambda _post, _count: web.Response(status=503)
    await line.sms(StatusCallback=f"{target.url}/s")
    await sim.drain()
    assert Counter(target.states()) == {"queued": 1, "sent": 1, "delivered": 1}


async def test_a_slow_answer_is_not_tried_again(line: Line, sim: Simulator) -> None:
    calls = []

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(await reader.readuntil(b"\r\n\r\n"))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(slow, "127.0.0.1", 0)
    async with server:
        sim.twilio.set_hooks(read_s=0.1, states=frozenset({"sent"}))
        await line.sms(StatusCallback=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/s")
        await sim.drain()
    assert len(calls) == 1


async def test_duplicates_carry_the_same_token(line: Line, sim: Simulator, target: Target) -> None:
    sim.twilio.set_hooks(duplicate=1.0, hold_s=0.01)
    await line.sms(StatusCallback=f"{target.url}/s")
    await sim.drain()
    assert Counter(target.states()) == {"queued": 2, "sent": 2, "delivered": 2}
    tokens = Counter(
        (one.form["MessageStatus"], one.headers["I-Twilio-Idempotency-Token"]) for one in target.posts
    )
    assert set(tokens.values()) == {2}
    assert len({token for _, token in tokens}) == 3
    assert sum(one.duplicate for one in sim.ledger.webhooks()) == 3


async def test_reordering(line: Line, sim: Simulator, target: Target) -> None:
    sim.twilio.set_hooks(reorder=0.5, hold_s=0.1)
    for _ in range(12):
        await line.sms(StatusCallback=f"{target.url}/s")
    await sim.drain()
    ranks = {"queued": 0, "sent": 1, "delivered": 2}
    seen: dict[str, list[int]] = {}
    for post in target.posts:
        seen.setdefault(post.form["MessageSid"], []).append(ranks[post.form["MessageStatus"]])
    assert all(sorted(one) == [0, 1, 2] for one in seen.values())
    assert any(one != sorted(one) for one in seen.values())


async def test_late_and_lost_callbacks(line: Line, sim: Simulator, target: Target) -> None:
    sim.twilio.set_hooks(late=1.0, late_s=0.3)
    _, told = await line.sms(StatusCallback=f"{target.url}/s")
    loop = asyncio.get_running_loop()
    began = loop.time()
    await sim.drain()
    assert loop.time() - began >= 0.28
    assert len(target.posts) == 3
    sim.twilio.set_hooks(late=0.0, lost=1.0)
    sim.twilio.point(f"{target.url}/message")
    _, told = await line.sms(StatusCallback=f"{target.url}/s")
    sim.twilio.act("sms", ICELAND, Action(ActionKind.TEXT, "hi"))
    await sim.drain()
    assert len(target.posts) == 4  # the person's message is not lost
    assert (await line.get(told["uri"]))[1]["status"] == "delivered"


async def test_one_account_may_fall_silent_alone(line: Line, sim: Simulator, target: Target) -> None:
    sim.twilio.set_hooks(DEMO_ACCOUNT.sid, states=frozenset())
    await line.sms(StatusCallback=f"{target.url}/s")
    await sim.drain()
    assert not target.posts
    with pytest.raises(ValueError, match="unknown"):
        sim.twilio.set_hooks(nonsense=1)


@pytest.mark.parametrize(
    ("kind", "answer", "reply"),
    [
        ("text/xml", '<?xml version="1.0" encoding="UTF-8"?><Response/>', []),
        ("text/xml", "<Response><Message>a &amp; b</Message></Response>", ["a & b"]),
        ("text/xml", "<Response><Message><Body>c</Body></Message></Response>", ["c"]),
        ("text/plain", "ok", ["ok"]),  # the trap: plain text is sent to the person
        ("text/plain", "", []),
        ("application/json", '{"ok": true}', []),
    ],
)
async def test_an_answer_may_hold_a_reply(
    sim: Simulator, target: Target, kind: str, answer: str, reply: list[str]
) -> None:
    target.answer = lambda _post, _count: web.Response(text=answer, content_type=kind)
    sim.twilio.point(f"{target.url}/message")
    heard: list[Any] = []
    sim.twilio.listen(lambda sender, _number, message: heard.append((sender, message.text)))
    sim.twilio.act("sms", ICELAND, Action(ActionKind.TEXT, "hi"))
    await sim.drain()
    assert heard == [(SMS_FROM, words) for words in reply]
