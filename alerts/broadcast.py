"""Sends one batch: slots from the limiter, a last check before each message, marks on the way. Touches one
gateway.

Who was sent to is marked in Redis every 20 ms; where Redis does not take it, or somebody else has the batch
by now, the outcomes go to SQL at once. Otherwise they are written every half second, so that little hangs on
the marks if we die and Redis is lost right after us, and at the end, by `alerts/work.py`.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog

from alerts.attempt import Again, Closed, Freeze, Item, Told, attempt
from alerts.delivery import DeliveryState
from alerts.errors import AlertRefusedError
from alerts.lease import Hold
from alerts.line import Line, Save
from alerts.outcomes import CODES, Outcome
from alerts.standing import Standing
from bot.errors import SendError
from bot.gateway import Prepared
from storage.errors import StorageUnavailableError
from storage.redis import REDIS_AWAY, RedisError, end_tasks

FLUSH_S = 0.02
SAVE_S = 0.5
LONGEST_NAP_S = 0.25
BROKEN = "broken"  # error of a delivery that a bug of ours stopped
NOT_APPROVED = "not_approved"  # error of a delivery whose revision nobody approved as it stands
WRITE_AHEAD = 25  # under `never-resend`: so many are named in SQL before their bytes leave

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Broadcast:
    """One batch under way.

    Attributes:
        room: how many more requests the account may have under way.
        ended: outcomes that were not handed to `save`, in the order in which they came.
        moved: items whose provider gave their address a new name, likewise.
        closed: code with which the provider refused the account, "" = it did not.
    """

    line: Line
    held: Hold
    batch: int
    revision: int
    rung: int
    stopping: asyncio.Event
    room: Callable[[], int]
    save: Save
    ended: list[Outcome] = field(default_factory=list)
    moved: list[Item] = field(default_factory=list)
    closed: str = ""
    _open: dict[int, Item] = field(default_factory=dict)
    _ready: deque[Item] = field(default_factory=deque)
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _paused: dict[int, Item] = field(default_factory=dict)
    _unmarked: list[tuple[int, int]] = field(default_factory=list)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, items: list[Item]) -> None:
        """Send to `items`; afterwards each of them is in `unsent`, in `ended` or was handed to `save`."""
        self._open = {item.delivery: item for item in items}
        self._ready.extend(items)
        keepers = [asyncio.create_task(self._keep()), asyncio.create_task(self._keep_in_sql())]
        try:
            while self._ready or self._running or self._paused:
                if self._given_up():
                    break
                await self._fill()
            if self._running:
                await asyncio.wait(self._running)
            self._over.set()
            await asyncio.gather(*keepers)
        finally:
            self._over.set()
            await end_tasks([*keepers, *self._running])

    @property
    def unsent(self) -> list[Item]:
        """Items that nobody tried or whose try was given up: they stay queued."""
        return list(self._open.values())

    @property
    def in_flight(self) -> int:
        """Messages handed to the gateway whose answer is not here yet."""
        return len(self._running)

    def _given_up(self) -> bool:
        return bool(self.stopping.is_set() or self.held.lost or self.closed)

    async def _fill(self) -> None:
        """Take slots for what is ready and send; or wait until something changes."""
        wanted = min(len(self._ready), self.room())
        if wanted < 1 or not self.line.lease.may_send(self.held):
            await self._nap(LONGEST_NAP_S)
            return
        try:
            standing = await self.line.standings.of(self.revision)
            refusal = standing.refusal(self.line.clock.now())
            if refusal:
                self._skip_all(refusal)
                return
            asked_at = self.line.clock.monotonic()
            grant = await self.line.limiter.bulk(wanted if standing.resend else min(wanted, WRITE_AHEAD))
        except StorageUnavailableError:
            await self._nap(LONGEST_NAP_S)
            return
        except (RedisError, *REDIS_AWAY):
            self.line.lease.doubt()
            await self._nap(LONGEST_NAP_S)
            return
        items = [self._ready.popleft() for _ in range(min(grant.count, len(self._ready)))]
        if items and not standing.resend and not await self._named(items):
            return
        for index, item in enumerate(items):
            at = asked_at + grant.first_s + index * grant.spacing_s
            self._start(self._send_at(item, at, standing))
        if not grant.count:
            await self._nap(min(grant.wait_s, LONGEST_NAP_S))

    async def _named(self, items: Sequence[Item]) -> bool:
        """Write down who is about to be sent to; False when SQL is away: they wait."""
        try:
            await self.line.write_ahead([item.delivery for item in items])
        except StorageUnavailableError:
            self._ready.extendleft(reversed(items))
            await self._nap(LONGEST_NAP_S)
            return False
        return True

    def _skip_all(self, reason: str) -> None:
        while self._ready:
            item = self._ready.popleft()
            self._end(Told(item, DeliveryState.UNKNOWN if item.unknown else DeliveryState.SKIPPED, reason))

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _nap(self, seconds: float) -> None:
        """Wait `seconds`, or less when a message comes to its end."""
        if self._running and not self._ready:
            await asyncio.wait(self._running, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(seconds)

    async def _send_at(self, item: Item, at: float, standing: Standing) -> None:
        tried = item.attempts
        try:
            await self._send(item, at, standing)
        except Exception as error:
            # A bug of ours: it must not hold up the others of this batch, nor send to this one for ever.
            log.error("a message broke", action="message.broken", delivery=item.delivery, exc_info=error)
            state = DeliveryState.FAILED if item.attempts == tried else DeliveryState.UNKNOWN
            self._end(Told(item, state, BROKEN), standing)

    async def _send(self, item: Item, at: float, standing: Standing) -> None:
        message = await self._message(item, standing)
        if message is None:
            return
        await asyncio.sleep(max(0.0, at - self.line.clock.monotonic()))
        # The very last look: a process that was frozen until now must not send what others may have sent.
        if self._given_up() or not self.line.lease.may_send(self.held):
            self._ready.append(item)
            return
        before = item.to
        verdict = await attempt(self.line.gateway, item, message, resend=standing.resend)
        if item.to != before:
            self.moved.append(item)
        await self._take(item, verdict, standing)

    async def _message(self, item: Item, standing: Standing) -> Prepared | None:
        """The words for this item; None when it waits for them (SQL is away) or there are none to send."""
        try:
            return await self.line.render(self.revision, item.language, self.rung > 0)
        except StorageUnavailableError:
            self._ready.append(item)
        except AlertRefusedError:  # changed behind everybody's back: not what two officers approved
            self._end(Told(item, DeliveryState.SKIPPED, NOT_APPROVED), standing)
        except SendError as error:  # the channel can never show these words
            self._end(Told(item, DeliveryState.FAILED, error.code), standing)
        return None

    async def _take(self, item: Item, verdict: Told | Again | Freeze | Closed, standing: Standing) -> None:
        match verdict:
            case Told():
                self._end(verdict, standing)
            case Again(pause_s):
                self._paused[item.delivery] = item
                asyncio.get_running_loop().call_later(pause_s, self._resume, item)
            case Freeze(seconds):
                await self._freeze(seconds)
                self._ready.appendleft(item)
            case Closed(code):
                self.closed = code
                self._end(Told(item, DeliveryState.FAILED, code), standing)

    def _resume(self, item: Item) -> None:
        if self._paused.pop(item.delivery, None):
            self._ready.append(item)

    async def _freeze(self, seconds: float) -> None:
        try:
            await self.line.limiter.freeze(seconds)
        except (RedisError, *REDIS_AWAY):
            # Without Redis there are no grants either; the freeze of this process is set all the same.
            await asyncio.sleep(min(seconds, LONGEST_NAP_S))

    def _end(self, told: Told, standing: Standing | None = None) -> None:
        severity = standing.severity if standing else ""
        confirms = self.line.gateway.confirms
        outcome = told.outcome(severity, self.line.clock.now(), self.line.deadlines, confirms=confirms)
        self.ended.append(outcome)
        self._open.pop(told.item.delivery, None)
        self._unmarked.append((told.item.position, CODES[told.state]))

    async def _keep(self) -> None:
        """Keep the news of this batch where it outlives us, until everything ended."""
        while not self._over.is_set():
            await asyncio.sleep(FLUSH_S)
            await self._mark()
            if self.held.lost:
                # Somebody else may be reading this batch: what SQL does not know by then is sent again.
                await self._save()

    async def _keep_in_sql(self) -> None:
        """Write outcomes of a batch that takes long; apart from the marks, which must not wait for SQL."""
        while not self._over.is_set():
            try:
                async with asyncio.timeout(SAVE_S):
                    await self._over.wait()
            except TimeoutError:
                await self._save()

    async def _mark(self) -> None:
        marks, self._unmarked = self._unmarked, []
        if not marks:
            return
        try:
            await self.line.queue.mark(self.batch, marks)
        except (RedisError, *REDIS_AWAY):
            self.line.lease.doubt()
            await self._save()

    async def _save(self) -> None:
        ended, self.ended = self.ended, []
        moved, self.moved = self.moved, []
        if ended or moved:
            await self.save(ended, moved)
