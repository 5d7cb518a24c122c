"""What a worker holds, and until when it may act on it, against a real Redis and a clock set by hand."""

from datetime import timedelta

import pytest
from redis.asyncio import Redis

from alerts.lease import LEASE_S, Lease
from alerts.queue import TAKE_OVER_MS, Entry, Queue
from storage.keys import GROUP, AccountKeys
from storage.redis import REDIS_AWAY, connect_redis
from tests.alerts.office import HandClock
from tests.conftest import OwnRedis, on_both_kinds

KEYS = AccountKeys("telegram", "main")


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


async def taken(queue: Queue, batch: int = 1, priority: int = 1) -> Entry:
    await queue.prepare()
    await queue.offer(priority, [batch], "life")
    [entry] = await queue.take(None)
    return entry


@on_both_kinds
async def test_a_frozen_worker_finds_its_lease_over_before_others_may_take_it(
    redis: Redis, hand: HandClock
) -> None:
    queue = Queue(redis, redis, KEYS, "one")
    lease = Lease(queue, hand)
    held = lease.hold(await taken(queue), hand.monotonic())
    assert lease.may_send(held)
    hand.at += timedelta(seconds=LEASE_S)
    assert TAKE_OVER_MS / 1000 > LEASE_S
    assert not lease.may_send(held)
    await lease.beat()
    assert lease.may_send(held), "nobody took it: Redis says it is still ours"


@on_both_kinds
async def test_an_entry_taken_over_is_lost_for_good(redis: Redis, hand: HandClock) -> None:
    queue = Queue(redis, redis, KEYS, "one")
    lease = Lease(queue, hand)
    held = lease.hold(await taken(queue), hand.monotonic())
    await redis.xclaim(held.entry.stream, GROUP, "two", 0, [held.entry.entry_id])
    await lease.beat()
    assert held.lost
    assert not lease.may_send(held)


async def test_entries_of_two_streams_with_one_id_are_two(redis: Redis, hand: HandClock) -> None:
    queue = Queue(redis, redis, KEYS, "one")
    await queue.prepare()
    for priority in (0, 1):
        await redis.xadd(KEYS.stream(priority), {"b": 10 + priority, "e": "life"}, id="5-0")
    entries = [entry for _ in range(2) for entry in await queue.take(None)]
    assert {entry.entry_id for entry in entries} == {b"5-0"}
    lease = Lease(queue, hand)
    first, second = [lease.hold(entry, hand.monotonic()) for entry in entries]
    hand.at += timedelta(seconds=LEASE_S)
    await lease.beat()
    assert lease.may_send(first)
    assert lease.may_send(second)
    lease.drop(first)
    assert not lease.has(first.entry)
    assert lease.has(second.entry)


async def test_letting_go_of_an_older_hold_keeps_the_newer(redis: Redis, hand: HandClock) -> None:
    queue = Queue(redis, redis, KEYS, "one")
    lease, entry = Lease(queue, hand), await taken(queue)
    older = lease.hold(entry, hand.monotonic())
    newer = lease.hold(entry, hand.monotonic())
    lease.drop(older)
    assert lease.has(entry)
    lease.drop(newer)
    assert not lease.has(entry)


async def test_a_new_life_of_redis_ends_what_is_of_another(redis: Redis, hand: HandClock) -> None:
    queue = Queue(redis, redis, KEYS, "one")
    lease = Lease(queue, hand)
    held = lease.hold(await taken(queue), hand.monotonic())
    lease.lose("life")
    assert lease.may_send(held)
    lease.lose("next life")
    assert not lease.may_send(held)
    assert not lease.has(held.entry), "the entry may be begun anew"


async def test_after_redis_was_away_it_must_confirm_before_anything_is_sent(
    own_redis: OwnRedis, hand: HandClock
) -> None:
    client = connect_redis(own_redis.url)
    queue = Queue(client, client, KEYS, "one")
    lease = Lease(queue, hand)
    held = lease.hold(await taken(queue), hand.monotonic())
    own_redis.kill()
    with pytest.raises(REDIS_AWAY):
        await lease.beat()
    assert not lease.may_send(held)
    own_redis.start()
    assert not lease.may_send(held)
    await lease.beat()
    assert lease.may_send(held)
    await client.aclose()
