"""The same job on the queues that others use: taskiq (Redis streams), saq, arq. Touches Redis and loopback.

As a process (`python -m benchmarks.other_queues`) one of two: `enqueue` puts the jobs, `work` does them, a
hundred at once, with each library's own worker. Settings that are not the library's default make it faster.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from arq.connections import ArqRedis
from arq.worker import Worker as ArqWorker
from arq.worker import func as arq_function
from redis.asyncio import ConnectionPool, Redis
from saq import Worker as SaqWorker
from saq.queue.redis import RedisQueue
from taskiq.receiver import Receiver
from taskiq_redis import RedisStreamBroker

from app.loops import new_event_loop
from benchmarks.posting import AT_ONCE, Post, posting

ENQUEUED_AT_ONCE = 50
MANY = 500  # connections: redis-py allows 100 by itself, and a worker of a hundred jobs needs more


async def enqueue(library: str, redis_url: str, count: int) -> None:
    """Put jobs for chats 1..`count`."""
    numbers = iter(range(1, count + 1))
    if library == "taskiq":
        broker = RedisStreamBroker(redis_url, consumer_id="0")
        task = broker.register_task(_nothing, task_name="post")
        await broker.startup()
        await _spread(task.kiq, numbers)
        await broker.shutdown()
    elif library == "saq":
        queue = RedisQueue(Redis.from_url(redis_url, max_connections=MANY))
        await queue.connect()
        await _spread(lambda number: queue.enqueue("post", number=number, timeout=60), numbers)
        await queue.disconnect()
    else:
        pool = _arq_pool(redis_url)
        await _spread(lambda number: pool.enqueue_job("post", number), numbers)
        await pool.aclose()


async def _spread(put: Any, numbers: Any) -> None:
    async def one() -> None:
        for number in numbers:
            await put(number)

    await asyncio.gather(*(one() for _ in range(ENQUEUED_AT_ONCE)))


async def _nothing(number: int) -> None:
    raise RuntimeError(f"job {number} must be done by the worker")


def _arq_pool(redis_url: str) -> ArqRedis:
    return ArqRedis(connection_pool=ConnectionPool.from_url(redis_url, max_connections=MANY))


async def _work(library: str, redis_url: str, post: Post) -> None:
    """Do jobs until cancelled."""
    if library == "taskiq":
        broker = RedisStreamBroker(redis_url, consumer_id="0")

        async def taskiq_job(number: int) -> None:
            await post(number)

        broker.register_task(taskiq_job, task_name="post")
        with ThreadPoolExecutor(1) as pool:
            receiver = Receiver(broker, executor=pool, max_async_tasks=AT_ONCE, max_prefetch=AT_ONCE)
            await receiver.listen(asyncio.Event())
    elif library == "saq":

        async def saq_job(_context: Any, *, number: int) -> None:
            await post(number)

        queue = RedisQueue(Redis.from_url(redis_url, max_connections=MANY))
        await SaqWorker(queue, [("post", saq_job)], concurrency=AT_ONCE).start()
    else:

        async def arq_job(_context: Any, number: int) -> None:
            await post(number)

        worker = ArqWorker(
            [arq_function(cast("Any", arq_job), name="post", keep_result=0)],
            redis_pool=_arq_pool(redis_url),
            max_jobs=AT_ONCE,
            poll_delay=0.01,
            handle_signals=False,
            log_results=False,
        )
        await worker.async_run()


async def _run(given: Mapping[str, Any]) -> None:
    if given["role"] == "enqueue":
        await enqueue(given["library"], given["redis"], given["count"])
        print("ready", flush=True)
        return
    async with posting(given["base"]) as post:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        working = asyncio.create_task(_work(given["library"], given["redis"], post))
        await asyncio.to_thread(sys.stdin.read)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_run(json.loads(sys.argv[1])))
