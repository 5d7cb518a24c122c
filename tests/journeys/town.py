"""A running service with a simulated provider in which everything is overheard; its citizens, officers and
strangers.

What may be found where: see `look`.
"""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pyotp

from app.geography import Found, Geography
from bot.gateways.webchat.browser import COOKIE
from simulator.config import NO_LATENCY, UNLIMITED, SimulatorConfig
from simulator.server import Simulator
from simulator.telegram_errors import ChatState
from staff import sessions
from staff.enrolment import Credentials
from staff.officers import Officer
from tests.console.duty import Browser
from tests.journeys.canaries import Canaries
from tests.journeys.eavesdropper import Heard, dump, logs_at_debug, overhear_requests, redis_commands
from tests.journeys.planting import Json, Pen, TelegramPerson
from tests.service import SECRET, Service, make_settings, running

BREAKS = "breaksthehouse"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
OWN_HEADER = {"X-Muster-Chat": "1"}


class BrokenGeography(Geography):
    """Finds places like any other, and has a bug whose error quotes what somebody typed."""

    def find(self, text: str, language: str) -> list[Found]:
        if BREAKS in text:
            raise ValueError(f"cannot find {text!r}")
        return list(super().find(text, language))


class Overheard(Browser):
    """An officer's browser; what the console answers is noted."""

    heard: Heard

    async def _seen(self, answer: aiohttp.ClientResponse) -> aiohttp.ClientResponse:
        await self.heard.answered(answer)
        return await super()._seen(answer)


@dataclass
class Town:
    """The running service, a simulated provider, and who writes to it."""

    service: Service
    simulator: Simulator
    http: aiohttp.ClientSession
    heard: Heard
    canaries: Canaries
    pen: Pen
    folder: Path
    closing: contextlib.AsyncExitStack
    updates: int = 1_000

    async def post(self, url: str, body: Json | bytes | str, **headers: str) -> int:
        """Post JSON from outside; returns the status."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json", **headers}
        async with self.http.post(self.service.url + url, data=data, headers=given) as answer:
            await self.heard.answered(answer)
            return answer.status

    async def update(self, *updates: Json) -> None:
        """Telegram posts these, one after the other, and they are worked on."""
        for update in updates:
            self.updates += 1
            body = {"update_id": self.updates, **update}
            assert await self.post("/hooks/telegram", body, **{SECRET_HEADER: SECRET}) == 200
            await self.service.quiet()

    def meet(self, person: TelegramPerson) -> None:
        """The provider knows this person."""
        self.simulator.telegram.bot().meet(person.chat).state = ChatState.ACTIVE

    def told(self, person: TelegramPerson) -> str:
        """Everything the person was sent."""
        sent = self.simulator.ledger.accepted("telegram")
        return "\n".join(one.text for one in sent if one.recipient == str(person.chat))

    async def officer(self, credentials: Credentials) -> Overheard:
        """A browser in which an officer signed in by the form."""
        session = await self.session(self.service.console)
        browser = Overheard(session)  # type: ignore[arg-type]  # a session speaks like a test client
        browser.heard = self.heard
        await browser.get("/sign-in")
        form = {
            "login": credentials.login,
            "password": credentials.password,
            "code": pyotp.TOTP(credentials.totp_secret).now(),
            "next": "/",
        }
        assert (await browser.post("/sign-in", form)).status == 303
        await browser.get("/alerts/new")  # brings the token for its forms
        for cookie in session.cookie_jar:
            self.canaries.known(f"{cookie.key} of {credentials.login}", cookie.value)
        return browser

    async def script(self, officer: Officer) -> aiohttp.ClientSession:
        """A script with an officer's credential for the API."""
        core = self.service.core
        async with core.database.durable() as connection:
            made = await sessions.start_bearer(connection, officer.id, core.clock.now())
        self.canaries.known("credential of the API", made.token)
        return await self.session(self.service.console, Authorization=f"Bearer {made.token}")

    async def session(self, base: str, **headers: str) -> aiohttp.ClientSession:
        """An HTTP client with cookies of its own, closed with the town."""
        jar = aiohttp.CookieJar(unsafe=True)  # hosts are numbers here
        made = aiohttp.ClientSession(base, cookie_jar=jar, headers=headers)
        return await self.closing.enter_async_context(made)

    async def page(self) -> "Page":
        """Somebody who opens the web chat."""
        word = self.web_word
        strange = {"User-Agent": word("User-Agent"), "Referer": f"https://{word('Referer')}.example/"}
        session = await self.session(self.service.url, **strange)
        async with session.get("/chat", headers={"Accept-Language": "en"}) as answer:
            await self.heard.answered(answer)
        token = next(cookie.value for cookie in session.cookie_jar if cookie.key == COOKIE)
        self.canaries.known("web: cookie", token)
        return Page(self, session)

    def web_word(self, what: str) -> str:
        """A canary in something that a browser sends."""
        return self.canaries.word(f"web: {what}")


