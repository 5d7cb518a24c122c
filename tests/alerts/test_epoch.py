"""The epoch against real Redis and SQL: who establishes it, who notices, what a dead planner leaves."""

import asyncio
from datetime import timedelta

import pytest
from redis.asyncio import Redis
from sqlalchemy import insert, text

from alerts import epoch
from alerts.epoch import KEEPER_LEASE, EpochKeeper, EpochWatch
from alerts.tables import redis_epoch
from storage.database import Database
from storage.keys import EPOCH
from storage.redis import REDIS_AWAY, connect_redis
from tests.alerts.office import HandClock
from tests.conftest import OwnRedis, on_both_kinds
from tests.service import until

WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'transactionid'"
)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for the leases of workers takes a moment only."""
    monkeypatch.setattr(epoch, "TAKE_OVER_MS", 10)


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


async def test_the_first_epoch_is_made_and_kept(database: Database, redis: Redis, hand: HandClock) -> None:
    keeper = EpochKeeper(database, redis, hand, "planner")
    first, made = await keeper.ensure()
    assert made
    assert await redis.get(EPOCH) == first.encode()
    assert await keeper.ensure() == (first, False)
    assert await EpochKeeper(database, redis, hand, "another").ensure() == (first, False)


@on_both_kinds
async def test_a_redis_that_came_back_empty_gets_a_new_one(
    sqlite: Database, redis: Redis, hand: HandClock
) -> None:
    keeper = EpochKeeper(sqlite, redis, hand, "planner")
    first, _ = await keeper.ensure()
    await redis.flushall()
    second, made = await keeper.ensure()
    assert made
    assert second != first
    assert await keeper.ensure() == (second, False)


async def test_another_redis_than_sql_knows_gets_a_new_one(
    sqlite: Database, redis: Redis, hand: HandClock
) -> None:
    keeper = EpochKeeper(sqlite, redis, hand, "planner")
    await keeper.ensure()
    await redis.set(EPOCH, "restored from a copy of last week")
    second, made = await keeper.ensure()
    assert made
    assert await redis.get(EPOCH) == second.encode()


@on_both_kinds
async def test_two_planners_make_one_epoch(database: Database, redis: Redis, hand: HandClock) -> None:
    keepers = [EpochKeeper(database, redis, hand, name) for name in ("one", "two")]
    await keepers[0].ensure()
    hand.at += KEEPER_LEASE * 2
    await redis.flushall()
    answers = await asyncio.gather(*(keeper.ensure() for keeper in keepers))
    made = [name for name, new in answers if new]
    assert len(made) == 1
    assert await redis.get(EPOCH) == made[0].encode()
    assert {name for name, new in answers if not new} <= {"", made[0]}


async def test_two_planners_make_the_very_first_one_at_once(
    database: Database, redis: Redis, hand: HandClock
) -> None:
    if database.dialect != "postgresql":
        pytest.skip("SQLite has one writer: the second one sees what the first wrote")
    slower = EpochKeeper(database, redis, hand, "slower")
    row = {"id": epoch.ROW, "epoch": "the other's", "since": hand.at}

    async def waits() -> bool:
        async with database.read() as connection:
            return bool((await connection.execute(WAITING)).scalar_one())

    async with database.durable() as faster:
        await faster.execute(insert(redis_epoch).values(row))
        asking = asyncio.create_task(slower.ensure())
        await until(waits, what="the slower one waits for the faster one")
    assert await asking == ("", False)


async def test_a_planner_that_died_over_it_is_waited_for_once(
    sqlite: Database, redis: Redis, hand: HandClock
) -> None:
    dead = EpochKeeper(sqlite, redis, hand, "dead")
    await dead.ensure()
    hand.at += KEEPER_LEASE * 2
    await redis.flushall()
    await dead.ensure()
    await redis.delete(EPOCH)  # it wrote the new name to SQL, and died before Redis had it
    heir = EpochKeeper(sqlite, redis, hand, "heir")
    assert await heir.ensure() == ("", False)
    hand.at += KEEPER_LEASE + timedelta(seconds=1)
    name, made = await heir.ensure()
    assert made
    assert await redis.get(EPOCH) == name.encode()


@on_both_kinds
async def test_workers_notice_a_change_and_only_a_change(redis: Redis) -> None:
    told: list[str] = []
    watch = EpochWatch(redis, told.append)
    assert await watch.look()
    assert (watch.value, told) == ("", [])
    await redis.set(EPOCH, "life")
    assert await watch.look()
    assert await watch.look()
    assert (watch.value, told) == ("life", [])
    await redis.flushall()
    assert await watch.look()
    assert (watch.value, told) == ("", [""])
    await redis.set(EPOCH, "next life")
    assert await watch.look()
    assert (watch.value, told) == ("next life", [""])
    await redis.set(EPOCH, "third life")
    assert await watch.look()
    assert told == ["", "third life"]


async def test_redis_away_is_not_a_change(own_redis: OwnRedis, sqlite: Database, hand: HandClock) -> None:
    told: list[str] = []
    client = connect_redis(own_redis.url)
    keeper, watch = EpochKeeper(sqlite, client, hand, "planner"), EpochWatch(client, told.append)
    name, _ = await keeper.ensure()
    await watch.look()
    own_redis.kill()
    assert not await watch.look()
    assert (watch.value, told) == (name, [])
    with pytest.raises(REDIS_AWAY):
        await keeper.ensure()
    own_redis.start()
    assert await watch.look()
    assert told == []
    assert await keeper.ensure() == (name, False), "its file brought the name back"
    await client.aclose()
