"""The queue of one account against a real Redis: offered once, urgent first, kept, taken over, settled."""

import asyncio

import pytest
from redis.asyncio import Redis

from alerts import queue as queues
from alerts.queue import Queue
from storage.keys import GROUP, AccountKeys
from storage.redis import ResponseError
from tests.conftest import on_both_kinds

KEYS = AccountKeys("telegram", "main")
pytestmark = on_both_kinds


@pytest.fixture
async def queue(redis: Redis) -> Queue:
    made = Queue(redis, redis, KEYS, "one")
    await made.prepare()
    return made


def other(redis: Redis, name: str = "two") -> Queue:
    return Queue(redis, redis, KEYS, name)


async def idle(redis: Redis, entry: queues.Entry, owner: str = "one") -> None:
    """Let an entry look as if its owner had been silent for a minute."""
    await redis.xclaim(entry.stream, GROUP, owner, 0, [entry.entry_id], idle=60_000, justid=True)


async def test_a_batch_lies_on_a_stream_once(queue: Queue) -> None:
    assert await queue.offer(1, [1, 2], "life") == 2
    assert await queue.offer(1, [1, 2, 3], "life") == 1
    assert await queue.offer(1, [], "life") == 0
    found = [entry.batch for _ in range(4) for entry in await queue.take(None)]
    assert found == [1, 2, 3]


async def test_a_new_life_offers_again(queue: Queue) -> None:
    await queue.offer(1, [1], "life")
    assert await queue.offer(1, [1], "next life") == 1
    found = [(entry.batch, entry.epoch) for _ in range(2) for entry in await queue.take(None)]
    assert found == [(1, "life"), (1, "next life")]


async def test_most_urgent_first(queue: Queue) -> None:
    for priority in (3, 1, 2, 0):
        await queue.offer(priority, [10 + priority, 20 + priority], "life")
    found = [entry.batch for _ in range(8) for entry in await queue.take(None)]
    assert found == [10, 20, 11, 21, 12, 22, 13, 23]
    assert await queue.take(None) == []


async def test_waiting_ends_with_the_first_offer(queue: Queue, redis: Redis) -> None:
    waiting = asyncio.create_task(queue.take(10_000))
    while not waiting.done():
        await other(redis).offer(2, [7], "life")
        await asyncio.sleep(0.01)
    [entry] = waiting.result()
    assert (entry.batch, entry.epoch, entry.again) == (7, "life", False)


async def test_waiting_ends_by_itself(queue: Queue) -> None:
    assert await queue.take(10) == []


async def test_two_workers_never_get_the_same(queue: Queue, redis: Redis) -> None:
    await queue.offer(0, list(range(50)), "life")
    both = [queue, other(redis)]
    found = [entry.batch for turn in range(60) for entry in await both[turn % 2].take(None)]
    assert sorted(found) == list(range(50))


async def test_only_what_was_left_alone_is_taken_over(queue: Queue, redis: Redis) -> None:
    await queue.offer(2, [1], "life")
    [entry] = await queue.take(None)
    assert await other(redis).take_over() is None
    await idle(redis, entry)
    assert await queue.refresh(entry)
    assert await other(redis).take_over() is None, "its owner is alive"
    await idle(redis, entry)
    taken = await other(redis).take_over()
    assert taken is not None
    assert (taken.batch, taken.again) == (1, True)
    assert not await queue.refresh(entry)
    assert not await queue.settle(entry), "it is somebody else's by now"
    assert await other(redis).settle(taken)


async def test_the_most_urgent_is_taken_over_first(queue: Queue, redis: Redis) -> None:
    for priority in (3, 0):
        await queue.offer(priority, [priority], "life")
    for entry in [entry for _ in range(2) for entry in await queue.take(None)]:
        await idle(redis, entry)
    found = [await other(redis).take_over() for _ in range(3)]
    assert [entry.batch if entry else None for entry in found] == [0, 3, None]


async def test_one_behind_many_that_are_at_work_is_found(queue: Queue, redis: Redis) -> None:
    await queue.offer(1, list(range(40)), "life")
    entries = [entry for _ in range(40) for entry in await queue.take(None)]
    await idle(redis, entries[33])
    taken = await other(redis).take_over()
    assert taken is not None
    assert taken.batch == 33


async def test_settled_is_gone_and_may_be_offered_again(queue: Queue, redis: Redis) -> None:
    await queue.offer(1, [1], "life")
    [entry] = await queue.take(None)
    assert await queue.offer(1, [1], "life") == 0, "it is still being worked on"
    assert await queue.settle(entry)
    assert not await queue.settle(entry)
    assert await redis.xlen(KEYS.stream(1)) == 0
    assert await queue.offer(1, [1], "life") == 1


async def test_marks(queue: Queue) -> None:
    assert await queue.marks("5") == b""
    await queue.mark("5", [(0, 1), (3, 4), (9, 200)])
    await queue.mark("5", [(1, 2)])
    assert await queue.marks("5") == bytes([1, 2, 0, 4, 0, 0, 0, 0, 0, 200])
    assert await queue.marks("6") == b""
    assert await queue.provider_ids("5") == {}, "nothing is kept that nobody asked for"


async def test_what_a_provider_calls_messages_outlives_who_sent_them(queue: Queue, redis: Redis) -> None:
    await queue.mark("5", [(0, 1), (1, 1)], [(0, "token-1"), (1, "token-1")])
    await queue.mark("5", [(299, 1), (2, 4)], [(299, "token-2")])
    assert await other(redis).provider_ids("5") == {0: "token-1", 1: "token-1", 299: "token-2"}
    for key in (KEYS.provider_ids("5"), KEYS.marks("5")):
        assert 3_000 < await redis.ttl(key) <= queues.MARKS_LIVE_S


async def test_a_redis_that_came_back_empty_is_prepared_anew(queue: Queue, redis: Redis) -> None:
    await redis.flushall()
    with pytest.raises(ResponseError, match="NOGROUP"):
        await queue.take(10)
    with pytest.raises(ResponseError, match="NOGROUP"):
        await queue.take_over()
    await queue.offer(1, [1], "life")
    await queue.prepare()
    await queue.prepare()
    [entry] = await queue.take(None)
    assert entry.batch == 1, "what was offered before the group was made is not passed over"
