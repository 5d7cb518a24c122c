"""The shared limiter against a real Redis: never over the rate, replies before bulk, freezes for all."""

import asyncio
import time
from itertools import chain, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from bot.gateway import Limits
from bot.limiter import ALONE_SHARE, HORIZON_US, PACE, Limiter
from storage.clock import Clock, SystemClock
from storage.keys import AccountKeys
from storage.redis import RedisError, connect_redis
from tests.bot.wiring import MovableClock
from tests.conftest import on_both_kinds
from tests.service import until


def limits(per_second: float, *, per_recipient_s: float = 0.0, burst: int = 1) -> Limits:
    return Limits(per_second, per_recipient_s, burst, 50, 4096, 100, "2026-11-01")


def limiter(
    redis: Redis,
    per_second: float,
    *,
    per_recipient_s: float = 0.0,
    burst: int = 1,
    clock: Clock | None = None,
) -> Limiter:
    told = limits(per_second, per_recipient_s=per_recipient_s, burst=burst)
    return Limiter(redis, AccountKeys("telegram", "main"), told, clock or SystemClock())


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


@on_both_kinds
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


async def test_a_message_takes_as_many_slots_as_it_has_parts(redis: Redis) -> None:
    source = limiter(redis, 100.0 / PACE)  # a slot each 10 ms, ten within the horizon
    weights = [3, 1, 4, 2, 3, 1]
    asked = time.monotonic()
    grant = await source.bulk(len(weights), weights)
    assert grant.count == 5, "the fifth begins at the tenth slot, the sixth would begin beyond the horizon"
    assert grant.first_s == 0.0
    refused = await source.bulk(1, [1])
    assert refused.count == 0
    # Thirteen slots are taken: the next one begins 130 ms after the first, and 100 ms before that we may ask.
    assert 0.13 - (time.monotonic() - asked) - HORIZON_US / 1e6 <= refused.wait_s <= 0.13 + 0.01


@given(
    per_second=st.floats(5.0, 2_000.0),
    asks=st.lists(st.lists(st.integers(0, 10), min_size=1, max_size=30), min_size=1, max_size=5),
)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_two_messages_share_a_slot(redis_server: str, per_second: float, asks: list[list[int]]) -> None:
    async def ask() -> None:
        client = connect_redis(redis_server)
        await client.flushall()
        source, busy_until = limiter(client, per_second), 0.0
        try:
            for weights in asks:
                before = time.monotonic()
                grant = await source.bulk(len(weights), weights)
                after = time.monotonic()
                assert grant.count <= len(weights)
                slots = sum(max(1, weight) for weight in weights[: grant.count])
                if grant.count:
                    # Our clock is read before and after Redis read its own.
                    assert after + grant.first_s >= busy_until - 1e-3
                    last = grant.first_s + (slots - max(1, weights[grant.count - 1])) * grant.spacing_s
                    assert last <= HORIZON_US / 1e6 + 1e-3, "no message begins beyond the horizon"
                    busy_until = before + grant.first_s + slots * grant.spacing_s
        finally:
            await client.aclose()

    asyncio.run(ask())


async def test_one_each_is_the_same_with_and_without_weights(redis: Redis) -> None:
    plain = await limiter(redis, 200.0).bulk(1000)
    await redis.flushall()
    assert (await limiter(redis, 200.0).bulk(1000, [1] * 1000)).count == plain.count


async def test_a_reply_of_several_parts_keeps_bulk_waiting_for_all_of_them(redis: Redis) -> None:
    source = limiter(redis, 10.0 / PACE)  # a slot each 100 ms
    granted, wait = await source._reply_slot(b"lane", 5)
    assert granted
    assert wait == 0.0
    refused = await source.bulk(1)
    assert refused.count == 0
    assert 0.3 < refused.wait_s <= 0.5
    away = Limiter(
        connect_redis("unix:///nonexistent/redis.sock"),
        AccountKeys("sms", "main"),
        limits(1000.0),
        SystemClock(),
    )
    before = time.monotonic()
    for _message in range(2):
        await away.reply(b"lane", 10)  # alone: 200 slots a second
    assert time.monotonic() - before >= 10 / (1000.0 * PACE * ALONE_SHARE)


