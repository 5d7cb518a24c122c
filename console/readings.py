"""The figures of each event, counted once for everybody who looks. Reads SQL.

A board is counted from the rows themselves, so it cannot drift from them; of a million people that takes
seconds. However many officers look, one count of an event runs at a time, and all counts together take a
tenth of a core at most. What takes long is shown as it was counted last while it is counted anew.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from aiohttp import web

from alerts import board, board_rows
from alerts.board import Board
from registry import audience
from storage.clock import Clock
from storage.database import Database
from storage.errors import StorageUnavailableError

REST = 9.0  # times as long as a count took, nothing is counted
WORTH_WAITING_S = (
    1.0  # a count that takes no longer is waited for, so that an officer sees what they just did
)
REMEMBERED = 32

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """One count.

    Attributes:
        one_channel: channel -> people who can be reached in that way only.
        at: when it began: nothing later is certainly in it.
        ended: monotonic.
        took_s: seconds.
    """

    board: Board
    one_channel: Mapping[str, int]
    at: datetime
    ended: float
    took_s: float


class Readings:
    """The last count of each event."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._last: OrderedDict[int, Reading] = OrderedDict()
        self._running: dict[int, asyncio.Task[Reading]] = {}

    async def of(self, event_id: int) -> Reading:
        """The figures of an event.

        Raises:
            StorageUnavailableError: SQL is away, and there was no count before.
        """
        last = self._last.get(event_id)
        if last is not None and self._clock.monotonic() - last.ended < last.took_s * REST:
            return last
        counting = self._running.get(event_id) or self._begin(event_id)
        if last is not None and last.took_s > WORTH_WAITING_S:
            return last
        return await asyncio.shield(counting)  # whoever closes their browser does not stop it for the others

    async def close(self) -> None:
        """Stop counting."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    def _begin(self, event_id: int) -> asyncio.Task[Reading]:
        task = asyncio.create_task(self._count(event_id))
        self._running[event_id] = task
        task.add_done_callback(lambda done: self._ended(event_id, done))
        return task

    def _ended(self, event_id: int, task: asyncio.Task[Reading]) -> None:
        del self._running[event_id]
        error = None if task.cancelled() else task.exception()
        if error is None and not task.cancelled():
            self._last[event_id] = task.result()
            self._last.move_to_end(event_id)
            while len(self._last) > REMEMBERED:
                self._last.popitem(last=False)
        elif error is not None and not isinstance(error, StorageUnavailableError):
            log.error("an event could not be counted", action="board.broken", exc_info=error)

    async def _count(self, event_id: int) -> Reading:
        at, began = self._clock.now(), self._clock.monotonic()
        async with self._database.read() as connection:
            found = await board.read(connection, event_id)
            one_channel = await audience.with_one_channel(connection, board_rows.targeted(event_id))
        ended = self._clock.monotonic()
        return Reading(found, one_channel, at, ended, ended - began)


READINGS = web.AppKey("readings", Readings)
