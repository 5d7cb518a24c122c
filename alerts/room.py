"""The room of one account for messages under way, and waiting for it without polling. Touches nothing.

At thousands of messages a second every message that ends makes room for one. Asking the limiter, and looking
whether the alert still stands, for one message at a time costs more than sending it: room counts as such once
a share of it is free, or when it has not become so for a moment (answers that do not come must not hold up
what there is room for).
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

SHARES = 2  # half the room is asked for at once
PATIENCE_S = 0.05


@dataclass(slots=True)
class Room:
    """How many recipients one account may have under way, over all of its batches.

    Attributes:
        most: all of them.
        share: so many must be free before any are given; a call for many needs what it can take.
        left_at: monotonic, when the last message of any of them left.
    """

    most: int
    share: int
    taken: int = 0
    left_at: float = float("-inf")
    _impatient: bool = False
    _waiting: set["asyncio.Future[None]"] = field(default_factory=set)

    def free(self) -> int:
        """How many may be handed to the gateway now."""
        left = self.most - self.taken
        return left if left >= self.share or (self._impatient and left > 0) else 0

    def take(self, wanted: int) -> int:
        """Keep room for up to `wanted` recipients, at once: whoever asks next finds it taken; return for how
        many."""
        given = min(wanted, self.free())
        if given > 0:
            self.taken += given
            self._impatient = False
        return max(0, given)

    def leave(self, recipients: int) -> None:
        """So many came to their end, or were not handed over after all."""
        self.taken -= recipients
        if self._waiting and self.most - self.taken >= self.share:
            wake(self._waiting)

    async def wait(self, seconds: float) -> None:
        """Return when there is room, after `seconds` at most, and soon when any is free at all."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.add(turn)
        timer = loop.call_later(min(seconds, PATIENCE_S), self._lose_patience, turn)
        try:
            await turn
        finally:
            timer.cancel()
            self._waiting.discard(turn)

    def _lose_patience(self, turn: "asyncio.Future[None]") -> None:
        self._impatient = True
        wake([turn])


class Rest:
    """A wait that ends early when there is something to do."""

    def __init__(self) -> None:
        self._turn: asyncio.Future[None] | None = None

    async def wait(self, seconds: float) -> None:
        """Return after `seconds`, or when `end` is called."""
        loop = asyncio.get_running_loop()
        self._turn = loop.create_future()
        timer = loop.call_later(seconds, self.end)
        try:
            await self._turn
        finally:
            timer.cancel()
            self._turn = None

    def end(self) -> None:
        """Let whoever waits go on."""
        if self._turn is not None:
            wake([self._turn])


def room_of(most: int, together: int = 1) -> Room:
    """The room of an account.

    Args:
        together: recipients of one call.
    """
    return Room(most, max(1, min(most, max(together, most // SHARES))))


def wake(waiting: "Iterable[asyncio.Future[None]]") -> None:
    """Let everybody who waits for these go on."""
    for turn in waiting:
        if not turn.done():
            turn.set_result(None)
