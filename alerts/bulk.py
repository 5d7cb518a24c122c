"""Sends one batch where one call serves many recipients (Viber: 300 of one language). Touches one gateway.

Everything that `alerts/broadcast.py` promises holds here, too; what differs:
- One call takes what a part of its message weighs from the limiter, however many recipients it has:
  providers that take many at once count requests. Under way it counts as its recipients.
- Everybody in a call reads the same language, and has the same parts of it: a batch is planned so, and
  checked here once more.
- A call is looked at for a last time as a whole, right before its bytes leave.
- An unknown outcome of a call is an unknown outcome of each of its recipients.
- What a call rejects may be one bad recipient, or an app too old for our buttons: those are tried once more,
  alone, where the gateway can tell. So is everybody while the provider does not allow calls for many.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import structlog

from alerts.attempt import Alone, Freeze, Further, Item, attempt_many
from alerts.broadcast import Broadcast
from alerts.letters import Letter
from alerts.slots import Turn
from alerts.standing import Standing
from bot.gateway import BulkGateway

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class BulkBroadcast(Broadcast):
    """One batch under way; `line.gateway` is a `BulkGateway`."""

    _alone: set[int] = field(default_factory=set)  # deliveries that a call rejected

    @property
    def _many(self) -> BulkGateway | None:
        """The gateway while it takes calls for many."""
        gateway = self.line.gateway
        return gateway if isinstance(gateway, BulkGateway) and gateway.takes_many else None

    def _draw(self, most: int) -> list[Item]:
        """Items of one call: the first one's language; or those that go alone."""
        if self._many is None:
            return super(BulkBroadcast, self)._draw(most)
        first = self._ready[0]
        together: list[Item] = []
        others: list[Item] = []
        most = min(most, self.line.gateway.limits.batch)
        for item in self._ready:
            fits = len(together) < most and self._kind(item) == self._kind(first)
            (together if fits else others).append(item)
        self._ready.clear()
        self._ready.extend(others)
        return together

    def _kind(self, item: Item) -> tuple[str, int, bool]:
        return item.language, item.taken, item.delivery in self._alone

    def _one_call(self, letters: Sequence[Letter]) -> bool:
        return self._many is not None and letters[0].item.delivery not in self._alone

    async def _ask(self, letters: Sequence[Letter]) -> Turn:
        """The slots of one call, granted for all of its recipients or none."""
        if not self._one_call(letters):
            return await super(BulkBroadcast, self)._ask(letters)
        turn = await self._slots.ask([letters[0].message.slots])
        return replace(turn, count=len(letters) * turn.count)

    def _launch(self, letters: Sequence[Letter], turn: Turn, standing: Standing) -> None:
        if letters and self._one_call(letters):
            self._start(self._call_at(letters, turn.at, standing), len(letters))
        else:
            super(BulkBroadcast, self)._launch(letters, turn, standing)

    async def _call_at(self, letters: Sequence[Letter], at: float, standing: Standing) -> None:
        tried = [letter.item.attempts for letter in letters]
        try:
            await self._call(letters, at, standing)
        except Exception as error:
            # As for a single message: a bug of ours ends these, and nobody else waits for them.
            log.error("a call broke", action="call.broken", batch=self.batch, exc_info=error)
            for letter, before in zip(letters, tried, strict=True):
                if letter.item.delivery in self._open:
                    self._broke(letter.item, before, standing)

    async def _call(self, letters: Sequence[Letter], at: float, standing: Standing) -> None:
        await asyncio.sleep(max(0.0, at - self.line.clock.monotonic()))
        items = [letter.item for letter in letters]
        gateway = self._many
        late = self._slots.missed(at, asked_again=standing.resend)
        if gateway is None or late or not self._may_leave(items[0]):
            self._put_back(items)
            return
        verdicts = await attempt_many(gateway, items, letters[0].message, resend=standing.resend)
        longest = max((one.seconds for one in verdicts if isinstance(one, Freeze)), default=0.0)
        if longest:
            await self._freeze(longest)
        waiting: list[Item] = []
        for item, verdict in zip(items, verdicts, strict=True):
            match verdict:
                case Freeze() | Further():
                    waiting.append(item)
                case Alone():
                    self._alone.add(item.delivery)
                    waiting.append(item)
                case _:
                    await self._take(item, verdict, standing)
        self._put_back(waiting)
