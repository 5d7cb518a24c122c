"""Things that happen a little later, countable and stoppable. Touches the running event loop only."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any


class Lanes:
    """Calls kept in order within a lane: when one is due, the oldest of its lane happens."""

    def __init__(self, timers: "Timers") -> None:
        self._timers = timers
        self._lanes: dict[Hashable, deque[Callable[[], None]]] = {}
        self._last: dict[Hashable, float] = {}

    def after(self, lane: Hashable, seconds: float, work: Callable[[], None]) -> None:
        """Call `work` in `seconds`, or when everything before it in its lane has happened."""
        now = asyncio.get_running_loop().time()
        at = max(now + seconds, self._last.get(lane, 0.0))
        self._last[lane] = at
        self._lanes.setdefault(lane, deque()).append(work)
        self._timers.after(at - now, partial(self._oldest, lane))

    def _oldest(self, lane: Hashable) -> None:
        self._lanes[lane].popleft()()


class Timers:
    """Calls and background work that are still to come."""

    def __init__(self) -> None:
        self._next = 1
        self._pending: dict[int, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def after(self, seconds: float, work: Callable[[], None]) -> None:
        """Call `work` in `seconds`."""
        number = self._next
        self._next += 1

        def run() -> None:
            del self._pending[number]
            work()

        self._pending[number] = asyncio.get_running_loop().call_later(max(0.0, seconds), run)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` in the background."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def waiting(self) -> int:
        """How many calls and pieces of work are not over."""
        return len(self._pending) + len(self._tasks)

    async def close(self) -> None:
        """Forget what did not happen yet, end what is under way."""
        for handle in self._pending.values():
            handle.cancel()
        self._pending.clear()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
