"""Connections to Redis by URL: one server (`redis://`, `rediss://`, `unix://`) or a cluster (`redis+cluster://`,
`rediss+cluster://`, with one or more of its nodes). Touches redis-py only.

A cluster's client answers to the same calls, since every call of ours keeps to keys of one slot
(`storage/keys.py`).
"""

import asyncio
from collections.abc import Iterable
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.cluster import ClusterNode, ClusterPipeline, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisClusterException, RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from storage.errors import ConfigurationError

# What a caller may see when Redis is away, loading its file, full, or a failover is under way.
# Of a cluster, too: that nobody serves a key's slot at this moment.
REDIS_AWAY = (RedisConnectionError, RedisTimeoutError, RedisClusterException, OSError)

CANCEL_AGAIN_S = 0.2
CLUSTERS = {"redis+cluster": False, "rediss+cluster": True}  # scheme -> over TLS?
CLUSTER_PORT = 6379
CLOSED_UNDER_US = "a connection was closed while it was being opened"
CLUSTER_CONNECTIONS = 256  # to each node; a cluster's client has no queue for more

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

    Args:
        connections: most of them at once to one server; further calls wait for a free one.
        timeout_s: seconds without an answer after which a call fails.

    Raises:
        ConfigurationError: the URL is not one of Redis.
    """
    if urlsplit(url).scheme in CLUSTERS:
        return _connect_cluster(url, timeout_s)
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
        raise ConfigurationError(
            "the Redis URL must begin with redis:, rediss:, unix:, redis+cluster: or rediss+cluster:"
        ) from error
    return Redis.from_pool(pool)


def _connect_cluster(url: str, timeout_s: float) -> "Redis":
    parts = urlsplit(url)
    secret, _, hosts = parts.netloc.rpartition("@")
    user, _, password = secret.partition(":")
    nodes = [_node(host) for host in hosts.split(",")]
    if parts.path.strip("/"):
        raise ConfigurationError("a Redis cluster has no numbered databases: leave the path of its URL empty")
    client = _Cluster(
        startup_nodes=nodes,
        username=unquote(user) or None,
        password=unquote(password) or None,
        ssl=CLUSTERS[parts.scheme],
        # Slots of a master that is down are away; everybody else's accounts go on.
        require_full_coverage=False,
        max_connections=CLUSTER_CONNECTIONS,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        # One owner of retries, as below; where a slot moved to is asked anew at the first sign.
        retry=Retry(NoBackoff(), 0),
        reinitialize_steps=1,
    )
    return cast("Redis", client)


class _Cluster(RedisCluster):
    """A cluster's client whose errors are all Redis' own.

    When slots are read anew the library closes every connection to a node that is gone, also one that
    somebody is just opening; whoever does then finds nothing to write to.
    """

    async def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().execute_command(*args, **kwargs)
        except AttributeError as error:
            raise RedisConnectionError(CLOSED_UNDER_US) from error

    def pipeline(self, transaction: Any = None, shard_hint: Any = None) -> "_Pipeline":
        del shard_hint
        return _Pipeline(self, transaction)  # type: ignore[abstract]  # as the library's own is


class _Pipeline(ClusterPipeline):
    """The same for several commands at once."""

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().execute(*args, **kwargs)
        except AttributeError as error:
            raise RedisConnectionError(CLOSED_UNDER_US) from error


def _node(text: str) -> ClusterNode:
    host, _, port = text.rpartition(":") if not text.endswith("]") and ":" in text else (text, "", "")
    if not host or not (port or str(CLUSTER_PORT)).isdigit():
        raise ConfigurationError("a Redis cluster's URL names its nodes: redis+cluster://host:port,host:port")
    return ClusterNode(host.strip("[]"), int(port or CLUSTER_PORT))
