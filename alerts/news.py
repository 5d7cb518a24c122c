"""What became of a batch while it is sent, kept where it outlives us. Touches Redis for the marks, and SQL
through a callable.

Who was sent to is marked in Redis every 20 ms; where Redis does not take it, or somebody else has the batch
by now, the outcomes go to SQL at once. Otherwise they are written every half second, so that little hangs on
the marks if we die and Redis is lost right after us, and at the end, by `alerts/work.py`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from alerts.attempt import Item, Told
from alerts.lease import HeldEntry
from alerts.line import Line, Save
from alerts.outcomes import Outcome, mark_of
from storage.redis import REDIS_AWAY, RedisError, end_tasks

FLUSH_S = 0.02
SAVE_S = 0.5


@dataclass(slots=True)
class News:
    """Of one batch.

    Attributes:
        batch: `Batch.label`.
        named: what the provider calls a message must outlive us: its receipts may say no more than that.
        ended: outcomes that were not handed to `save`, in the order in which they came.
        moved: items whose provider gave their address a new name, likewise.
    """

    line: Line
    held: HeldEntry
    batch: str
    save: Save
    named: bool = False
    ended: list[Outcome] = field(default_factory=list)
    moved: list[Item] = field(default_factory=list)
    _unmarked: list[tuple[int, int]] = field(default_factory=list)
    _names: list[tuple[int, str]] = field(default_factory=list)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def unmarked(self) -> int:
        """How many came to an end that Redis was not told of."""
        return len(self._unmarked)

    def end(self, told: Told, severity: str) -> None:
        """Take down what became of an item."""
        line = self.line
        confirms = line.gateway.confirms
        outcome = told.outcome(severity, line.clock.now(), line.deadlines, confirms=confirms)
        self.ended.append(outcome)
        self._unmarked.append((told.item.position, mark_of(outcome)))
        if self.named and told.provider_id:
            self._names.append((told.item.position, told.provider_id))

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Keep the news of what happens inside the block; all is marked once it ended without an error."""
        keepers = [asyncio.create_task(self._keep()), asyncio.create_task(self._keep_in_sql())]
        try:
            yield
            self._over.set()
            await asyncio.gather(*keepers)
            await self._mark()  # what ended while the last marks were on their way
        finally:
            self._over.set()
            await end_tasks(keepers)

    async def _keep(self) -> None:
        while not await self._is_over_within(FLUSH_S):
            await self._mark()
            if self.held.lost:
                # Somebody else may be reading this batch: what SQL does not know by then is sent again.
                await self._save()

    async def _keep_in_sql(self) -> None:
        """Write outcomes of a batch that takes long; apart from the marks, which must not wait for SQL."""
        while not await self._is_over_within(SAVE_S):
            await self._save()

    async def _is_over_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return False
        return True

    async def _mark(self) -> None:
        marks, self._unmarked = self._unmarked, []
        names, self._names = self._names, []
        if not marks:
            return
        try:
            await self.line.queue.mark(self.batch, marks, names)
        except (RedisError, *REDIS_AWAY):
            self.line.lease.doubt()
            await self._save()

    async def _save(self) -> None:
        ended, self.ended = self.ended, []
        moved, self.moved = self.moved, []
        if ended or moved:
            await self.save(ended, moved)
