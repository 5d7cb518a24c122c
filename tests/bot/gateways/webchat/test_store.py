"""Messages in SQL: what a browser gets when it connects, acknowledgements, the end of the month."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.gateways.webchat import store
from bot.gateways.webchat.identity import ChatBook
from bot.gateways.webchat.store import BACKLOG, NOTHING, Parcel, Wish
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


async def missed(database: Database, *wishes: Wish) -> list[list[int]]:
    async with database.read() as connection:
        return await store.backlogs(connection, wishes)


async def waiting(database: Database, chat: str) -> list[int]:
    return (await missed(database, Wish(chat, NOTHING, own=False)))[0]


async def test_an_equal_key_is_stored_once_and_keeps_its_id(
    database: Database, clock: SystemClock, chat: str
) -> None:
    first = await fill(database, clock, theirs(chat, "a", "b"))
    again = await fill(database, clock, theirs(chat, "b", "c", "a"))
    assert {key: again[key] for key in first} == first
    assert await waiting(database, chat) == [again["a"], again["b"], again["c"]]


async def test_what_is_not_acknowledged_comes_oldest_first(
    database: Database, clock: SystemClock, chat: str
) -> None:
    ids = await fill(database, clock, theirs(chat, "a", "b", "c"))
    await fill(database, clock, [Parcel(chat, "mine", b"sealed", from_citizen=True)])
    async with database.durable() as connection:
        await store.acknowledge(connection, [ids["b"]], clock.now())
    assert await waiting(database, chat) == [ids["a"], ids["c"]]


async def test_many_browsers_get_each_their_own(database: Database, clock: SystemClock, chat: str) -> None:
    _, other = await ChatBook(database, clock).create()
    _, empty = await ChatBook(database, clock).create()
    parcels = [*theirs(chat, "a", "b"), *theirs(other, "c"), *theirs(chat, "d")]
    ids = await fill(database, clock, parcels)
    ids |= await fill(database, clock, [Parcel(chat, "mine", b"sealed", from_citizen=True)])
    async with database.durable() as connection:
        await store.acknowledge(connection, [ids["b"], ids["d"]], clock.now())
    wishes = [
        Wish(other, NOTHING, own=True),
        Wish(chat, ids["b"], own=False),
        Wish(empty, 0, own=True),
        Wish(chat, ids["b"], own=True),
        Wish(chat, NOTHING, own=True),
    ]
    a, c, d, mine = ids["a"], ids["c"], ids["d"], ids["mine"]
    assert await missed(database, *wishes) == [[c], [a, d], [], [a, d, mine], [a]]


async def test_of_very_many_the_newest_come_first_time(
    database: Database, clock: SystemClock, chat: str
) -> None:
    ids = await fill(database, clock, theirs(chat, *(f"k{number}" for number in range(BACKLOG + 20))))
    assert await waiting(database, chat) == sorted(ids.values())[20:]


async def test_the_history_is_the_last_fifty(database: Database, clock: SystemClock, chat: str) -> None:
    ids = await fill(database, clock, theirs(chat, *(f"k{number:03}" for number in range(60))))
    async with database.durable() as connection:
        await store.acknowledge(connection, list(ids.values()), clock.now())
    async with database.read() as connection:
        assert await store.history(connection, chat) == sorted(ids.values())[10:]
    assert await waiting(database, chat) == []


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
