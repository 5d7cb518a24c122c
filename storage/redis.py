"""Connections to Redis by URL (`redis://`, `rediss://`, `unix://`). Touches redis-py only."""

import asyncio
from collections.abc import Iterable
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from storage.errors import ConfigurationError

# What a caller may see when Redis is away, loading its file, full, or a failover is under way.
REDIS_AWAY = (RedisConnectionError, RedisTimeoutError, OSError)

CANCEL_AGAIN_S = 0.2

__all__ = ["REDIS_AWAY", "RedisError", "ResponseError", "connect_redis", "end_tasks"]


async def end_tasks(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel tasks that talk with Redis and return once they have ended.

    A cancellation that arrives while the client gives up a connection may be swallowed there: it is repeated.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_S)


def connect_redis(url: str, *, connections: int = 20, timeout_s: float = 5.0) -> "Redis":
    """Return a client for `url`; nothing connects yet.

    A reader that blocks on a stream needs a client of its own: `timeout_s` must exceed its block time.

    Raises:
        ConfigurationError: the URL is not one of Redis.
    """
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=connections,
            timeout=timeout_s,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            decode_responses=False,
            # One owner of retries: the caller. A silent second try could repeat what was carried out.
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError as error:
        raise ConfigurationError("the Redis URL must begin with redis:, rediss: or unix:") from error
    return Redis.from_pool(pool)
