"""The shared limiter against a real Redis: never over the rate, replies before bulk, freezes for all."""

import asyncio
import time
from itertools import chain, pairwise

import pytest
from redis.asyncio import Redis

from bot.gateway import Limits
from bot.limiter import HORIZON_US, Limiter
from storage.keys import AccountKeys
from storage.redis import RedisError, connect_redis


def limits(per_second: float, *, per_recipient_s: float = 0.0, burst: int = 1) -> Limits:
    return Limits(per_second, per_recipient_s, burst, 50, 4096, 100, "2026-11-01")


def limiter(redis: Redis, per_second: float, **more: float) -> Limiter:
    return Limiter(redis, AccountKeys("telegram", "main"), limits(per_second, **more))  # type: ignore[arg-type]


async def take(source: Limiter, seconds: float) -> list[float]:
    """Ask like a worker for `seconds`; the times of the slots granted."""
    slots: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        asked = time.monotonic()
        grant = await source.bulk(100)
        slots += [asked + grant.first_s + index * grant.spacing_s for index in range(grant.count)]
        await asyncio.sleep(grant.wait_s if not grant.count else grant.count * grant.spacing_s / 2)
    return slots


async def test_two_workers_share_one_rate_without_bursts(redis: Redis) -> None:
    first, second = limiter(redis, 1000.0), limiter(redis, 1000.0)
    slots = sorted(chain(*await asyncio.gather(take(first, 0.6), take(second, 0.6))))
    # Every grant is at most 100 ms ahead of the clock, so the count is bounded whatever the machine's load.
    window = slots[-1] - slots[0]
    assert 100 < len(slots) <= window * 1000 * 0.97 + 20
    assert len(slots) == len(set(slots))


async def test_grants_never_reach_further_than_the_horizon(redis: Redis) -> None:
    source = limiter(redis, 100.0)
    first = await source.bulk(1000)
    assert first.count <= HORIZON_US / 1e6 * 100 + 1
    again = await source.bulk(1000)
    assert again.count <= 1
    assert again.wait_s > 0 or again.count == 1


async def test_a_reply_goes_before_the_bulk_that_waits(redis: Redis) -> None:
    source = limiter(redis, 20.0)
    await source.bulk(1000)
    granted, wait = await source._reply_slot(b"lane")
    assert granted
    assert wait <= HORIZON_US / 1e6 + 0.06  # the next free slot, wherever bulk has got to
    blocked = await source.bulk(1)
    assert blocked.count == 0
    assert blocked.wait_s > 0


async def test_replies_to_one_person_keep_their_distance(redis: Redis) -> None:
    source = limiter(redis, 1000.0, per_recipient_s=0.15, burst=2)
    stamps = []
    for _ in range(5):
        await source.reply(b"one")
        stamps.append(time.monotonic())
    gaps = [after - before for before, after in pairwise(stamps)]
    assert sum(gaps[1:]) >= 3 * 0.15 * 0.95
    before = time.monotonic()
    await source.reply(b"another")
    assert time.monotonic() - before < stamps[-1] - stamps[0]


async def test_a_freeze_stops_everybody_and_is_never_shortened(redis: Redis) -> None:
    one, other = limiter(redis, 1000.0), limiter(redis, 1000.0)
    await one.freeze(30.0)
    await other.freeze(1.0)
    refused = await other.bulk(10)
    assert refused.count == 0
    assert 28.0 < refused.wait_s <= 30.0


async def test_replies_go_on_alone_when_redis_is_away() -> None:
    away = connect_redis("unix:///nonexistent/redis.sock")
    source = limiter(away, 1000.0)
    await asyncio.wait_for(source.reply(b"lane"), 5)
    with pytest.raises(RedisError):
        await source.bulk(1)
    await away.aclose()
