"""Web chat citizens' browsers: real HTTP clients of `/chat`, events, messages and acknowledgements.

Touches the service's public address (loopback only) and the ledger. A message is written to the ledger when
it is received and before it is acknowledged: what arrived is the truth, whatever the service believes.
"""

import asyncio
import json
import random
import resource
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

import aiohttp

from simulator.config import LOOPBACK
from simulator.incoming import Action, Incoming
from simulator.ledger import Ledger
from simulator.records import Ack, Attempt
from simulator.sse import EventReader, ServerEvent
from simulator.webchat_wire import reason, said, seen_as

COOKIE = "muster_chat"
FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 5.0
TRY_AGAIN = (408, 429)
BEAT_LIMIT_S = 45.0  # three missed beats of 15 s: the line is dead
OWN_FILES = 512  # descriptors left for everything that is not a browser

Hear = Callable[[Incoming], None]


class RefusedError(Exception):
    """The service refused a message for good (4xx); the reason is its `error` code."""


@dataclass(frozen=True, slots=True)
class Browsers:
    """What all browsers of one run share."""

    base: str
    session: aiohttp.ClientSession
    ledger: Ledger
    rng: random.Random


def open_browsers(base: str, ledger: Ledger, rng: random.Random, count: int) -> Browsers:
    """Get ready for `count` browsers; raises `ValueError` for an address that is not loopback."""
    check_loopback(base)
    raise_file_limit(2 * count + OWN_FILES)
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
        cookie_jar=aiohttp.DummyCookieJar(),
        read_bufsize=2**14,
    )
    return Browsers(base.rstrip("/"), session, ledger, rng)


def check_loopback(base: str) -> None:
    """Raises `ValueError` for an address that is not loopback."""
    where = urlsplit(base)
    if where.scheme not in ("http", "https") or where.hostname not in (LOOPBACK, "localhost"):
        raise ValueError("simulated citizens talk to loopback addresses only")


def raise_file_limit(needed: int) -> None:
    """Let this process open as many files as it needs, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class WebChat:
    """One citizen's open chat page."""

    def __init__(self, browsers: Browsers, citizen: str, language: str, hear: Hear) -> None:
        self._browsers, self._citizen, self._language, self._hear = browsers, citizen, language, hear
        self.token = ""
        self.online = False
        self._seen: set[str] = set()
        self._unacknowledged: list[str] = []
        self._wake = asyncio.Event()
        self._connected = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Load the page (for its cookie) and start listening; tries until the service answers."""
        wait = FIRST_WAIT_S
        while not self.token:
            with suppress(aiohttp.ClientError, TimeoutError):
                await self._load()
            if not self.token:
                wait = await self._back_off(wait)
        self.online = True
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._acknowledge())]
        await self._connected.wait()

    async def close(self) -> None:
        """Close the page; the cookie stays, so `open` comes back as the same person."""
        self.online = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._connected.clear()

    def waiting(self) -> bool:
        """Whether an acknowledgement is still on its way."""
        return bool(self._unacknowledged)

    async def say(self, action: Action) -> None:
        """Send what the citizen does; tries until stored, always with the same id. Raises `RefusedError`."""
        body = json.dumps(
            {"id": str(uuid.uuid4())} | said(action)  # never again, not even in another run of the same seed
        )
        wait = FIRST_WAIT_S
        while True:
            with suppress(aiohttp.ClientError, TimeoutError):
                async with self._browsers.session.post(
                    f"{self._browsers.base}/chat/messages", data=body, headers=self._headers()
                ) as response:
                    if response.status == 202:
                        return
                    if 400 <= response.status < 500 and response.status not in TRY_AGAIN:
                        raise RefusedError(await reason(response))
            wait = await self._back_off(wait)

    def _headers(self) -> dict[str, str]:
        return {
            "Cookie": f"{COOKIE}={self.token}",
            "Content-Type": "application/json",
            "X-Muster-Chat": "1",
            "Accept-Language": self._language,
            "Origin": self._browsers.base,
        }

    async def _back_off(self, wait: float) -> float:
        """Wait about `wait` seconds; returns the next wait."""
        await asyncio.sleep(wait * (0.5 + self._browsers.rng.random()))
        return min(2 * wait, LONGEST_WAIT_S)

    async def _load(self) -> None:
        headers = {"Accept-Language": self._language}
        async with self._browsers.session.get(f"{self._browsers.base}/chat", headers=headers) as response:
            await response.read()
            for value in response.headers.getall("Set-Cookie", []):
                cookie: SimpleCookie = SimpleCookie(value)
                if COOKIE in cookie:
                    self.token = cookie[COOKIE].value

    async def _listen(self) -> None:
        """Hold the event stream open; reconnect with growing waits."""
        wait = FIRST_WAIT_S
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=BEAT_LIMIT_S)
        while True:
            with suppress(aiohttp.ClientError, TimeoutError, ConnectionError):
                async with self._browsers.session.get(
                    f"{self._browsers.base}/chat/events", headers=self._headers(), timeout=timeout
                ) as response:
                    if response.status == 200:
                        wait = FIRST_WAIT_S
                        self._connected.set()
                        reader = EventReader()
                        async for line in response.content:
                            event = reader.feed(line.decode().rstrip("\r\n"))
                            if event is not None:
                                self._receive(event)
            wait = await self._back_off(wait)

    def _receive(self, event: ServerEvent) -> None:
        data = json.loads(event.data)
        if event.name != "message" or data.get("from") == "you":
            return
        message = seen_as(data, event.id)
        ledger = self._browsers.ledger
        again = message.message_id in self._seen
        ledger.write(
            Attempt(
                attempt_id=ledger.next_attempt(),
                channel="webchat",
                account="webchat",
                recipient=self._citizen,
                method="event",
                text=message.text,
                buttons=message.buttons,
                ask=message.ask,
                kind=message.kind,
                lang=message.lang,
                mono=ledger.mono(),
                wall=ledger.wall(),
                accepted=True,
                message_id=message.message_id,
                status=200,
                again=again,
            )
        )
        self._unacknowledged.append(message.message_id)
        self._wake.set()
        if not again:
            self._seen.add(message.message_id)
            self._hear(message)

    async def _acknowledge(self) -> None:
        """Acknowledge what came, in bunches; tries until the service confirms."""
        wait, ledger = FIRST_WAIT_S, self._browsers.ledger
        while True:
            await self._wake.wait()
            self._wake.clear()
            while ids := list(self._unacknowledged):
                status = 0
                with suppress(aiohttp.ClientError, TimeoutError):
                    async with self._browsers.session.post(
                        f"{self._browsers.base}/chat/acks",
                        data=json.dumps({"ids": ids}),
                        headers=self._headers(),
                    ) as response:
                        status = response.status
                if status != 204:
                    wait = await self._back_off(wait)
                    continue
                wait = FIRST_WAIT_S
                del self._unacknowledged[: len(ids)]
                for one in ids:
                    ledger.write(
                        Ack(citizen=self._citizen, message_id=one, mono=ledger.mono(), wall=ledger.wall())
                    )
