"""Carries new messages to the open streams of this process. Touches SQL (reads) and one Redis subscription.

Two ways lead here: the bell in Redis (at once) and a look into SQL every two seconds (always, so that nothing
depends on Redis). Both give ids; one task reads the messages of many ids with one query and hands them out.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence

import structlog
from aiohttp import web
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from bot.gateways.webchat.bell import EVERY_CHAT, bell_of
from bot.gateways.webchat.store import (
    NOTHING,
    Message,
    Wish,
    backlogs,
    body_place,
    by_ids,
    history,
    newer_than,
    newest,
)
from bot.gateways.webchat.stream import Stream
from bot.gateways.webchat.together import Together
from bot.gateways.webchat.wire import render
from storage.clock import Clock
from storage.database import Database
from storage.errors import SealError, StorageError
from storage.redis import REDIS_AWAY, RedisError
from storage.vault import Vault

POLL_S = 2.0
OVERLAP_S = 10.0  # transactions commit out of order: ids this young are read again
POLL_ROWS = 20_000
READ_AT_ONCE = 500
CONNECTING = 200  # browsers whose backlog is read at once
STREAMS_PER_CHAT = 6
RECENT = 50_000

log = structlog.get_logger(__name__)


class StreamHub:
    """All open streams of one process. Started and stopped with the application it is attached to."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, redis: Redis) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._redis = redis
        self._streams: dict[str, list[Stream]] = {}  # by chat
        self._chats: dict[bytes, str] = {}  # by bell
        self._wanted: set[int] = set()
        self._news = asyncio.Event()
        self._recent: dict[int, None] = {}
        self._redis_away = self._sql_away = False
        self._backlogs: Together[tuple[Wish, bool], list[Message]] = Together(self._read_backlogs, CONNECTING)
        self.count = 0

    def attach(self, app: web.Application) -> None:
        """Live as long as `app` does; when it shuts down, streams end so that browsers connect elsewhere."""
        app.cleanup_ctx.append(self._life)
        app.on_shutdown.append(self._hang_up)

    def open(self, chat: str, *, own: bool) -> Stream:
        """A stream that gets everything new from now on; with `own`, the citizen's own words as well."""
        streams = self._streams.setdefault(chat, [])
        self._chats[bell_of(self._vault, chat).encode()] = chat
        if len(streams) >= STREAMS_PER_CHAT:
            streams[0].end()  # a tab long forgotten, or a loop; its page will connect again
            self.close(streams[0])
            streams = self._streams.setdefault(chat, [])
        stream = Stream(chat, own=own)
        streams.append(stream)
        self.count += 1
        return stream

    def close(self, stream: Stream) -> None:
        """Let go of a stream; closing it twice does nothing."""
        streams = self._streams.get(stream.chat, [])
        if stream not in streams:
            return
        streams.remove(stream)
        self.count -= 1
        if not streams:
            del self._streams[stream.chat]
            self._chats.pop(bell_of(self._vault, stream.chat).encode(), None)

    async def backlog(self, stream: Stream, *, after: int | None, whole: bool) -> str:
        """The event-stream text of what this browser does not have yet; raises `StorageUnavailableError`."""
        wish = Wish(stream.chat, NOTHING if after is None else after, stream.own)
        missed = await self._backlogs.ask((wish, whole and after is None))
        return "".join(stream.fresh(message.id, self._rendered(message)) for message in missed)

    async def _read_backlogs(self, asked: Sequence[tuple[Wish, bool]]) -> list[list[Message]]:
        async with self._database.read() as connection:
            lists = await backlogs(connection, [wish for wish, _ in asked])
            for ids, (wish, whole) in zip(lists, asked, strict=True):
                if whole:
                    ids[:] = sorted({*ids, *await history(connection, wish.chat)})
            every = list({message for ids in lists for message in ids})
            messages: dict[int, Message] = {}
            for start in range(0, len(every), READ_AT_ONCE):
                some = await by_ids(connection, every[start : start + READ_AT_ONCE])
                messages |= {message.id: message for message in some}
        # One of them may have been purged in between.
        return [[messages[number] for number in ids if number in messages] for ids in lists]

    async def _life(self, _app: web.Application) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(work) for work in (self._listen(), self._poll(), self._hand_out())]
        yield
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    async def _hang_up(self, _app: web.Application) -> None:
        for streams in self._streams.values():
            for stream in streams:
                stream.end()

    def _want(self, message: int) -> None:
        if message not in self._recent:
            self._wanted.add(message)
            self._news.set()

    async def _listen(self) -> None:
        while True:
            subscription = self._redis.pubsub(ignore_subscribe_messages=True)
            try:
                await self._hear(subscription)
            except (*REDIS_AWAY, RedisError):
                if not self._redis_away:
                    log.warning("Redis is away; open chats read SQL", action="webchat.hub.redis_away")
                self._redis_away = True
            finally:
                await _let_go(subscription)
            await asyncio.sleep(1.0)

    async def _hear(self, subscription: PubSub) -> None:
        await subscription.psubscribe(EVERY_CHAT)
        if self._redis_away:
            log.info("Redis is back; open chats hear at once again", action="webchat.hub.redis_back")
        self._redis_away = False
        while True:
            rung = await subscription.get_message(timeout=5.0)
            if rung is not None and rung["channel"] in self._chats and rung["data"].isdigit():
                self._want(int(rung["data"]))

    async def _poll(self) -> None:
        marks: deque[tuple[float, int]] = deque()
        while True:
            now = self._clock.monotonic()
            while len(marks) > 1 and marks[1][0] < now - OVERLAP_S:
                marks.popleft()
            try:
                async with self._database.read() as connection:
                    if marks:
                        found = await newer_than(connection, marks[0][1], POLL_ROWS)
                        last = found[-1][0] if found else marks[-1][1]
                    else:
                        found, last = [], await newest(connection)
            except StorageError:
                self._note_sql(away=True)
            else:
                self._note_sql(away=False)
                marks.append((now, last))
                for message, chat in found:
                    if chat in self._streams:
                        self._want(message)
            await asyncio.sleep(POLL_S)

    async def _hand_out(self) -> None:
        while True:
            await self._news.wait()
            some = sorted(self._wanted)[:READ_AT_ONCE]
            self._wanted.difference_update(some)
            if not self._wanted:
                self._news.clear()
            try:
                async with self._database.read() as connection:
                    messages = await by_ids(connection, some)
            except StorageError:
                self._note_sql(away=True)  # the next look into SQL that succeeds finds them again
                continue
            for message in messages:
                self._recent[message.id] = None
                streams = self._streams.get(message.chat, [])
                takers = [stream for stream in streams if stream.own or not message.from_citizen]
                text = self._rendered(message) if takers else ""
                for stream in takers:
                    stream.offer(message.id, text)
            while len(self._recent) > RECENT:
                del self._recent[next(iter(self._recent))]

    def _rendered(self, message: Message) -> str:
        try:
            return render(message, self._vault.open(message.body, body_place(message.key)))
        except SealError:
            log.error("a message cannot be opened", action="webchat.seal")
            return ""

    def _note_sql(self, *, away: bool) -> None:
        if away and not self._sql_away:
            log.warning("SQL is away; open chats wait", action="webchat.hub.sql_away")
        self._sql_away = away


async def _let_go(subscription: PubSub) -> None:
    await subscription.aclose()  # type: ignore[no-untyped-call]  # redis-py leaves it without types
