"""A small service in memory that speaks the agreed conversation on both doors, to try the simulator on."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from simulator.config import DEMO_TOKEN, NO_LATENCY, UNLIMITED, SimulatorConfig
from simulator.server import Simulator
from tests.simulator.targets import Target

SECRET = "paper-secret"
NOTICES = {
    "en": "This is a test service. We keep your place and the language you read. Do you agree with this?",
    "vi": "Đây là dịch vụ cảnh báo. Chúng tôi lưu nơi ở của bạn và ngôn ngữ của bạn. Bạn có đồng ý không?",
    "th": "บริการนี้เก็บสถานที่และภาษาของคุณ คุณยินยอมหรือไม่",
    "id": "Layanan ini menyimpan tempat dan bahasa Anda. Apakah Anda setuju dengan ini untuk kami?",
}


@dataclass
class Member:
    """Somebody the paper service knows."""

    number: int
    language: str
    state: str = "new"
    place: str = ""
    addresses: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    helping: bool = False
    joining: list[tuple["Member", str, str]] = field(default_factory=list)


class PaperService:
    """Webhook, web chat and a fan-out without limiter, queue or database."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.members: dict[tuple[str, str], Member] = {}
        self.codes: dict[str, Member] = {}
        self.queues: dict[str, dict[str, dict[str, Any]]] = {}
        self.news: dict[str, asyncio.Event] = {}
        self.updates: list[dict[str, Any]] = []
        self.stored: list[str] = []
        self.acked: set[str] = set()
        self.said_elsewhere: list[tuple[str, str, str, list[str]]] = []
        self.break_stream_every = 0
        self.url = ""

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/readyz", self.ready)
        app.router.add_post("/hooks/telegram", self.telegram)
        app.router.add_get("/chat", self.page)
        app.router.add_get("/chat/events", self.events)
        app.router.add_post("/chat/messages", self.message)
        app.router.add_post("/chat/acks", self.acks)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"
        self.session = aiohttp.ClientSession()
        await self.set_webhook()

    async def set_webhook(self) -> None:
        hook = {"url": f"{self.url}/hooks/telegram", "secret_token": SECRET}
        async with self.session.post(f"{self.sim.telegram_base}{DEMO_TOKEN}/setWebhook", json=hook) as answer:
            assert answer.status == 200

    async def stop(self) -> None:
        await self.session.close()
        await self.runner.cleanup()

    async def ready(self, _request: web.Request) -> web.Response:
        return web.json_response({"redis": True})

    async def telegram(self, request: web.Request) -> web.Response:
        assert request.headers["X-Telegram-Bot-Api-Secret-Token"] == SECRET
        update = await request.json()
        self.updates.append(update)
        query, message = update.get("callback_query"), update.get("message")
        if query is not None:
            await self.hear("telegram", str(query["from"]["id"]), "button", query["data"], "en")
        elif message is not None:
            person = message["from"]
            kind = "location" if "location" in message else "text"
            value = message.get("text", "")
            await self.hear("telegram", str(person["id"]), kind, value, person.get("language_code", "en"))
        return web.Response()

    async def page(self, _request: web.Request) -> web.Response:
        response = web.Response(text="<!doctype html>", content_type="text/html")
        response.set_cookie("muster_chat", secrets.token_urlsafe(32), httponly=True, samesite="Lax", path="/")
        return response

    async def message(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Muster-Chat") != "1":
            return web.json_response({"error": "no_header"}, status=403)
        body, token = await request.json(), request.cookies["muster_chat"]
        if body["id"] not in self.stored:
            self.stored.append(body["id"])
            kind = next(name for name in ("text", "button", "location", "contact") if name in body)
            hint = request.headers["Accept-Language"].split(",")[0]
            await self.hear("webchat", token, kind, str(body[kind]), hint)
        return web.json_response({"stored": True}, status=202)

    async def acks(self, request: web.Request) -> web.Response:
        for one in (await request.json())["ids"]:
            self.queues[request.cookies["muster_chat"]].pop(one, None)
            self.acked.add(one)
        return web.Response(status=204)

    async def events(self, request: web.Request) -> web.StreamResponse:
        token = request.cookies["muster_chat"]
        waiting = self.queues.setdefault(token, {})
        news = self.news.setdefault(token, asyncio.Event())
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b": beat\n\n")
        with suppress(ConnectionError):
            await self.feed(response, waiting, news)
        return response

    async def feed(
        self, response: web.StreamResponse, waiting: dict[str, dict[str, Any]], news: asyncio.Event
    ) -> None:
        told: set[str] = set()
        while True:
            for key, data in list(waiting.items()):
                if key not in told:
                    told.add(key)
                    line = f"id: {key}\nevent: message\ndata: {json.dumps(data)}\n\n"
                    await response.write(line.encode())
                    if self.break_stream_every and len(told) % self.break_stream_every == 0:
                        return
            news.clear()
            await news.wait()

    async def hear(self, channel: str, value: str, kind: str, said: str, hint: str) -> None:
        member = self.members.get((channel, value))
        if member is None:
            language = hint if hint in NOTICES else "en"
            member = Member(len(self.members), language, addresses={channel: value})
            self.members[channel, value] = member
        for text, buttons, ask in self.answer(member, channel, value, kind, said):
            await self.send(channel, value, text, buttons, ask, member.language)
        while self.said_elsewhere:
            where, address, text, buttons = self.said_elsewhere.pop(0)
            await self.send(where, address, text, buttons, "", member.language)

    def answer(self, member: Member, channel: str, value: str, kind: str, said: str) -> list[Any]:
        if kind == "button":
            return self.pressed(member, channel, value, said)
        if member.helping:
            member.helping = False
            return [("Thank you, the officers know where you are.", [], "")]
        if said == "/stop":
            member.state = "stopped"
            return [("You will get no more warnings.", [], "")]
        if said == "/link":
            code = f"{secrets.randbelow(10**8):08d}"
            self.codes[code] = member
            return [(f"Your code: {code[:4]} {code[4:]}", [], "")]
        if said.startswith("/link "):
            member.place = said.removeprefix("/link ")
            return [("Join this chat to the other one?", ["link:yes", "link:no"], "")]
        if member.state == "asked" and kind == "location":
            member.place = said
            return self.protected(member)
        if member.state == "asked":
            member.place = said
            return [("Which one?", ["place:0", "place:1", "place:none"], "")]
        return [(NOTICES[member.language], ["consent:yes", "consent:no", "lang:menu"], "")]

    def pressed(self, member: Member, channel: str, value: str, data: str) -> list[Any]:
        name, _, what = data.partition(":")
        if data == "link:yes":
            return self.join(member, channel, value)
        if data == "lang:menu":
            return [("Language?", [f"lang:{code}" for code in NOTICES], "")]
        if name == "lang":
            member.language = what
            return [(NOTICES[what], ["consent:yes", "consent:no", "lang:menu"], "")]
        if data == "consent:no":
            member.state = "refused"
            return [("Nothing is kept.", [], "")]
        if data == "consent:yes":
            member.state = "asked"
            return [("Where are you?", [], "location")]
        if name == "place":
            return self.protected(member)
        if name in ("safe", "help"):
            member.answers[what] = name
            member.helping = name == "help"
            return [
                (
                    "Case 1 is open. Where are you?" if member.helping else "Thanks.",
                    [],
                    "location" if member.helping else "",
                )
            ]
        return [("Good.", [], "")]

    def join(self, member: Member, channel: str, value: str) -> list[Any]:
        if not member.joining:
            other = self.codes[member.place]
            other.joining.append((member, channel, value))
            first, address = next(iter(other.addresses.items()))
            self.said_elsewhere.append((first, address, "Is that you?", ["link:yes", "link:no"]))
            return [("Please agree in the other chat.", [], "")]
        waiting, where, address = member.joining.pop()
        self.members[where, address] = member
        member.addresses.update(waiting.addresses)
        self.said_elsewhere.append((where, address, "Joined.", []))
        return [("Joined.", [], "")]

    def protected(self, member: Member) -> list[Any]:
        member.state = "protected"
        return [("You will be warned.", ["phone:share", "phone:skip"], ""), ("[DRILL] A sample.", [], "")]

    async def send(
        self,
        channel: str,
        value: str,
        text: str,
        buttons: list[str],
        ask: str,
        language: str,
        kind: str = "reply",
    ) -> bool:
        """Send one message; whether it was accepted, as far as this service can know."""
        if channel == "webchat":
            key = secrets.token_hex(8)
            labels = [
                {"label": f"{data} Iceland" if data == "place:1" else data, "data": data} for data in buttons
            ]
            data = {
                "id": key,
                "text": text,
                "buttons": labels,
                "ask": ask or None,
                "kind": kind,
                "lang": language,
            }
            self.queues.setdefault(value, {})[key] = data
            self.news.setdefault(value, asyncio.Event()).set()
            return True
        body: dict[str, Any] = {"chat_id": int(value), "text": text}
        if ask:
            body["reply_markup"] = {"keyboard": [[{"text": "Share", "request_location": True}]]}
        elif buttons:
            rows = [
                [{"text": f"{one} Iceland" if one == "place:1" else one, "callback_data": one}]
                for one in buttons
            ]
            body["reply_markup"] = {"inline_keyboard": rows}
        async with self.session.post(
            f"{self.sim.telegram_base}{DEMO_TOKEN}/sendMessage", json=body
        ) as answer:
            return bool((await answer.json())["ok"])

    async def warn(self, member: Member, code: str, texts: dict[str, str], rungs: tuple[str, ...]) -> str:
        """Send a warning over the first rung that takes it; the rung, or empty."""
        text = texts.get(member.language, texts["en"])
        for rung in rungs:
            value = member.addresses.get(rung)
            buttons = [f"safe:{code}", f"help:{code}"]
            if value is not None and await self.send(
                rung, value, text, buttons, "", member.language, "alert"
            ):
                return rung
        return ""


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    """A server for the webhooks of Twilio and Viber."""
    async with Target() as one:
        yield one


