"""The epoch: how everybody notices that Redis was lost and begins again without losing or repeating anything.

Touches one Redis key and one SQL row. Redis carries a random name of its life. If the name is missing or
differs from SQL's, Redis was lost (restarted empty, restored, replaced): the planner writes a new name to
SQL, waits one lease so that every worker of the old life has stopped or failed its last check, puts the
name into Redis, and offers every unfinished batch again. Workers act on entries of the epoch in force
only.
"""

import asyncio
import secrets
from collections.abc import Callable
from datetime import timedelta

import structlog
from redis.asyncio import Redis
from sqlalchemy import or_, select, update

from alerts.queue import TAKE_OVER_MS
from alerts.tables import redis_epoch
from storage.clock import SET_BACK, Clock
from storage.database import Database, insert_new
from storage.keys import EPOCH
from storage.redis import REDIS_AWAY, RedisError

ROW = 1
WATCH_EVERY_S = 0.5
KEEPER_LEASE = timedelta(seconds=15)

log = structlog.get_logger(__name__)


async def carried_epoch(redis: Redis) -> str:
    """The name of Redis's life as it carries it, "" = none; raises redis' errors when it is away."""
    found = await redis.get(EPOCH)
    return found.decode() if isinstance(found, bytes) else ""


class EpochWatch:
    """A worker's view of the epoch, refreshed twice a second; "" when Redis does not carry one."""

    def __init__(self, redis: Redis, lost: Callable[[str], None]) -> None:
        """`lost` is called with the new epoch, "" = none yet, when it changed after one was known."""
        self._redis = redis
        self._lost = lost
        self.value = ""

    async def look(self) -> bool:
        """Read the epoch once; False when Redis is away: that changes nothing, leases run out by
        themselves."""
        try:
            found = await carried_epoch(self._redis)
        except (RedisError, *REDIS_AWAY):
            return False
        if self.value and found != self.value:
            log.warning("Redis began a new life", action="epoch.lost")
            self._lost(found)
        self.value = found
        return True

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(WATCH_EVERY_S)


class EpochKeeper:
    """The planner's side: establishes an epoch where there is none. Several planners agree through an SQL
    lease."""

    def __init__(self, database: Database, redis: Redis, clock: Clock, owner: str) -> None:
        self._database = database
        self._redis = redis
        self._clock = clock
        self._owner = owner

    async def ensure(self) -> tuple[str, bool]:
        """Return the epoch in force and whether it was made just now; ("", False) while another planner makes
        it.

        Raises:
            RedisError, OSError: Redis is away.
            StorageUnavailableError: SQL is away.
        """
        carried = await carried_epoch(self._redis)
        async with self._database.read() as connection:
            row = (await connection.execute(select(redis_epoch).where(redis_epoch.c.id == ROW))).one_or_none()
        if row is not None and carried and carried == row.epoch:
            return carried, False
        epoch = secrets.token_hex(8)
        if not await self._claim(epoch, first=row is None):
            return "", False
        if row is not None:
            log.warning("Redis was lost; unfinished batches are offered again", action="epoch.new")
            await asyncio.sleep(TAKE_OVER_MS / 1000)
        await self._redis.set(EPOCH, epoch)
        return epoch, True

    async def _claim(self, epoch: str, *, first: bool) -> bool:
        """Write the new epoch under the lease; False when another planner is at it."""
        now = self._clock.now()
        values = {"epoch": epoch, "since": now, "owner": self._owner, "until": now + KEEPER_LEASE}
        async with self._database.durable() as connection:
            if first:
                return await insert_new(connection, redis_epoch, [{"id": ROW, **values}], ["id"]) == 1
            free = or_(
                redis_epoch.c.until.is_(None),
                redis_epoch.c.until < now,
                redis_epoch.c.until > now + KEEPER_LEASE + SET_BACK,
                redis_epoch.c.owner == self._owner,
            )
            result = await connection.execute(
                update(redis_epoch).where(redis_epoch.c.id == ROW, free).values(**values)
            )
            return result.rowcount == 1
