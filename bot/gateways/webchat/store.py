"""Messages of web chats, both directions. Touches `webchat_message` and `webchat`; bodies stay sealed.

Functions take a connection; the caller opens the transaction.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Integer,
    Row,
    Select,
    String,
    column,
    delete,
    func,
    select,
    update,
    values,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.tables import webchat, webchat_message
from storage.database import insert_new
from storage.vault import Place

KEEP = timedelta(days=30)
USED_EVERY = timedelta(days=1)
HISTORY = 50  # messages shown to a page that opens
NOTHING = 2**62  # after this id there is nothing
BACKLOG = 500  # messages not acknowledged that are sent again at most; older ones show in the history
PURGE_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message about to be stored; an equal `key` is stored once. A citizen's own is never acknowledged."""

    chat: str
    key: str
    body: bytes
    from_citizen: bool = False
    delivery: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message; `body` is sealed for `body_place(key)`."""

    id: int
    chat: str
    key: str
    body: bytes
    from_citizen: bool
    created_at: datetime
    acked: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """What a browser that connects may have missed: everything after `after`, with its own words if `own`."""

    chat: str
    after: int
    own: bool


@dataclass(frozen=True, slots=True)
class Unacked:
    """A message of a chat that its browser has just acknowledged for the first time."""

    id: int
    delivery: int | None


def body_place(key: str) -> Place:
    """Where the sealed body of the message `key` lives."""
    return Place("webchat_message", "body", key)


async def existing(connection: AsyncConnection, chats: Collection[str]) -> set[str]:
    """Which of `chats` there are; they stay until the transaction ends."""
    query = select(webchat.c.chat).where(webchat.c.chat.in_(chats)).with_for_update(read=True, key_share=True)
    return set((await connection.execute(query)).scalars())


async def add(connection: AsyncConnection, parcels: Sequence[Parcel], now: datetime) -> dict[str, int]:
    """Store what is not there yet (sealed bodies, existing chats); return the id of every key, old or new."""
    rows = [
        {
            "chat": parcel.chat,
            "key": parcel.key,
            "from_citizen": parcel.from_citizen,
            "delivery": parcel.delivery,
            "body": parcel.body,
            "created_at": now,
            "acked_at": now if parcel.from_citizen else None,
        }
        for parcel in parcels
    ]
    await insert_new(connection, webchat_message, rows, ["key"])
    table = webchat_message.c
    query = select(table.key, table.id).where(table.key.in_([parcel.key for parcel in parcels]))
    return {row.key: row.id for row in await connection.execute(query)}


async def backlogs(connection: AsyncConnection, wishes: Sequence[Wish]) -> list[list[int]]:
    """For each browser that connects, the ids of what it must get, oldest first, at most the newest 500.

    Everything not acknowledged yet, and of what came `after` the message it saw last all that it wants.
    """
    table = webchat_message.c
    rows = [(place, one.chat, one.after, one.own) for place, one in enumerate(wishes)]
    columns = (
        column("place", Integer),
        column("chat", String),
        column("after", BigInteger),
        column("own", Boolean),
    )
    wish = values(*columns, name="wish").data(rows).cte().c
    theirs = table.from_citizen.is_(False)
    wanted = (table.acked_at.is_(None) & theirs) | ((table.id > wish.after) & (wish.own | theirs))
    newest_first = func.row_number().over(partition_by=wish.place, order_by=table.id.desc()).label("rank")
    found = select(wish.place, table.id, newest_first).where(table.chat == wish.chat, wanted).subquery()
    query = select(found.c.place, found.c.id).where(found.c.rank <= BACKLOG).order_by(found.c.id)
    lists: list[list[int]] = [[] for _ in wishes]
    for row in await connection.execute(query):
        lists[row.place].append(row.id)
    return lists


async def history(connection: AsyncConnection, chat: str) -> list[int]:
    """The ids of the last 50 messages, both directions, oldest first."""
    table = webchat_message.c
    query = select(table.id).where(table.chat == chat).order_by(table.id.desc()).limit(HISTORY)
    return list((await connection.execute(query)).scalars())[::-1]


async def by_ids(connection: AsyncConnection, ids: Collection[int]) -> list[Message]:
    """The messages with these ids (<= 1,000), oldest first."""
    query = _messages().where(webchat_message.c.id.in_(ids)).order_by(webchat_message.c.id)
    return [_message(row) for row in await connection.execute(query)]


async def newer_than(connection: AsyncConnection, last: int, limit: int) -> list[tuple[int, str]]:
    """Id and chat of messages stored after `last`, oldest first."""
    table = webchat_message.c
    query = select(table.id, table.chat).where(table.id > last).order_by(table.id).limit(limit)
    return [(row.id, row.chat) for row in await connection.execute(query)]


async def newest(connection: AsyncConnection) -> int:
    """The highest id, 0 when there is none."""
    return (await connection.execute(select(func.max(webchat_message.c.id)))).scalar_one() or 0


async def is_empty(connection: AsyncConnection, chat: str) -> bool:
    """Whether nothing was said in `chat` yet."""
    query = select(webchat_message.c.id).where(webchat_message.c.chat == chat).limit(1)
    return (await connection.execute(query)).first() is None


async def note_use(connection: AsyncConnection, chats: Collection[str], now: datetime) -> None:
    """Note that citizens say something in `chats`, once a day for each."""
    long_ago = (webchat.c.seen_at == webchat.c.created_at) | (webchat.c.seen_at < now - USED_EVERY)
    await connection.execute(update(webchat).where(webchat.c.chat.in_(chats), long_ago).values(seen_at=now))


async def not_acknowledged(connection: AsyncConnection, chat: str, ids: Collection[int]) -> list[Unacked]:
    """Which of `ids` are messages to `chat` that nobody acknowledged yet."""
    table = webchat_message.c
    mine = (table.chat == chat) & table.id.in_(ids) & table.acked_at.is_(None)
    query = select(table.id, table.delivery).where(mine, table.from_citizen.is_(False)).order_by(table.id)
    return [Unacked(row.id, row.delivery) for row in await connection.execute(query)]


async def acknowledge(connection: AsyncConnection, ids: Collection[int], now: datetime) -> None:
    """Note that the browser has these messages."""
    change = update(webchat_message).where(
        webchat_message.c.id.in_(ids), webchat_message.c.acked_at.is_(None)
    )
    await connection.execute(change.values(acked_at=now))


async def purge(connection: AsyncConnection, now: datetime) -> int:
    """Remove messages older than 30 days, at most 5,000 in one call; return how many."""
    table = webchat_message.c
    some = select(table.id).where(table.created_at < now - KEEP).limit(PURGE_ROWS).scalar_subquery()
    return (await connection.execute(delete(webchat_message).where(table.id.in_(some)))).rowcount


async def forget(connection: AsyncConnection, chat: str) -> None:
    """Delete every message of the chat of a person who is being erased."""
    await connection.execute(delete(webchat_message).where(webchat_message.c.chat == chat))


def _messages() -> Select[Any]:
    table = webchat_message.c
    return select(
        table.id, table.chat, table.key, table.body, table.from_citizen, table.created_at, table.acked_at
    )


def _message(row: Row[Any]) -> Message:
    return Message(
        id=row.id,
        chat=row.chat,
        key=row.key,
        body=row.body,
        from_citizen=row.from_citizen,
        created_at=row.created_at,
        acked=row.acked_at is not None,
    )
