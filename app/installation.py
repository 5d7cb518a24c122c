"""`muster run all`: one machine, everything on it, from nothing. Touches processes and the data folder.

Every run leaves what the next one can adopt: data in SQL, a Redis with its file, keys made once.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from app.core import open_core
from app.embedded import EmbeddedRedis, start_redis, stop_redis
from app.geography import ensure_gazetteer
from app.settings import Settings, environment, variables_of
from app.supervisor import Child, Supervisor, muster
from storage.migrate import migrate

STOP_MARGIN_S = 10.0
PROCESSES = ("web", "planner", "worker")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Installation:
    """A prepared installation: everything the processes need is there."""

    settings: Settings
    redis: EmbeddedRedis | None

    def children(self, logs: Path | None = None) -> list[Child]:
        """The processes of the service."""
        inherited = {name: value for name, value in environment().items() if not name.startswith("MUSTER_")}
        variables = {**inherited, **variables_of(self.settings)}
        return [
            muster(name, "run", name, variables=variables, log_to=logs and logs / f"{name}.log")
            for name in PROCESSES
        ]

    def close(self) -> None:
        """Stop the Redis we started or adopted."""
        if self.redis:
            stop_redis(self.redis)


async def prepare(settings: Settings) -> Installation:
    """Make what is missing: folders, Redis, schema, gazetteer; check that the settings fit together.

    Raises:
        SettingsError, ConfigurationError, HalfConfiguredError, EmbeddedRedisError, StorageError: the
            service cannot start like this; the text says what to do.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    redis = None
    if not settings.redis_url:
        redis = await asyncio.to_thread(start_redis, settings.data_dir / "redis")
        settings = settings.model_copy(update={"redis_url": redis.url})
        settings.model_fields_set.add("redis_url")
    try:
        await asyncio.to_thread(migrate, settings.sql_url)
        await asyncio.to_thread(ensure_gazetteer, settings)
        async with open_core(settings):
            log.info("the settings fit together", action="installation.checked")
    except BaseException:
        if redis:
            await asyncio.to_thread(stop_redis, redis)
        raise
    return Installation(settings, redis)


async def run_all(settings: Settings, more: Sequence[Child] = ()) -> None:
    """Run every process until Ctrl-C or SIGTERM; then stop everything that was started."""
    installation = await prepare(settings)
    try:
        grace_s = installation.settings.drain_s * 2 + STOP_MARGIN_S
        await Supervisor([*installation.children(), *more], grace_s=grace_s).run()
    finally:
        await asyncio.to_thread(installation.close)