async def test_a_reply_goes_before_the_bulk_that_waits(redis: Redis) -> None:
    source = limiter(redis, 20.0)
    await source.bulk(1000)
    granted, wait = await source._reply_slot(b"lane")
    assert granted
    assert wait <= HORIZON_US / 1e6 + 0.06  # the next free slot, wherever bulk has got to
    blocked = await source.bulk(1)
    assert blocked.count == 0
    assert blocked.wait_s > 0


@on_both_kinds
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


@on_both_kinds
async def test_a_freeze_stops_everybody_and_is_never_shortened(redis: Redis) -> None:
    one, other, third = (limiter(redis, 1000.0) for _ in range(3))
    await one.freeze(30.0)
    await other.freeze(1.0)
    refused = await third.bulk(10)
    assert refused.count == 0
    assert 28.0 < refused.wait_s <= 30.0


async def test_who_was_told_to_wait_waits_though_redis_forgot_it(redis: Redis) -> None:
    told = limiter(redis, 1000.0)
    await told.freeze(30.0)
    await redis.flushdb()
    assert (await told.bulk(1)).count == 0
    assert (await told._reply_slot(b"lane"))[0] is False
    assert (await limiter(redis, 1000.0).bulk(1)).count == 1, "another process has no way to know"


async def test_replies_go_on_alone_when_redis_is_away() -> None:
    away = connect_redis("unix:///nonexistent/redis.sock")
    source = limiter(away, 1000.0)
    await asyncio.wait_for(source.reply(b"lane"), 5)
    with pytest.raises(RedisError):
        await source.bulk(1)
    await away.aclose()


async def set_back(redis: Redis, seconds: int) -> None:
    """The clock of Redis's machine goes back: all that was written lies in its future."""
    for key in await redis.keys("muster:*"):
        words = (await redis.get(key)).split() if await redis.type(key) == b"string" else []
        if len(words) == 2:
            later = b" ".join(b"%d" % (int(word) + seconds * 1_000_000) for word in words)
            await redis.set(key, later, px=60_000)


async def test_a_clock_that_goes_back_stops_nobody(redis: Redis) -> None:
    source = limiter(redis, 100.0, per_recipient_s=0.05)
    await source.reply(b"somebody")
    await source.bulk(100)
    await set_back(redis, 3_600)
    # What had been granted lies as far ahead as before, not an hour farther, and is not forgotten either.
    grant = await source.bulk(100)
    assert grant.count or 0 < grant.wait_s <= HORIZON_US / 1e6
    async with asyncio.timeout(5):
        await source.reply(b"somebody")


async def test_a_clock_that_goes_back_makes_no_freeze_longer_or_shorter(redis: Redis) -> None:
    source, other = limiter(redis, 100.0), limiter(redis, 100.0)
    await source.freeze(20.0)
    await set_back(redis, 3_600)
    assert 15 < (await other.bulk(1)).wait_s <= 20
    await source.freeze(30.0)
    assert 25 < (await other.bulk(1)).wait_s <= 30


async def test_a_freeze_ends_though_the_clock_went_back(redis: Redis) -> None:
    source, other = limiter(redis, 100.0), limiter(redis, 100.0)
    await source.freeze(0.4)
    await set_back(redis, 3_600)
    assert 0 < (await other.bulk(1)).wait_s <= 0.4

    async def granted() -> bool:
        return (await other.bulk(1)).count == 1

    await until(granted, 5, "the freeze is over")


async def test_a_freeze_that_redis_forgot_holds_here_until_it_is_over(redis: Redis) -> None:
    clock = MovableClock()
    source = limiter(redis, 100.0, clock=clock)
    await source.freeze(3_000.0)
    await redis.flushall()
    clock.ahead += 2_900.0
    assert 90 < (await source.bulk(1)).wait_s <= 100
    assert (await source._reply_slot(b"lane"))[0] is False
    clock.ahead += 101.0
    assert (await source.bulk(1)).count == 1
