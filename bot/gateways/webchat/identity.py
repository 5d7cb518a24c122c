"""Who a browser is: a random token in a cookie, known to us only as its SHA-256. Touches the table `webchat`.

The value of a web chat's address is a random id of its own, so that neither the address tells the token nor
the token the address.
"""

import re
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.gateways.webchat.together import Together
from bot.tables import webchat
from storage.clock import Clock
from storage.database import Database

TOKEN_BYTES = 32
CHAT_BYTES = 16
LOOKUPS = 500  # cookies looked up with one query
REMEMBERED = 20_000  # cookies kept in memory
REMEMBERED_S = 60.0  # after this an erased chat's cookie is refused by every process
UNUSED_FOR = timedelta(days=30)
PURGE_ROWS = 5_000

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def hash_token(token: str) -> bytes:
    """What is stored of a token (32 bytes); plain SHA-256 suffices for 256 random bits."""
    return sha256(token.encode()).digest()


@dataclass(slots=True)
class _Known:
    chat: str
    until: float  # monotonic


class ChatBook:
    """Finds and makes web chats. Keeps cookies it has just looked up, so that a burst costs one query."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lookups: Together[bytes, str | None] = Together(self._find, LOOKUPS)
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    async def create(self) -> tuple[str, str]:
        """Make a chat and return its cookie token and its id.

        Raises:
            StorageUnavailableError: SQL is away.
        """
        token, chat = secrets.token_urlsafe(TOKEN_BYTES), secrets.token_hex(CHAT_BYTES)
        now = self._clock.now()
        row = {"chat": chat, "token_hash": hash_token(token), "created_at": now, "seen_at": now}
        async with self._database.durable() as connection:
            await connection.execute(insert(webchat).values(row))
        self._remember(hash_token(token), chat)
        return token, chat

    async def recognise(self, token: str) -> str | None:
        """Return the chat of a cookie, None when there is no such chat; raises like `create`."""
        known = self.known(token)
        if known is not None or not _TOKEN.fullmatch(token):
            return known
        hashed = hash_token(token)
        chat = await self._lookups.ask(hashed)
        if chat is not None:
            self._remember(hashed, chat)
        return chat

    def known(self, token: str) -> str | None:
        """Return the chat of a cookie that `recognise` or `create` saw within the last minute."""
        # The look-up goes by the hash, so its timing tells nothing about the token.
        entry = self._known.get(hash_token(token)) if _TOKEN.fullmatch(token) else None
        return entry.chat if entry is not None and entry.until > self._clock.monotonic() else None

    async def _find(self, hashes: Sequence[bytes]) -> list[str | None]:
        query = select(webchat.c.token_hash, webchat.c.chat).where(webchat.c.token_hash.in_(hashes))
        async with self._database.read() as connection:
            found = {row.token_hash: row.chat for row in await connection.execute(query)}
        return [found.get(hashed) for hashed in hashes]

    def _remember(self, hashed: bytes, chat: str) -> None:
        self._known[hashed] = _Known(chat, self._clock.monotonic() + REMEMBERED_S)
        self._known.move_to_end(hashed)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


async def forget_unused(connection: AsyncConnection, now: datetime) -> int:
    """Remove chats opened 30 days ago in which nobody ever said anything; return how many (<= 5,000)."""
    never_used = (webchat.c.seen_at == webchat.c.created_at) & (webchat.c.created_at < now - UNUSED_FOR)
    some = select(webchat.c.chat).where(never_used).limit(PURGE_ROWS).scalar_subquery()
    return (await connection.execute(delete(webchat).where(webchat.c.chat.in_(some)))).rowcount
