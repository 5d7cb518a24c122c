"""Who works on which share of the lanes. Touches the table `lane_lease` only.

Each partition is leased by one process for 10 s. A lease only saves work: what keeps one person's messages
in order is the *fence*, a number that rises whenever a partition changes hands and that a step checks as the
last thing before it commits. Rows with negative numbers are *seats*, one per living process, by which a
newcomer is seen and gets its share; below `FIRST_SOLO` they are leases of single jobs (polling one account).
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zlib import crc32

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.inbox import LANE_PARTITIONS
from bot.tables import lane_lease
from storage.clock import SET_BACK, Clock
from storage.database import Database, insert_new

LEASE_S = 10.0
SEATS = 256
FIRST_SOLO = -1_000
SOLO_NUMBERS = 30_000

_LeaseRow = Row[int, str, int, datetime]  # partition, owner, fence, until
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class LaneLeases:
    """The partitions this process holds; call `renew` about every third of `seconds`.

    Args:
        owner: a name no other living process has, at most 40 characters.
    """

    def __init__(self, database: Database, clock: Clock, owner: str, *, seconds: float = LEASE_S) -> None:
        self._database = database
        self._clock = clock
        self._owner = owner
        self._seconds = seconds
        self._held: dict[int, int] = {}
        self._until = -math.inf

    @property
    def seconds(self) -> float:
        """How long a lease lasts."""
        return self._seconds

    def held(self) -> Mapping[int, int]:
        """Partition -> fence of every lease that has not run out; empty after a freeze of this process."""
        return dict(self._held) if self._clock.monotonic() < self._until else {}

    async def renew(self) -> None:
        """Renew what is ours, give back what is above our share, take what is free.

        Raises:
            StorageUnavailableError: nothing changed; the leases run out by themselves.
        """
        start, now = self._clock.monotonic(), self._clock.now()
        async with self._database.durable() as connection:
            rows = await self._rows(connection)
            seats = await self._sit(connection, [row for row in rows if row.partition < 0], now)
            share = math.ceil(LANE_PARTITIONS / seats)
            held = await self._share_out(connection, [row for row in rows if row.partition >= 0], share, now)
        self._held, self._until = held, start + self._seconds

    async def release(self) -> None:
        """Give everything back at once, so that nobody waits for a lease of a process that ended."""
        self._held, self._until = {}, -math.inf
        async with self._database.durable() as connection:
            mine = lane_lease.c.owner == self._owner
            await connection.execute(update(lane_lease).where(mine).values(until=self._clock.now()))

    async def _rows(self, connection: AsyncConnection) -> Sequence[_LeaseRow]:
        columns = lane_lease.c.partition, lane_lease.c.owner, lane_lease.c.fence, lane_lease.c.until
        query = select(*columns).where(lane_lease.c.partition > FIRST_SOLO).order_by(lane_lease.c.partition)
        rows = (await connection.execute(query.with_for_update())).all()
        if sum(row.partition >= 0 for row in rows) == LANE_PARTITIONS:
            return rows
        free = {"owner": "", "fence": 0, "until": _LONG_AGO}
        new = [{"partition": number, **free} for number in range(LANE_PARTITIONS)]
        await insert_new(connection, lane_lease, new, ["partition"])
        return (await connection.execute(query.with_for_update())).all()

    async def _sit(self, connection: AsyncConnection, seats: Sequence[_LeaseRow], now: datetime) -> int:
        """Keep or take a seat; return how many processes live, this one included."""
        others = sum(not self._is_over(row, now) and row.owner != self._owner for row in seats)
        mine = {"owner": self._owner, "until": now + timedelta(seconds=self._seconds)}
        free = next(
            (row for row in seats if row.owner == self._owner),
            next((row for row in seats if self._is_over(row, now)), None),
        )
        if free is not None:
            where = lane_lease.c.partition == free.partition
            await connection.execute(update(lane_lease).where(where).values(**mine))
        elif len(seats) < SEATS:
            row = {"partition": -1 - len(seats), "fence": 0, **mine}
            await insert_new(connection, lane_lease, [row], ["partition"])
        return int(others) + 1

    async def _share_out(
        self,
        connection: AsyncConnection,
        rows: Sequence[_LeaseRow],
        share: int,
        now: datetime,
    ) -> dict[int, int]:
        mine = [row for row in rows if row.owner == self._owner]
        keep, extra = mine[:share], mine[share:]
        free = [row for row in rows if row.owner != self._owner and self._is_over(row, now)]
        take = free[: max(0, share - len(keep))]
        until = now + timedelta(seconds=self._seconds)
        await self._set(connection, keep, until=until)
        await self._set(connection, extra, until=now)
        await self._set(connection, take, owner=self._owner, fence=lane_lease.c.fence + 1, until=until)
        return {row.partition: row.fence for row in keep} | {row.partition: row.fence + 1 for row in take}

    def _is_over(self, row: _LeaseRow, now: datetime) -> bool:
        beyond = now + timedelta(seconds=self._seconds) + SET_BACK
        return not now < row.until <= beyond

    async def _set(
        self,
        connection: AsyncConnection,
        rows: Sequence[_LeaseRow],
        **values: object,
    ) -> None:
        if rows:
            numbers = [row.partition for row in rows]
            where = lane_lease.c.partition.in_(numbers)
            await connection.execute(update(lane_lease).where(where).values(**values))


_FENCE = (
    select(lane_lease.c.fence).where(lane_lease.c.partition == bindparam("number")).with_for_update(read=True)
)


async def fence_stands(connection: AsyncConnection, partition: int, fence: int) -> bool:
    """Whether `partition` has not changed hands since it was leased with `fence`.

    Must be the last thing a step asks: the row stays share-locked until the step has committed, so whoever
    takes the partition waits for it.
    """
    return (await connection.execute(_FENCE, {"number": partition})).scalar_one_or_none() == fence


class SoloLease:
    """A lease of one job that only one process may do at a time; the job is named, not numbered."""

    def __init__(
        self, database: Database, clock: Clock, owner: str, job: str, *, seconds: float = LEASE_S
    ) -> None:
        self._database = database
        self._clock = clock
        self._owner = owner
        self._number = FIRST_SOLO - crc32(job.encode()) % SOLO_NUMBERS
        self._seconds = seconds

    @property
    def seconds(self) -> float:
        """How long the lease lasts."""
        return self._seconds

    async def hold(self) -> bool:
        """Take or renew the lease; whether it is ours for the next `seconds`.

        Raises:
            StorageUnavailableError: unknown; the job must stop before the lease runs out.
        """
        now = self._clock.now()
        row = {"partition": self._number, "owner": "", "fence": 0, "until": _LONG_AGO}
        async with self._database.durable() as connection:
            await insert_new(connection, lane_lease, [row], ["partition"])
            until = now + timedelta(seconds=self._seconds)
            free = (lane_lease.c.until <= now) | (lane_lease.c.until > until + SET_BACK)
            ours_or_free = (lane_lease.c.owner == self._owner) | free
            result = await connection.execute(
                update(lane_lease)
                .where(lane_lease.c.partition == self._number, ours_or_free)
                .values(owner=self._owner, until=until)
            )
        return result.rowcount == 1

    async def release(self) -> None:
        """Let another process take the job at once."""
        async with self._database.durable() as connection:
            mine = (lane_lease.c.partition == self._number) & (lane_lease.c.owner == self._owner)
            await connection.execute(update(lane_lease).where(mine).values(until=self._clock.now()))
