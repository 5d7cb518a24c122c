"""Messages in SQL: what a browser gets when it connects, acknowledgements, the end of the month."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.gateways.webchat import store
from bot.gateways.webchat.identity import ChatBook
from bot.gateways.webchat.store import Parcel
from storage.clock import SystemClock
from storage.database import Database


@pytest.fixture
async def chat(database: Database, clock: SystemClock) -> str:
    return (await ChatBook(database, clock).create())[1]


async def fill(database: Database, clock: SystemClock, parcels: Sequence[Parcel]) -> dict[str, int]:
    async with database.durable() as connection:
        return await store.add(connection, parcels, clock.now())


def theirs(chat: str, *keys: str) -> list[Parcel]:
    return [Parcel(chat, key, b"sealed") for key in keys]


async def backlog(
    database: Database, chat: str, *, after: int | None = None, history: bool = False
) -> list[str]:
    async with database.read() as connection:
        return [one.key for one in await store.backlog(connection, chat, after=after, history=history)]


async def test_an_equal_key_is_stored_once_and_keeps_its_id(
    database: Database, clock: SystemClock, chat: str
) -> None:
    first = await fill(database, clock, theirs(chat, "a", "b"))
    again = await fill(database, clock, theirs(chat, "b", "c", "a"))
    assert {key: again[key] for key in first} == first
    assert await backlog(database, chat) == ["a", "b", "c"]


async def test_what_is_not_acknowledged_comes_oldest_first(
    database: Database, clock: SystemClock, chat: str
) -> None:
    ids = await fill(database, clock, theirs(chat, "a", "b", "c"))
    await fill(database, clock, [Parcel(chat, "mine", b"sealed", from_citizen=True)])
    async with database.durable() as connection:
        await store.acknowledge(connection, [ids["b"]], clock.now())
    assert await backlog(database, chat) == ["a", "c"]
    assert await backlog(database, chat, history=True) == ["a", "b", "c", "mine"]


async def test_after_the_last_seen_message_come_newer_ones_and_what_was_never_acknowledged(
    database: Database, clock: SystemClock, chat: str
) -> None:
    ids = await fill(database, clock, theirs(chat, "a", "b", "c"))
    await fill(database, clock, [Parcel(chat, "mine", b"sealed", from_citizen=True)])
    async with database.durable() as connection:
        await store.acknowledge(connection, [ids["a"], ids["b"], ids["c"]], clock.now())
    assert await backlog(database, chat, after=ids["b"]) == ["c"]
    assert await backlog(database, chat, after=ids["b"], history=True) == ["c", "mine"]
    await fill(database, clock, theirs(chat, "d"))
    assert await backlog(database, chat, after=ids["c"] + 100) == ["d"]


async def test_the_history_is_the_last_fifty(database: Database, clock: SystemClock, chat: str) -> None:
    keys = [f"k{number:03}" for number in range(60)]
    ids = await fill(database, clock, theirs(chat, *keys))
    async with database.durable() as connection:
        await store.acknowledge(connection, list(ids.values()), clock.now())
    assert await backlog(database, chat, history=True) == keys[10:]
    assert await backlog(database, chat) == []


async def test_nobody_acknowledges_for_others(database: Database, clock: SystemClock, chat: str) -> None:
    _, other = await ChatBook(database, clock).create()
    ids = await fill(database, clock, [*theirs(chat, "a"), *theirs(other, "b")])
    async with database.read() as connection:
        mine = await store.not_acknowledged(connection, chat, list(ids.values()))
    assert [one.id for one in mine] == [ids["a"]]


async def test_messages_go_after_thirty_days(database: Database, clock: SystemClock, chat: str) -> None:
    ids = await fill(database, clock, theirs(chat, "a", "b"))
    now = clock.now()
    async with database.durable() as connection:
        assert await store.purge(connection, now + timedelta(days=29)) == 0
        assert await store.purge(connection, now + timedelta(days=31)) == len(ids)
        assert await store.is_empty(connection, chat)


async def test_newer_messages_are_found_by_their_number(
    database: Database, clock: SystemClock, chat: str
) -> None:
    ids = await fill(database, clock, theirs(chat, "a", "b", "c"))
    async with database.read() as connection:
        assert await store.newest(connection) == ids["c"]
        assert await store.newer_than(connection, ids["a"], 1) == [(ids["b"], chat)]
        assert [one.key for one in await store.by_ids(connection, [ids["c"], ids["a"]])] == ["a", "c"]
