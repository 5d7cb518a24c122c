"""What is offered once more: missing batches are put back, and nothing is written again for the others."""

from datetime import datetime, timedelta

import pytest
from redis.asyncio import Redis
from sqlalchemy import select, update

from alerts import dispatch, plans
from alerts.tables import batch
from storage.vault import Vault
from tests.alerts.office import Office
from tests.alerts.post_room import PostRoom, open_post_room


@pytest.fixture
async def room(quick_office: Office, redis: Redis, vault: Vault) -> PostRoom:
    return await open_post_room(quick_office, redis, vault)


async def offered(room: PostRoom) -> list[datetime]:
    async with room.office.database.read() as connection:
        return list((await connection.execute(select(batch.c.offered_at))).scalars())


async def on_streams(redis: Redis) -> int:
    keys = [key async for key in redis.scan_iter() if await redis.type(key) == b"stream"]
    return sum([int(await redis.xlen(key)) for key in keys])


async def test_what_lies_there_is_not_written_again(
    room: PostRoom, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.write(40)
    await room.dispatch.step()
    first, lying = await offered(room), await on_streams(redis)
    assert lying == len(first) > 1
    assert all(first)
    monkeypatch.setattr(dispatch, "OFFER_ALL_EVERY_S", 0.0)
    await room.dispatch.step()
    assert await offered(room) == first
    assert await on_streams(redis) == lying


async def test_what_redis_forgot_lies_there_again(
    room: PostRoom, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.write(40)
    await room.dispatch.step()
    lying = await on_streams(redis)
    async for key in redis.scan_iter():  # its append-only file lost the last second; the epoch is older
        if await redis.type(key) in {b"stream", b"set"}:
            await redis.delete(key)
    await room.dispatch.step()
    assert await on_streams(redis) == 0, "not looked for at every step"
    monkeypatch.setattr(dispatch, "OFFER_ALL_EVERY_S", 0.0)
    await room.dispatch.step()
    assert await on_streams(redis) == lying


async def planning(room: PostRoom, began: timedelta = timedelta(0)) -> None:
    """Somebody plans its revision, or did."""
    async with room.office.database.durable() as connection:
        assert await plans.claim(connection, room.revision, "planner", room.clock.now() + began)


async def test_what_belongs_in_one_order_waits_until_its_planner_wrote_it_all(
    room: PostRoom, redis: Redis
) -> None:
    """Nearest first: part of a stratum must not go before the rest of it."""
    await room.write(15)
    await planning(room)
    await room.dispatch.step()
    assert await room.dispatch.offer_new() == await on_streams(redis) == 0
    assert await room.dispatch.offer_new(room.revision) == await on_streams(redis) > 0


@pytest.mark.parametrize(
    "began", [-plans.LEASE, timedelta(hours=3)], ids=["it died", "the clock was set back"]
)
async def test_nothing_waits_for_a_planner_that_is_gone(
    room: PostRoom, redis: Redis, began: timedelta
) -> None:
    await room.write(15)
    await planning(room, began)
    await room.dispatch.step()
    assert await on_streams(redis) > 0


async def test_a_second_channel_does_not_wait_for_a_planner(room: PostRoom, redis: Redis) -> None:
    await room.write(15)
    async with room.office.database.durable() as connection:
        await connection.execute(update(batch).values(rung=1))
    await planning(room)
    await room.dispatch.step()
    assert await on_streams(redis) > 0
