"""A worker that was held up takes its own entry over: it goes on with the batch it has."""

from redis.asyncio import Redis

from alerts.lease import Lease
from alerts.queue import Queue
from storage.clock import SystemClock
from storage.keys import GROUP, AccountKeys


async def test_taking_over_from_ourselves_is_noticed(redis: Redis, clock: SystemClock) -> None:
    keys = AccountKeys("telegram", "main")
    queue = Queue(redis, redis, keys, "one")
    await queue.prepare()
    await queue.offer(0, [7], "epoch")
    [entry] = await queue.take(10)
    lease = Lease(queue, clock)
    held = lease.hold(entry, clock.monotonic())
    assert lease.has(entry)

    await redis.xclaim(entry.stream, GROUP, "one", 0, [entry.entry_id], idle=60_000, justid=True)
    again = await queue.take_over()
    assert again is not None
    assert lease.has(again)
    await lease.beat()
    assert lease.may_send(held)

    other = Queue(redis, redis, keys, "two")
    await redis.xclaim(entry.stream, GROUP, "one", 0, [entry.entry_id], idle=60_000, justid=True)
    assert await other.take_over() is not None
    await lease.beat()
    assert held.lost
    assert not lease.may_send(held)
    assert not lease.has(entry)
