"""Redis dies, comes back with its file, comes back empty, is full, stands still: in the middle of a warning.
Nobody is lost, nobody has it twice, and all goes on by itself."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from storage.redis import connect_redis
from tests.conftest import OwnRedis
from tests.faults.conftest import Opener
from tests.faults.front import Front

pytestmark = pytest.mark.usefixtures("haste")
RESUME_S = 60.0  # at most, after it is back


async def with_its_file(own: OwnRedis, _client: Redis) -> None:
    own.kill()
    await asyncio.sleep(0.5)
    await asyncio.to_thread(own.start)


async def empty(own: OwnRedis, _client: Redis) -> None:
    own.kill()
    own.empty()
    await asyncio.to_thread(own.start)


async def full(_own: OwnRedis, client: Redis) -> None:
    await client.config_set("maxmemory", 1)  # noeviction: whatever would add memory is refused
    await asyncio.sleep(1.5)
    await client.config_set("maxmemory", 0)


def frozen(seconds: float) -> Callable[[OwnRedis, Redis], Awaitable[None]]:
    async def freeze(own: OwnRedis, _client: Redis) -> None:
        assert own.server is not None
        os.kill(own.server.process_id, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        os.kill(own.server.process_id, signal.SIGCONT)

    return freeze


async def paused(_own: OwnRedis, client: Redis) -> None:
    await client.execute_command("CLIENT", "PAUSE", 1_500, "ALL")


FAULTS = (with_its_file, empty, full, frozen(2.0), paused)


async def _strikes(
    field: Front, number: int, own: OwnRedis, fault: Callable[[OwnRedis, Redis], Awaitable[None]]
) -> None:
    client = connect_redis(own.url)
    try:
        alert = await field.warn(number)
        await field.sent_to(15, number)
        await fault(own, client)
        back = time.monotonic()
        await field.sent_to(len(field.chats), number, RESUME_S)
        resumed = min(copy.mono for copy in field.copies(number) if copy.mono > back)
        assert resumed - back <= RESUME_S
        await field.over(alert)
        assert await field.verdict(alert, number) == 0
    finally:
        await client.aclose()


async def test_nobody_is_lost_and_nobody_has_it_twice(
    front: Opener, own_redis: OwnRedis, either_url: str
) -> None:
    async with front(either_url, 60) as field, field.at_work():
        for number, fault in enumerate(FAULTS, 1):
            await _strikes(field, number, own_redis, fault)


@pytest.mark.soak
async def test_half_a_minute_without_an_answer(front: Opener, own_redis: OwnRedis, database_url: str) -> None:
    async with front(database_url, 200) as field, field.at_work():
        await _strikes(field, 1, own_redis, frozen(30.0))


async def test_a_redis_that_was_full_before_it_began(
    front: Opener, own_redis: OwnRedis, sqlite_url: str
) -> None:
    client = connect_redis(own_redis.url)
    await client.config_set("maxmemory", 1)
    async with front(sqlite_url, 30) as field, field.at_work():
        alert = await field.warn()
        await asyncio.sleep(1.0)
        assert not field.copies(), "nothing leaves unless the limiter says so"
        await client.config_set("maxmemory", 0)
        await field.over(alert)
        assert await field.verdict(alert) == 0
    await client.aclose()
