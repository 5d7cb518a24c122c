"""Whose turn it is to write: the writers of one process one after the other. Touches nothing.

SQLite lets whoever waits at its lock look again after longer and longer naps, up to 100 ms, and forgets who
came first. Here the first comes first, except for what is urgent: a provider that waits for our answer. It
goes before all others, but never twice in a row while one of them waits, so that nobody waits for ever.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turn:
    """Held by one at a time.

    Args:
        patience_s: who waits longer gets a `TimeoutError`.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._held = False
        self._was_urgent = False
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def taken(self, *, urgent: bool = False) -> AsyncIterator[None]:
        """Wait for the turn and keep it until the end of the block."""
        async with asyncio.timeout(self._patience_s):
            await self._take(urgent=urgent)
        try:
            yield
        finally:
            self._pass_on()

    async def _take(self, *, urgent: bool) -> None:
        if not self._held:
            self._held, self._was_urgent = True, urgent
            return
        mine = asyncio.get_running_loop().create_future()
        (self._urgent if urgent else self._others).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._pass_on()  # it was given to us in the same moment
            raise

    def _pass_on(self) -> None:
        lines = (self._others, self._urgent) if self._was_urgent else (self._urgent, self._others)
        for line in lines:
            while line:
                following = line.popleft()
                if not following.done():
                    self._was_urgent = line is self._urgent
                    following.set_result(None)
                    return
        self._held = False
