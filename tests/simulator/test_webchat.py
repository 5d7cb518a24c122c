"""Web chat browsers: reconnect, redelivery, refusals, many at once."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from simulator.incoming import Action, ActionKind, Incoming
from simulator.ledger import Ledger
from simulator.person import Pace
from simulator.placing import Shares, circle_area
from simulator.population import generate
from simulator.server import Simulator
from simulator.webchat import Browsers, RefusedError, WebChat, open_browsers


@pytest.fixture
async def browsers(paper: Any) -> AsyncIterator[Browsers]:
    made = open_browsers(paper.url, Ledger(), random.Random(1), 5)
    yield made
    await made.session.close()


async def test_messages_are_written_acknowledged_and_heard(
    browsers: Browsers, paper: Any, eventually: Any
) -> None:
    heard: list[Incoming] = []
    chat = WebChat(browsers, "c-1", "vi", heard.append)
    await chat.open()
    await chat.say(Action(ActionKind.TEXT, "/start"))
    await eventually(lambda: len(paper.acked) == 1 and not chat.waiting())
    (message,) = heard
    assert (message.lang, message.buttons[0]) == ("vi", "consent:yes")
    (one,) = browsers.ledger.accepted("webchat")
    assert (one.recipient, one.message_id) == ("c-1", message.message_id)
    (ack,) = browsers.ledger.acks()
    assert ack.message_id == message.message_id
    assert ack.mono >= one.mono
    await chat.close()


async def test_a_broken_stream_is_reopened_as_the_same_person(
    browsers: Browsers, paper: Any, eventually: Any
) -> None:
    paper.break_stream_every = 1
    heard: list[Incoming] = []
    chat = WebChat(browsers, "c-1", "en", heard.append)
    await chat.open()
    token = chat.token
    for number in range(3):
        await paper.send("webchat", token, f"m{number}", [], "", "en")
    await eventually(lambda: [one.text for one in heard] == ["m0", "m1", "m2"])
    await chat.close()
    await paper.send("webchat", token, "while away", [], "", "en")
    await chat.open()
    await eventually(lambda: heard[-1].text == "while away")
    assert chat.token == token
    await chat.close()


async def test_what_comes_twice_is_heard_once_and_marked(
    browsers: Browsers, paper: Any, eventually: Any
) -> None:
    heard: list[Incoming] = []
    chat = WebChat(browsers, "c-1", "en", heard.append)
    await chat.open()
    await paper.send("webchat", chat.token, "m", [], "", "en")
    await eventually(lambda: len(heard) == 1 and not chat.waiting())
    paper.queues[chat.token]["again"] = {"id": heard[0].message_id, "text": "m", "buttons": [], "ask": None}
    paper.news[chat.token].set()
    await eventually(lambda: len(list(browsers.ledger.attempts())) == 2)
    assert len(heard) == 1
    assert [one.again for one in browsers.ledger.attempts()] == [False, True]
    assert len(browsers.ledger.accepted()) == 1
    await chat.close()


class Moody:
    """A service that answers messages as told."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.bodies: list[dict[str, Any]] = []

    async def page(self, _request: web.Request) -> web.Response:
        response = web.Response(text="x")
        response.set_cookie("other", "1")
        response.set_cookie("muster_chat", "token", httponly=True)
        return response

    async def message(self, request: web.Request) -> web.Response:
        assert request.headers["X-Muster-Chat"] == "1"
        assert request.cookies["muster_chat"] == "token"
        self.bodies.append(await request.json())
        return web.json_response({"error": "too_long", "hint": "shorter"}, status=self.statuses.pop(0))


@pytest.fixture
async def moody() -> AsyncIterator[tuple[Moody, WebChat]]:
    service = Moody()
    app = web.Application()
    app.router.add_get("/chat", service.page)
    app.router.add_post("/chat/messages", service.message)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    browsers = open_browsers(url, Ledger(), random.Random(1), 5)
    chat = WebChat(browsers, "c-1", "en", lambda _message: None)
    chat.token = "token"
    yield service, chat
    await browsers.session.close()
    await runner.cleanup()


async def test_an_unavailable_service_is_tried_again_with_the_same_id(moody: tuple[Moody, WebChat]) -> None:
    service, chat = moody
    service.statuses = [503, 500, 202]
    await chat.say(Action(ActionKind.LOCATION, lat=64.1, lon=-21.9))
    assert len({body["id"] for body in service.bodies}) == 1
    assert len(service.bodies) == 3
    assert service.bodies[0]["location"] == {"lat": 64.1, "lon": -21.9}


async def test_a_refusal_is_final(moody: tuple[Moody, WebChat]) -> None:
    service, chat = moody
    service.statuses = [413]
    with pytest.raises(RefusedError, match="too_long"):
        await chat.say(Action(ActionKind.CONTACT, "+15550100"))


async def test_the_stream_is_awaited_until_the_service_has_one(moody: tuple[Moody, WebChat]) -> None:
    _, chat = moody
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await chat.open()  # this service never serves a stream
    await chat.close()


async def test_two_hundred_at_once(sim: Simulator, paper: Any) -> None:
    people = generate(
        200, 2, circle_area(64.147, -21.94, 30), country="IS", shares=Shares(webchat=1, refuses=0, stops=0)
    )
    progress = await sim.register(people, paper.url, Pace(speed=1000, parallel=100, patience_s=60))
    assert progress.registered == 200
    assert sum(person.chat is not None and person.chat.online for person in sim.crowd.people.values()) == 200
