"""A web chat on loopback, wired from its real parts, and a browser that speaks HTTP by hand."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from secrets import token_hex, token_urlsafe
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import BaseTestServer
from redis.asyncio import Redis
from sqlalchemy import insert, select

from bot.codec import load_event
from bot.gateways.webchat.gateway import WebChatGateway
from bot.gateways.webchat.hub import StreamHub
from bot.gateways.webchat.identity import hash_token
from bot.gateways.webchat.page import ChatPage
from bot.gateways.webchat.routes import GENEROUS, Allowances, build_routes
from bot.inbox import Inbox, body_place
from bot.messages import Address, Button, Event, Inbound, Outbound, Receipt
from bot.tables import inbox, webchat
from locales.catalog import Catalog
from storage.clock import Clock, SystemClock
from storage.database import Database
from storage.vault import Vault
from tests.bot.served import Served
from tests.bot.wiring import never_exact, to_origin

MINISTRY = {"en": "Ministry of Foreign Affairs", "vi": "Bộ Ngoại giao"}
LANGUAGES = ("en", "vi", "th", "id")
CHROMIUM = shutil.which("chromium")


@cache
def chat_page(demo: bool) -> ChatPage:
    return ChatPage(Catalog.load().say, LANGUAGES, MINISTRY, demo=demo)


def own_headers(cookie: str) -> dict[str, str]:
    return {"Cookie": f"muster_chat={cookie}", "X-Muster-Chat": "1", "Content-Type": "application/json"}


@dataclass
class Visitor:
    """One browser with its cookie."""

    site: "Site"
    cookie: str
    chat: str

    @property
    def address(self) -> Address:
        return self.site.gateway.address(self.chat)

    async def post(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> int:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        everything = {**own_headers(self.cookie), **(headers or {})}
        async with self.site.http.post(self.site.url(path), data=data, headers=everything) as answer:
            await answer.read()
            return answer.status

    async def say(self, client_id: str, **what: object) -> int:
        return await self.post("/chat/messages", {"id": client_id, **what})

    async def ack(self, *ids: str) -> int:
        return await self.post("/chat/acks", {"ids": list(ids)})

    @asynccontextmanager
    async def listen(self, query: str = "", **headers: str) -> AsyncIterator["Listener"]:
        url = self.site.url("/chat/events" + query)
        cookie = {"Cookie": f"muster_chat={self.cookie}", **headers}
        async with self.site.http.get(url, headers=cookie, timeout=aiohttp.ClientTimeout(None)) as answer:
            assert answer.status == 200
            yield Listener(answer)

    async def hear(self, text: str, *, delivery: int | None = None, **more: Any) -> str:
        """Something is sent to this visitor; returns the message id."""
        prepared = self.site.gateway.prepare(Outbound(text, "en", **more))
        return (await self.site.gateway.send(self.address, prepared, delivery=delivery)).provider_id


@dataclass
class Listener:
    """Reads an event stream, field by field."""

    answer: aiohttp.ClientResponse
    ids: list[str] = field(default_factory=list)

    async def raw(self, seconds: float = 10.0) -> tuple[str, str]:
        """Kind and data of the next event."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(seconds):
            while True:
                line = (await self.answer.content.readline()).decode()
                if not line:
                    return "end", ""
                if line == "\n" and "data" in fields:
                    self.ids.append(fields.get("id", ""))
                    return fields["event"], fields["data"]
                name, _, value = line.rstrip("\n").partition(": ")
                if name:
                    fields[name] = value

    async def next(self, seconds: float = 10.0) -> dict[str, Any]:
        """The next message."""
        kind, data = await self.raw(seconds)
        assert kind == "message", kind
        message: dict[str, Any] = json.loads(data)
        return message

    async def texts(self, count: int) -> list[str]:
        return [(await self.next())["text"] for _ in range(count)]

    async def nothing(self, seconds: float = 0.3) -> bool:
        try:
            return (await self.raw(seconds))[0] == "end"
        except TimeoutError:
            return True


@dataclass
class Site:
    """One process that serves the web chat."""

    gateway: WebChatGateway
    hub: StreamHub
    database: Database
    vault: Vault
    server: BaseTestServer
    http: aiohttp.ClientSession

    def url(self, path: str) -> str:
        return str(self.server.make_url("")).rstrip("/") + path

    async def visitor(self) -> Visitor:
        return Visitor(self, *await self.gateway.book.create())

    async def crowd(self, count: int) -> list[Visitor]:
        """Many browsers that were here before."""
        now = SystemClock().now()
        visitors = [Visitor(self, token_urlsafe(32), token_hex(16)) for _ in range(count)]
        rows = [
            {
                "chat": visitor.chat,
                "token_hash": hash_token(visitor.cookie),
                "created_at": now,
                "seen_at": now,
            }
            for visitor in visitors
        ]
        async with self.database.durable() as connection:
            await connection.execute(insert(webchat), rows)
        return visitors

    async def events(self) -> list[Event]:
        """What lies in the inbox, oldest first."""
        async with self.database.read() as connection:
            rows = (await connection.execute(select(inbox).order_by(inbox.c.id))).all()
        return [load_event(self.vault.open(row.body, body_place(row.key))) for row in rows]

    async def said(self) -> list[Inbound]:
        return [event for event in await self.events() if isinstance(event, Inbound)]

    async def receipts(self) -> list[Receipt]:
        return [event for event in await self.events() if isinstance(event, Receipt)]


@asynccontextmanager
async def open_site(
    database: Database,
    vault: Vault,
    redis: Redis,
    *,
    clock: Clock | None = None,
    allowances: Allowances = GENEROUS,
    public_url: str = "http://127.0.0.1:8080",
    demo: bool = False,
) -> AsyncIterator[Site]:
    time = clock or SystemClock()
    gateway = WebChatGateway(
        account="main", public_url=public_url, database=database, vault=vault, clock=time, redis=redis
    )
    hub = StreamHub(database, vault, time, redis)
    box = Inbox(database, vault, time, snap=to_origin, exact_wanted=never_exact, announce=lambda: None)
    app = web.Application()
    hub.attach(app)
    app.add_routes(
        build_routes(
            gateway,
            box.store,
            hub=hub,
            page=chat_page(demo),
            database=database,
            clock=time,
            allowances=allowances,
        )
    )
    async with Served(app) as server, aiohttp.ClientSession() as http:
        yield Site(gateway, hub, database, vault, server, http)
    await gateway.close()


def two_buttons(code: str = "ABC123") -> dict[str, Any]:
    return {"buttons": (Button("I am safe", f"safe:{code}"), Button("I need help", f"help:{code}"))}