@pytest.fixture
def config() -> SimulatorConfig:
    """No limits, no latency: what a test needs it sets itself."""
    return SimulatorConfig(limits=UNLIMITED, latency=NO_LATENCY, speed=50.0)


@pytest.fixture
async def sim(config: SimulatorConfig) -> AsyncIterator[Simulator]:
    async with Simulator(config) as running:
        yield running


@pytest.fixture
async def paper(sim: Simulator) -> AsyncIterator[PaperService]:
    service = PaperService(sim)
    await service.start()
    yield service
    await service.stop()


Api = Callable[..., Awaitable[tuple[int, dict[str, Any]]]]


@pytest.fixture
async def api(sim: Simulator) -> AsyncIterator[Api]:
    """Call a Bot API method with a JSON body; returns status and answer."""
    async with aiohttp.ClientSession() as session:

        async def call(method: str, token: str = DEMO_TOKEN, **params: Any) -> tuple[int, dict[str, Any]]:
            async with session.post(f"{sim.telegram_base}{token}/{method}", json=params) as answer:
                return answer.status, await answer.json()

        yield call


async def eventually(check: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until `check` says yes; fails when it has not within `seconds`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not check():
        assert loop.time() < deadline, "not in time"
        await asyncio.sleep(0.01)


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[..., Awaitable[None]]:
    return eventually
