"""Puts open batches on the streams of their accounts. Touches SQL and Redis; SQL says what is open, Redis
what is new.

An offer may be repeated at will: within one epoch of Redis a batch is put on a stream once.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import structlog

from alerts import batches, plans
from alerts.batches import OpenBatch
from alerts.epoch import EpochKeeper
from alerts.queue import Queue
from alerts.routing import Account
from storage.clock import Clock
from storage.database import Database
from storage.redis import REDIS_AWAY, RedisError

PIPELINE = 100
MARKED_AT_ONCE = 1_000
OFFER_ALL_EVERY_S = 5.0

log = structlog.get_logger(__name__)


class Dispatch:
    """Offers what the planner wrote."""

    def __init__(
        self, database: Database, clock: Clock, keeper: EpochKeeper, queues: Mapping[Account, Queue]
    ) -> None:
        self._database = database
        self._clock = clock
        self._keeper = keeper
        self._queues = queues
        self._epoch = ""
        self._all_at = 0.0
        self._away = False

    async def offer_new(self, written: int | None = None) -> int:
        """Offer what no stream saw yet; return how many batches. Redis away is not an error: SQL keeps
        them.

        Args:
            written: a revision whose planner wrote all that belongs in one order.
        """
        return await self._offer(unoffered_only=True, written=written)

    async def step(self) -> None:
        """Establish the epoch if Redis was lost, and offer what may be missing.

        Raises:
            StorageUnavailableError: SQL is away.
        """
        try:
            epoch, made_now = await self._keeper.ensure()
        except (RedisError, *REDIS_AWAY):
            self._say_away()
            return
        self._epoch, self._away = epoch, False
        # What an append-only file lost in its last second is missing without any sign; asking again is cheap.
        everything = made_now or self._clock.monotonic() - self._all_at > OFFER_ALL_EVERY_S
        await self._offer(unoffered_only=not everything)
        if everything:
            self._all_at = self._clock.monotonic()

    async def _offer(self, *, unoffered_only: bool, written: int | None = None) -> int:
        if not self._epoch:
            return 0
        async with self._database.read() as connection:
            # What belongs in one order is offered together, by its planner or when its lease is over.
            planned = plans.being_planned(self._clock.now(), written)
            waiting = await batches.open_batches(connection, unoffered_only=unoffered_only, but=planned)
        unmarked = {one.id for one in waiting if one.offered_at is None}
        offered: list[int] = []
        try:
            for (account, priority), group in _grouped(waiting).items():
                if account in self._queues:
                    offered += await self._put(self._queues[account], priority, group)
        except (RedisError, *REDIS_AWAY):
            self._say_away()
        # What was offered once more is not written again: workers want to close these very rows.
        news = [number for number in offered if number in unmarked]
        for start in range(0, len(news), MARKED_AT_ONCE):
            async with self._database.bulk() as connection:
                await batches.mark_offered(
                    connection, news[start : start + MARKED_AT_ONCE], self._clock.now()
                )
        return len(offered)

    async def _put(self, queue: Queue, priority: int, ids: Sequence[int]) -> Sequence[int]:
        # The first batch goes alone: an idle worker has it while the others are still on their way.
        for start, end in [(0, 1), *((at, at + PIPELINE) for at in range(1, len(ids), PIPELINE))]:
            await queue.offer(priority, ids[start:end], self._epoch)
        return ids

    def _say_away(self) -> None:
        if not self._away:
            log.warning("Redis is away; batches wait in SQL", action="dispatch.away")
        self._away = True


def _grouped(waiting: Sequence[OpenBatch]) -> dict[tuple[Account, int], list[int]]:
    groups: defaultdict[tuple[Account, int], list[int]] = defaultdict(list)
    for batch in waiting:
        groups[(batch.channel, batch.account), batch.priority].append(batch.id)
    return dict(sorted(groups.items(), key=lambda item: item[0][1]))
