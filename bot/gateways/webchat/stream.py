"""One open event stream of one browser: what waits to be written, what it already got. Touches nothing."""

import asyncio
from collections import deque

WAITING = 1_000  # messages; a browser that is slower than this must connect again
REMEMBERED = 5_000


class Stream:
    """Filled by the hub, emptied by the HTTP handler. A message is given out once.

    Attributes:
        own: whether the citizen's own words are wanted, too (a page shows them, in all its tabs).
    """

    def __init__(self, chat: str, *, own: bool) -> None:
        self.chat = chat
        self.own = own
        self.ended = False
        self._waiting: deque[tuple[int, str]] = deque()
        self._got: dict[int, None] = {}
        self._bell = asyncio.Event()

    def offer(self, message: int, text: str) -> None:
        """Put event-stream text into the line."""
        if len(self._waiting) >= WAITING:
            self.end()
        self._waiting.append((message, text))
        self._bell.set()

    def end(self) -> None:
        """Make the handler stop once it has looked up."""
        self.ended = True
        self._bell.set()

    def fresh(self, message: int, text: str) -> str:
        """`text` the first time this message is met, empty after that."""
        if message in self._got:
            return ""
        self._got[message] = None
        if len(self._got) > REMEMBERED:
            del self._got[next(iter(self._got))]
        return text

    async def next(self, patience_s: float) -> str:
        """Wait for new text; empty when nothing came within `patience_s` or the stream has ended."""
        try:
            async with asyncio.timeout(patience_s):
                await self._bell.wait()
        except TimeoutError:
            return ""
        self._bell.clear()
        texts = [self.fresh(*offered) for offered in self._waiting]
        self._waiting.clear()
        return "".join(texts)
