"""The web chat's HTTP: page, its files, messages in, stream out, acknowledgements. Touches aiohttp; stores
through others. What is refused, and how, stands in `answers`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.errors import ForgedHookError, MalformedHookError
from bot.gateway import Hook
from bot.gateways.webchat.answers import SECURITY, guarded, read_body
from bot.gateways.webchat.browser import COOKIE, best_language, cookie_of
from bot.gateways.webchat.gateway import ACKS_PATH, MESSAGES_PATH, WebChatGateway
from bot.gateways.webchat.guard import Allowance, Guard, TooManyError
from bot.gateways.webchat.hub import StreamHub
from bot.gateways.webchat.page import ChatPage
from bot.gateways.webchat.store import is_empty, not_acknowledged
from bot.gateways.webchat.stream import Stream
from bot.gateways.webchat.wire import read_said
from bot.messages import Event, Inbound, Receipt
from storage.clock import Clock
from storage.database import Database

StoreEvents = Callable[[Sequence[Event]], Awaitable[int]]
"""Stores events durably and returns how many were new."""

BEAT_S = 15.0
BEAT = ": beat\n\n"
# A page is told more: scripts cannot see comments, and notice by these that a line has died.
BEAT_FOR_PAGE = ": beat\nevent: beat\ndata: {}\n\n"
READY = "event: ready\ndata: {}\n\n"
WRITE_DEADLINE_S = 30.0  # a browser that takes nothing for so long has gone
FULL_RETRY_S = 10.0
COOKIE_S = 400 * 86_400  # the longest that browsers keep one
MAX_ID_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Allowances:
    """What one process allows: each browser, then all of them together. A visit is a page or a stream."""

    message: Allowance
    messages: Allowance
    ack: Allowance
    acks: Allowance
    visit: Allowance
    visits: Allowance
    new_chats: Allowance
    streams: int


GENEROUS = Allowances(
    message=Allowance(1, 30),
    messages=Allowance(1_000, 3_000),
    ack=Allowance(5, 100),
    acks=Allowance(2_000, 6_000),
    visit=Allowance(1, 40),
    visits=Allowance(1_000, 10_000),
    new_chats=Allowance(200, 5_000),
    streams=10_000,
)


def build_routes(
    gateway: WebChatGateway,
    store_events: StoreEvents,
    *,
    hub: StreamHub,
    page: ChatPage,
    database: Database,
    clock: Clock,
    allowances: Allowances = GENEROUS,
) -> list[web.RouteDef]:
    """Everything under `/chat`; attach `hub` to the same application."""
    site = _Site(gateway, store_events, hub, page, database, clock, allowances)
    return [
        web.get("/chat", guarded(site.show), allow_head=False),
        web.get("/chat/{name:app\\.(?:js|css)}", guarded(site.asset)),
        web.get("/chat/events", guarded(site.stream), allow_head=False),
        web.post(MESSAGES_PATH, guarded(site.take_message)),
        web.post(ACKS_PATH, guarded(site.take_acks)),
    ]


class _Site:
    def __init__(
        self,
        gateway: WebChatGateway,
        store_events: StoreEvents,
        hub: StreamHub,
        page: ChatPage,
        database: Database,
        clock: Clock,
        allowances: Allowances,
    ) -> None:
        self._gateway = gateway
        self._store_events = store_events
        self._hub = hub
        self._page = page
        self._database = database
        self._streams = allowances.streams
        self._messages = Guard(clock, allowances.message, allowances.messages)
        self._acks = Guard(clock, allowances.ack, allowances.acks)
        self._visits = Guard(clock, allowances.visit, allowances.visits)
        self._new = Guard(clock, allowances.new_chats, allowances.new_chats)

    async def show(self, request: web.Request) -> web.Response:
        token = request.cookies.get(COOKIE, "")
        chat = await self._gateway.book.recognise(token) if token else None
        if chat is None:
            self._new.spend("")
            token, chat = await self._gateway.book.create()
        self._visits.spend(chat)
        async with self._database.read() as connection:
            fresh = await is_empty(connection, chat)
        wish = request.query.get("lang", "")
        headers = _lower(request)
        language = wish if wish in self._page.languages else best_language(headers, self._page.languages)
        response = web.Response(text=self._page.render(language, fresh=fresh), content_type="text/html")
        response.headers.update({"Cache-Control": "no-store", "Content-Language": language})
        response.enable_compression()
        secure = self._gateway.secure
        response.set_cookie(
            COOKIE, token, max_age=COOKIE_S, path="/", httponly=True, samesite="Lax", secure=secure
        )
        return response

    async def asset(self, request: web.Request) -> web.Response:
        asset = self._page.assets[request.match_info["name"]]
        tag = f'"{asset.version}"'
        # Only a URL that names this very content may be kept for ever.
        named = request.query.get("v") == asset.version
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable" if named else "no-cache",
            "ETag": tag,
            "Vary": "Accept-Encoding",
        }
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        body = asset.body
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            body = asset.zipped
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=body, headers=headers, content_type=asset.content_type, charset="utf-8")

    async def take_message(self, request: web.Request) -> web.Response:
        _chat, hook = await self._hook(request, self._messages)
        events = self._gateway.parse(hook)
        if not events:
            raise MalformedHookError("unknown_kind")
        # First: a browser that sees its words in the history takes them for stored and lets go of them.
        await self._store_events(events)
        for event in events:
            if isinstance(event, Inbound):
                await self._gateway.keep_own(event, read_said(hook.body).id)
        return web.json_response({"stored": True}, status=202, headers={"Cache-Control": "no-store"})

    async def take_acks(self, request: web.Request) -> web.Response:
        chat, hook = await self._hook(request, self._acks)
        named = [int(event.provider_id) for event in self._gateway.parse(hook) if isinstance(event, Receipt)]
        async with self._database.read() as connection:
            first = await not_acknowledged(connection, chat, named)
        # The receipts first: were we killed in between, the browser acknowledges again and nothing is lost.
        receipts = [self._gateway.receipt(one.id, one.delivery) for one in first if one.delivery is not None]
        if receipts:
            await self._store_events(receipts)
        if first:
            await self._gateway.shown([one.id for one in first])
        return web.Response(status=204, headers={"Cache-Control": "no-store"})

    async def stream(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            raise ForgedHookError("other_site")
        chat = await self._gateway.book.recognise(request.cookies.get(COOKIE, ""))
        if chat is None:
            raise ForgedHookError("unknown_chat")
        self._visits.spend(chat)
        if self._hub.count >= self._streams:
            raise TooManyError(FULL_RETRY_S)
        history = request.query.get("history") == "1"
        after = _number(request.headers.get("Last-Event-ID", "")) or _number(request.query.get("after", ""))
        stream = self._hub.open(chat, own=history)
        try:
            # Registered first, read second: what is stored in between comes once, by either way.
            backlog = await self._hub.backlog(stream, after=after, whole=history)
            headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
            response = web.StreamResponse(headers={**SECURITY, **headers, "X-Accel-Buffering": "no"})
            await response.prepare(request)
            await self._feed(response, stream, backlog + (READY if history else ""))
        finally:
            self._hub.close(stream)
        return response

    async def _feed(self, response: web.StreamResponse, stream: Stream, text: str) -> None:
        try:
            await _write(response, ": open\n\n" + text)
            while not stream.ended:
                text = await stream.next(BEAT_S)
                await _write(response, text or (BEAT_FOR_PAGE if stream.own else BEAT))
        except (ConnectionResetError, TimeoutError):
            return  # the browser has gone; what it did not acknowledge comes again

    async def _hook(self, request: web.Request, guard: Guard) -> tuple[str, Hook]:
        """The authentic request and its chat, within what it may ask."""
        headers = _lower(request)
        chat = await self._gateway.book.recognise(cookie_of(headers))
        self._gateway.verify(Hook(b"", headers, request.path))
        if chat is None:
            raise ForgedHookError("unknown_chat")
        guard.spend(chat)
        body = await read_body(request, self._gateway.max_hook_bytes)
        return chat, Hook(body, headers, request.path)


async def _write(response: web.StreamResponse, text: str) -> None:
    async with asyncio.timeout(WRITE_DEADLINE_S):
        await response.write(text.encode(errors="replace"))


def _lower(request: web.Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_ID_DIGITS else None