@dataclass
class Page:
    """One browser at the web chat."""

    town: Town
    session: aiohttp.ClientSession
    said: int = 0

    async def says(self, status: int = 202, **what: Any) -> None:
        """Send a message with a canary in every field beside `what`."""
        word, self.said = self.town.web_word, self.said + 1
        body = {
            "id": f"{word('client id')}{self.said}",
            "label": word("label"),
            "new_field": word("new"),
            **what,
        }
        headers = {**OWN_HEADER, "X-Forwarded-For": word("X-Forwarded-For")}
        async with self.session.post("/chat/messages", json=body, headers=headers) as answer:
            await self.town.heard.answered(answer)
            assert answer.status == status
        await self.town.service.quiet()

    async def sees(self) -> str:
        """What the chat's history shows, once it is there."""
        text = ""
        async with self.session.get("/chat/events?history=1") as stream:
            async for line in stream.content:
                text += line.decode()
                if "event: ready" in text:
                    return text
        return text


@contextlib.asynccontextmanager
async def open_town(folder: Path, redis_url: str, gazetteer: Path) -> AsyncIterator[Town]:
    """Everything runs and everything is heard; `folder` holds a migrated database."""
    heard, canaries = Heard(), Canaries()
    simulator = Simulator(SimulatorConfig(latency=NO_LATENCY, limits=UNLIMITED))
    overhear_requests(simulator, heard)
    with logs_at_debug(heard):
        async with redis_commands(redis_url, heard), simulator, aiohttp.ClientSession() as http:
            settings = make_settings(
                folder,
                database_url=f"sqlite:///{folder / 'muster.db'}",
                redis_url=redis_url,
                gazetteer=gazetteer,
                simulator=simulator,
                telegram_per_second=1_000.0,
            )
            async with running(settings) as service, contextlib.AsyncExitStack() as closing:
                yield Town(service, simulator, http, heard, canaries, Pen(canaries), folder, closing)


def look(town: Town) -> dict[str, list[str]]:
    """Canaries by the place they were found in, which may be nowhere."""
    found = {place: town.canaries.find_in(hay) for place, hay in town.heard.places().items()}
    files = b"".join(path.read_bytes() for path in sorted(town.folder.glob("muster.db*")))
    found["the database"] = town.canaries.find_in(files, sealed_only=True)
    return {place: names for place, names in found.items() if names}


async def note_figures(town: Town) -> None:
    """Note the figures of every process, what anybody may ask for, and what lies in Redis at the end."""
    async with town.http.get(f"{town.service.console}/metrics") as answer:
        town.heard.pages["/metrics"] = await answer.text()
    for name, part in (("planner", town.service.planner), ("worker", town.service.worker)):
        town.heard.pages[f"metrics of the {name}"] = part._core.metrics.render().decode()
    for path in ("/readyz", "/healthz", "/chat"):
        async with town.http.get(town.service.url + path) as answer:
            town.heard.pages[path] = await answer.text()
    assert await dump(town.service.core.redis, town.heard) > 3
