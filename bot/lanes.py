"""Lanes: one person's messages in order, different people in parallel, over all web processes. Touches
`inbox`.

Woken by a bell after each store in this process, and by a look into SQL every half second for what other
processes stored. Redis has no part in it. Memory is bounded: a page of rows and at most `parallel` lanes at
work; a lane that has nothing to do is not remembered.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from itertools import groupby

import structlog

from bot.errors import SendError
from bot.leases import LaneLeases
from bot.messages import Inbound
from bot.receiving import ReceiptRunner
from bot.steps import StepEnd, StepRunner
from bot.waiting import WaitingRow, read_waiting
from storage.clock import Clock
from storage.database import Database
from storage.errors import StorageUnavailableError

log = structlog.get_logger(__name__)

POLL_S = 0.5
AWAY_S = 1.0  # pause after the database was away
PAGE = 200
RECEIPT_PAGE = 100  # of one transaction, which others wait for
PARALLEL = 32
ACKNOWLEDGEMENTS = 100  # at once; more are skipped: they only stop a spinner


class LaneRunner:
    """Works through the inbox until it is told to stop.

    Args:
        replied: called with a lane whose step has committed and may have left replies.
        acknowledge: tells the provider that a button press was seen; called after the step, never awaited by
            it.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        leases: LaneLeases,
        steps: StepRunner,
        receipts: ReceiptRunner,
        replied: Callable[[bytes], None],
        acknowledge: Callable[[Inbound], Awaitable[None]],
        parallel: int = PARALLEL,
    ) -> None:
        self._database = database
        self._clock = clock
        self._leases = leases
        self._steps = steps
        self._receipts = receipts
        self._replied = replied
        self._acknowledge = acknowledge
        self._free = asyncio.Semaphore(parallel)
        self._bell, self._news = asyncio.Event(), asyncio.Event()  # for lanes, for receipts
        self._rings = 0
        self._stopping = asyncio.Event()
        self._lanes: dict[bytes, asyncio.Task[None]] = {}
        self._receiving: asyncio.Task[None] | None = None
        self._spinners: set[asyncio.Task[None]] = set()
        self._away = False

    def ring(self) -> None:
        """Something was stored; look at once."""
        self._rings += 1
        self._bell.set()
        self._news.set()

    def stop(self) -> None:
        """Take nothing new; `run` returns when the steps at work have ended."""
        self._stopping.set()
        self._bell.set()
        self._news.set()

    @property
    def at_work(self) -> int:
        """How many lanes are at work now."""
        return len(self._lanes)

    async def run(self) -> None:
        """Work until `stop`; a cancelled run rolls back the steps at work."""
        renewing = asyncio.create_task(self._keep_leases())
        self._receiving = asyncio.create_task(self._receive())
        try:
            while not self._stopping.is_set():
                if renewing.done():
                    renewing.result()  # a bug there must not leave us without leases in silence
                self._bell.clear()
                if not await self._round():
                    await self._rest()
            await self._drain()
        finally:
            await _cancel(
                [renewing, *self._lanes.values(), *self._spinners, *filter(None, [self._receiving])]
            )

    async def _round(self) -> bool:
        """Read a page and start its lanes; whether there was anything."""
        try:
            rows = await self._read("inbound", self._lanes.keys(), PAGE)
        except StorageUnavailableError:
            self._away = True
            return False
        for lane, of_lane in groupby(sorted(rows, key=lambda row: row.lane), key=lambda row: row.lane):
            await self._free.acquire()
            if self._stopping.is_set() or self._away:
                self._free.release()
                break
            task = asyncio.create_task(self._work(lane, sorted(of_lane, key=lambda row: row.id)))
            task.add_done_callback(self._ended)
            self._lanes[lane] = task
        return bool(rows) and not self._away

    async def _work(self, lane: bytes, rows: Sequence[WaitingRow]) -> None:
        rings = self._rings
        try:
            for row in rows:
                if self._stopping.is_set() or row.partition not in self._leases.held():
                    break
                end, inbound = await self._steps.run(row)
                if end is StepEnd.LOST:
                    break
                self._replied(lane)
                if inbound is not None and inbound.callback:
                    self._stop_spinner(inbound)
        except StorageUnavailableError:
            self._away = True
        finally:
            del self._lanes[lane]
            self._free.release()
            if self._rings != rings or len(rows) == PAGE:
                self._bell.set()  # what came for this lane meanwhile was left out of the pages

    async def _read(self, kind: str, but: Collection[bytes], limit: int) -> Sequence[WaitingRow]:
        async with self._database.read() as connection:
            return await read_waiting(
                connection, kind, self._leases.held(), but=but, now=self._clock.now(), limit=limit
            )

    async def _receive(self) -> None:
        """Receipts, a page after the other at their own pace: a crowd of people who write holds up none."""
        while not self._stopping.is_set():
            self._news.clear()
            try:
                rows = await self._read("receipt", (), RECEIPT_PAGE)
                if rows:
                    await self._receipts.run(rows)
            except StorageUnavailableError:
                await asyncio.sleep(AWAY_S)
                continue
            except Exception as error:
                # As where a lane breaks: the receipts are still there.
                log.error("the receipts broke", action="receipts.broken", exc_info=error)
                await asyncio.sleep(AWAY_S)
                continue
            if len(rows) < RECEIPT_PAGE:
                await _rung(self._news)

    def _stop_spinner(self, inbound: Inbound) -> None:
        if len(self._spinners) < ACKNOWLEDGEMENTS:
            task = asyncio.create_task(self._tell_seen(inbound))
            self._spinners.add(task)
            task.add_done_callback(self._spinners.discard)

    async def _tell_seen(self, inbound: Inbound) -> None:
        try:
            await self._acknowledge(inbound)
        except SendError as error:
            log.info("a button press was not acknowledged", action="press.unacknowledged", code=error.code)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A lane that broke in our own bookkeeping: say so and pause, its messages are still there."""
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            log.error("a lane broke", action="lane.broken", exc_info=error)
            self._away = True

    async def _rest(self) -> None:
        if self._away:
            self._away = False
            log.warning("the database is away; messages wait", action="lanes.sql_away")
            await asyncio.sleep(AWAY_S)
            return
        await _rung(self._bell)

    async def _keep_leases(self) -> None:
        while True:
            had = self._leases.held().keys()
            try:
                await self._leases.renew()
            except StorageUnavailableError:
                log.warning("the leases of the lanes could not be renewed", action="lanes.not_renewed")
            if self._leases.held().keys() - had:
                self._bell.set()
                self._news.set()
            await asyncio.sleep(self._leases.seconds / 3)

    async def _drain(self) -> None:
        """Let the steps at work end, then give the lanes back so that the next process need not wait."""
        working = [*self._lanes.values(), *filter(None, [self._receiving])]
        if working:
            await asyncio.wait(working)
        try:
            await self._leases.release()
        except StorageUnavailableError:
            log.warning(
                "the leases of the lanes could not be given back; they run out by themselves",
                action="lanes.not_given_back",
            )


async def _rung(bell: asyncio.Event) -> None:
    """Wait until somebody rings, `POLL_S` at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(POLL_S):
            await bell.wait()


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
