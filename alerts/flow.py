"""The room of one account for messages under way, and a batch that waits for it without polling. Touches no
SQL and no Redis of its own.

At thousands of messages a second every message that ends makes room for one. Asking the limiter, and looking
whether the alert still stands, for one message at a time costs more than sending it: room counts as such once
a share of it is free, or when it has not become so for a moment (answers that do not come must not hold up
what there is room for).
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace

from alerts.attempt import Item
from alerts.broadcast import FLUSH_S, Broadcast
from alerts.letters import Letter
from alerts.standing import Standing
from bot.limiter import Grant

SHARES = 2  # half the room is asked for at once
PATIENCE_S = 0.05
# Paced at 96 % of a limit, what leaves within 41 ms of its slot cannot make any second hold more than that.
LATE_S = 0.04
PACED_S = 0.01  # slots spread over less are not what holds us back
NEVER_SILENT_S = (
    0.25  # on a machine that is always late, so much between two messages that leave all the same
)


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
    under_way: int = 0
    left_at: float = float("-inf")
    _impatient: bool = False
    _waiting: set["asyncio.Future[None]"] = field(default_factory=set)

    def free(self) -> int:
        """How many may be handed to the gateway now."""
        left = self.most - self.under_way
        return left if left >= self.share or (self._impatient and left > 0) else 0

    def enter(self, recipients: int) -> None:
        """So many more are under way."""
        self.under_way += recipients
        self._impatient = False

    def leave(self, recipients: int) -> None:
        """So many came to their end."""
        self.under_way -= recipients
        if self._waiting and self.most - self.under_way >= self.share:
            _wake(self._waiting)

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
        _wake({turn})


def room_of(most: int, together: int = 1) -> Room:
    """The room of an account.

    Args:
        together: recipients of one call.
    """
    return Room(most, max(1, min(most, max(together, most // SHARES))))


@dataclass(slots=True, kw_only=True)
class Flow(Broadcast):
    """One batch under way that is woken by what it waits for."""

    crowd: Room
    _turn: "asyncio.Future[None] | None" = None
    _paced: bool = False

    async def _slots(self, letters: Sequence[Letter]) -> Grant:
        """As the other, counted from the answer: the limiter granted them somewhere between question and
        answer, and a message must rather be late than early."""
        asked_at = self.line.clock.monotonic()
        grant = await super(Flow, self)._slots(letters)
        return self._counted(grant, asked_at)

    def _counted(self, grant: Grant, asked_at: float) -> Grant:
        self._paced = grant.first_s + grant.count * grant.spacing_s > PACED_S
        return replace(grant, first_s=grant.first_s + self.line.clock.monotonic() - asked_at)

    def _missed(self, at: float, standing: Standing) -> bool:
        """Whether a slot is over, so that another one must be asked for.

        Late messages of a held-up process would otherwise leave beside those that are on time, and more than
        the limit in one second. Under `never-resend` what was named before it leaves keeps its slot.
        """
        now = self.line.clock.monotonic()
        if (
            self._paced
            and standing.resend
            and now - at > LATE_S
            and now - self.crowd.left_at < NEVER_SILENT_S
        ):
            return True
        self.crowd.left_at = now
        return False

    async def _send(self, letter: Letter, at: float, standing: Standing) -> None:
        await asyncio.sleep(max(0.0, at - self.line.clock.monotonic()))
        if self._missed(at, standing):
            self._ready.appendleft(letter.item)
            return
        await super(Flow, self)._send(letter, at, standing)

    def _start(self, work: Awaitable[None], recipients: int) -> None:
        task = asyncio.ensure_future(work)
        self._running[task] = recipients
        self.crowd.enter(recipients)
        task.add_done_callback(self._left)

    def _left(self, task: "asyncio.Task[None]") -> None:
        self.crowd.leave(self._running.pop(task, 0))
        if self._ready or not self._running:
            self._go_on()

    def _resume(self, item: Item) -> None:
        super(Flow, self)._resume(item)
        self._go_on()

    def _go_on(self) -> None:
        if self._turn is not None:
            _wake({self._turn})

    async def _nap(self, seconds: float) -> None:
        """Wait until there is something to do for which there is room; `seconds` at most."""
        if self._ready and self.crowd.free() < 1:
            await self.crowd.wait(seconds)
        elif self._ready:
            await asyncio.sleep(seconds)  # for slots of the limiter, the lease, or the provider to let us in
        else:
            await self._until_ready(seconds)

    async def _until_ready(self, seconds: float) -> None:
        """Wait until an item must be tried again or all are answered."""
        loop = asyncio.get_running_loop()
        self._turn = loop.create_future()
        timer = loop.call_later(seconds, self._go_on)
        try:
            await self._turn
        finally:
            timer.cancel()
            self._turn = None

    async def _keep(self) -> None:
        """As the other, ending with the last message instead of up to 20 ms later."""
        while not self._over.is_set():
            try:
                async with asyncio.timeout(FLUSH_S):
                    await self._over.wait()
            except TimeoutError:
                pass
            await self._mark()
            if self.held.lost:
                await self._save()


def _wake(waiting: "set[asyncio.Future[None]]") -> None:
    for turn in waiting:
        if not turn.done():
            turn.set_result(None)
