"""One sender account's worker: takes batches from the queue, keeps them, lets them be sent, settles. Touches
Redis through `Queue` and `Lease`.

In at most `AT_ONCE` batches people wait for their turn, so that the next one is ready when the former is
sent, and an extreme alert waits for half a second's worth of messages at most. Batches that only wait for
answers hold up nobody, however long a provider takes.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from alerts.lease import BEAT_S, HeldEntry
from alerts.line import Line
from alerts.queue import BLOCK_MS, Entry
from alerts.work import BatchWork, Ledger
from storage.database import Database
from storage.errors import StorageUnavailableError
from storage.redis import REDIS_AWAY, RedisError, ResponseError, end_tasks
from storage.vault import Vault

AT_ONCE = 2
HELD_MOST = 32  # batches in our hands, those that wait for answers included
TAKE_OVER_EVERY_S = 1.0
AWAY_PAUSE_S = 0.5
BREAKS = 5  # so often our own code may break on a batch before its people are tried elsewhere

log = structlog.get_logger(__name__)


class Epoch(Protocol):
    """The life of Redis as this process knows it."""

    @property
    def value(self) -> str:
        """The epoch in force when we looked last; "" = none: then nothing may be sent."""
        ...

    async def look(self) -> bool:
        """Look anew; False when Redis is away."""
        ...


@dataclass(slots=True)
class AccountWorker:
    """Sends everything that is queued for one account until it is told to stop."""

    line: Line
    database: Database
    vault: Vault
    ledger: Ledger
    epoch: Epoch
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _batches: BatchWork = field(init=False)
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _by_batch: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _broken: Counter[int] = field(default_factory=Counter)
    _look_back_at: float = 0.0  # monotonic
    _took_over: bool = False

    def __post_init__(self) -> None:
        self._batches = BatchWork(self.line, self.database, self.vault, self.ledger)

    @property
    def in_flight(self) -> int:
        """Messages handed to the gateway whose answers are not here yet."""
        return self._batches.in_flight

    async def run(self) -> None:
        """Work until `stopping` is set, then let what is under way come to its end."""
        beat = asyncio.create_task(self._beat())
        try:
            while not self.stopping.is_set():
                await self._step()
            if self._running:
                await asyncio.wait(self._running)
        finally:
            await end_tasks([beat, *self._running])

    async def _step(self) -> None:
        """Take entries when there is room and work on them; wait a moment where Redis or SQL is away."""
        held = len(self._running)
        if held - self._batches.launched >= AT_ONCE or held >= HELD_MOST:
            self._batches.changed.clear()
            await self._batches.changed.wait()
            return
        asked_at = self.line.clock.monotonic()
        try:
            entries = await self._next(asked_at)
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                log.warning("the queue refused to be read", action="queue.refused", **self._names)
            await self._pause_and_prepare()
            return
        except (RedisError, *REDIS_AWAY):
            self.line.lease.doubt()
            await asyncio.sleep(AWAY_PAUSE_S)
            return
        for entry in entries:
            if not self.line.lease.has(entry):
                self._start(self.line.lease.hold(entry, asked_at))

    async def _next(self, now: float) -> Sequence[Entry]:
        """What a dead worker left and what is new, by turns: neither may wait for the end of the other."""
        if now >= self._look_back_at and not self._took_over:
            entry = await self.line.queue.take_over()
            if entry:
                self._took_over = True
                return [entry]
            self._look_back_at = now + TAKE_OVER_EVERY_S
        block_ms = None if self._took_over else BLOCK_MS
        self._took_over = False
        return await self.line.queue.take(block_ms)

    def _start(self, held: HeldEntry) -> None:
        batch = held.entry.batch
        task = asyncio.create_task(self._work(held, self._by_batch.get(batch)))
        self._by_batch[batch] = task
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._batches.changed.set()
        self._by_batch = {batch: other for batch, other in self._by_batch.items() if other is not task}
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("work on a batch ended badly", action="batch.ended", exc_info=error, **self._names)

    @property
    def _names(self) -> dict[str, str]:
        return {"channel": self.line.gateway.channel.value, "account": self.line.gateway.account}

    async def _pause_and_prepare(self) -> None:
        await asyncio.sleep(AWAY_PAUSE_S)
        try:
            await self.line.queue.prepare()
        except (RedisError, *REDIS_AWAY):
            return

    async def _beat(self) -> None:
        """Keep what is held."""
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                await self.line.lease.beat()
            except (RedisError, *REDIS_AWAY):
                continue

    async def _work(self, held: HeldEntry, earlier: "asyncio.Task[None] | None" = None) -> None:
        """Work on one entry to its end; what cannot be finished stays pending for the next reader."""
        entry = held.entry
        try:
            if earlier is not None:
                # We have this batch in hand already, by an entry that Redis forgot or somebody took from us:
                # what was sent so far is in SQL once that came to its end.
                await asyncio.wait([earlier])
            if await self._is_over(entry) or await self._batches.finish(held, self.stopping):
                await self.line.queue.settle(entry)
                self._broken.pop(entry.batch, None)
        except (RedisError, *REDIS_AWAY, StorageUnavailableError):
            # Not settled: the entry is read again, and SQL or the marks say who was sent to.
            await asyncio.sleep(AWAY_PAUSE_S)
        except Exception as error:
            # A bug of ours: it must neither end the worker nor keep this batch's people waiting for ever.
            log.error(
                "a batch broke", action="batch.broken", batch=entry.batch, exc_info=error, **self._names
            )
            await self._bear(entry)
        finally:
            self.line.lease.drop(held)

    async def _is_over(self, entry: Entry) -> bool:
        """Whether an entry is of an older life of Redis: what is unfinished is offered again under the new.

        Raises:
            RedisError, OSError: Redis is away, or carries no epoch yet: nobody knows.
        """
        if entry.epoch == self.epoch.value:
            return False
        # Our own look may be half a second old: the entry may be of a newer life than we know.
        if not await self.epoch.look() or not self.epoch.value:
            raise RedisError("the epoch is not known")
        return entry.epoch != self.epoch.value

    async def _bear(self, entry: Entry) -> None:
        """Count a break; after `BREAKS` of them nobody waits for this batch any more."""
        self._broken[entry.batch] += 1
        if self._broken[entry.batch] < BREAKS:
            return
        try:
            await self._batches.give_up(entry.batch)
            await self.line.queue.settle(entry)
        except (RedisError, *REDIS_AWAY, StorageUnavailableError):
            return  # it is read again and breaks again
        self._broken.pop(entry.batch, None)
