"""Stopping: SIGTERM and Ctrl-C begin it, a watchdog ends it. Touches the process's signals."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)


def on_stop(stop: Callable[[], None]) -> None:
    """Call `stop` on the first SIGTERM or Ctrl-C; a second one ends the process at once."""
    loop = asyncio.get_running_loop()
    seen: list[bool] = []

    def begin() -> None:
        if seen:
            log.warning("told twice to stop; ending at once", action="stop.now")
            os._exit(1)
        seen.append(True)
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, begin)


async def until_drained(work: Coroutine[Any, Any, None], stopping: asyncio.Event, drain_s: float) -> None:
    """Run `work`; once `stopping` is set it has `drain_s` seconds to come to its end, then it is cancelled.

    Whatever is cancelled was not acknowledged: the next process finds it in SQL or on its stream.
    """
    task = asyncio.create_task(work)
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        _, late = await asyncio.wait([task], timeout=drain_s)
        if late:
            log.warning("work under way did not end in time", action="stop.late", seconds=drain_s)
            task.cancel()
    waiting.cancel()
    await asyncio.gather(task, waiting, return_exceptions=True)
    if not task.cancelled():
        task.result()  # a bug in the work is a bug of the process
