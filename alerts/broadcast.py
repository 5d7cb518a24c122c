"""Sends one batch, message by message: slots from the limiter, a last check before each message, marks on the
way. Touches one gateway. (`alerts/bulk.py`: the same where one call serves many.)

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
from alerts.lease import Hold
from alerts.letters import BROKEN, Letter, worded
from alerts.line import Line, Save
from alerts.outcomes import CODES, Outcome
from alerts.standing import Standing
from bot.limiter import Grant
from storage.errors import StorageUnavailableError
from storage.redis import REDIS_AWAY, RedisError, end_tasks

FLUSH_S = 0.02
SAVE_S = 0.5
LONGEST_NAP_S = 0.25
WRITE_AHEAD = 25  # under `never-resend`: so many are named in SQL before their bytes leave

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Broadcast:
    """One batch under way.

    Attributes:
        room: how many more recipients the account may have under way.
        ended: outcomes that were not handed to `save`, in the order in which they came.
        moved: items whose provider gave their address a new name, likewise.
        closed: code with which the provider refused the account, "" = it did not.
        named: what the provider calls a message must outlive us: its receipts may say no more than that.
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
    named: bool = False
    _open: dict[int, Item] = field(default_factory=dict)
    _ready: deque[Item] = field(default_factory=deque)
    _running: dict[asyncio.Task[None], int] = field(default_factory=dict)  # -> recipients
    _paused: dict[int, Item] = field(default_factory=dict)
    _unmarked: list[tuple[int, int]] = field(default_factory=list)
    _names: list[tuple[int, str]] = field(default_factory=list)
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
            await self._mark()  # what ended while the last marks were on their way
        finally:
            self._over.set()
            await end_tasks([*keepers, *self._running])

    @property
    def unsent(self) -> list[Item]:
        """Items that nobody tried or whose try was given up: they stay queued."""
        return list(self._open.values())

    @property
    def in_flight(self) -> int:
        """Recipients of what the gateway was handed and has not answered yet."""
        return sum(self._running.values())

    def _given_up(self) -> bool:
        return bool(self.stopping.is_set() or self.held.lost or self.closed)

    async def _fill(self) -> None:
        """Take slots for what is ready and send; or wait until something changes."""
        access = self.line.access()
        if access:
            self.closed = access  # nobody of this batch can be sent to here: their next channel is tried
            return
        wanted = min(len(self._ready), self.room())
        if wanted < 1 or access is None or not self.line.lease.may_send(self.held):
            await self._nap(LONGEST_NAP_S)
            return
        items: list[Item] = []
        try:
            standing = await self.line.standings.of(self.revision)
            refusal = standing.refusal(self.line.clock.now())
            if refusal:
                self._skip_all(refusal)
                return
            items = self._draw(wanted if standing.resend else min(wanted, WRITE_AHEAD))
            letters, ended = await worded(self.line, self.revision, items, second_notice=self.rung > 0)
            for told in ended:
                self._end(told, standing)
            items = [letter.item for letter in letters]
            if not items:
                return
            asked_at = self.line.clock.monotonic()
            grant = await self._slots(letters)
            granted, items = letters[: grant.count], items[grant.count :]
            self._put_back(items)
            items = [letter.item for letter in granted]
            if items and not standing.resend:
                await self.line.write_ahead([item.delivery for item in items])
        except StorageUnavailableError:
            self._put_back(items)
            await self._nap(LONGEST_NAP_S)
            return
        except (RedisError, *REDIS_AWAY):
            self._put_back(items)
            self.line.lease.doubt()
            await self._nap(LONGEST_NAP_S)
            return
        self._launch(granted, asked_at + grant.first_s, grant.spacing_s, standing)
        if not granted:
            await self._nap(min(grant.wait_s, LONGEST_NAP_S))

    def _draw(self, most: int) -> list[Item]:
        """Take up to `most` items that may be sent together out of those that are ready."""
        return [self._ready.popleft() for _ in range(min(most, len(self._ready)))]

    def _put_back(self, items: Sequence[Item]) -> None:
        self._ready.extendleft(reversed(items))

    async def _slots(self, letters: Sequence[Letter]) -> Grant:
        """Ask for the slots that these take, in their order; the grant counts letters."""
        weights = [letter.message.weight for letter in letters]
        return await self.line.limiter.bulk(len(letters), weights if max(weights) > 1 else ())

    def _launch(self, letters: Sequence[Letter], at: float, spacing_s: float, standing: Standing) -> None:
        """Begin to send, the first at `at` (monotonic)."""
        for letter in letters:
            self._start(self._send_at(letter, at, standing), 1)
            at += letter.message.weight * spacing_s

    def _skip_all(self, reason: str) -> None:
        while self._ready:
            item = self._ready.popleft()
            self._end(Told(item, DeliveryState.UNKNOWN if item.unknown else DeliveryState.SKIPPED, reason))

    def _start(self, work: Awaitable[None], recipients: int) -> None:
        task = asyncio.ensure_future(work)
        self._running[task] = recipients
        task.add_done_callback(lambda ended: self._running.pop(ended, None))

    async def _nap(self, seconds: float) -> None:
        """Wait `seconds`, or less when a message comes to its end."""
        if self._running and not self._ready:
            await asyncio.wait(self._running, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(seconds)

    async def _send_at(self, letter: Letter, at: float, standing: Standing) -> None:
        item, tried = letter.item, letter.item.attempts
        try:
            await self._send(letter, at, standing)
        except Exception as error:
            # A bug of ours: it must not hold up the others of this batch, nor send to this one for ever.
            log.error("a message broke", action="message.broken", delivery=item.delivery, exc_info=error)
            self._broke(item, tried, standing)

    async def _send(self, letter: Letter, at: float, standing: Standing) -> None:
        item = letter.item
        await asyncio.sleep(max(0.0, at - self.line.clock.monotonic()))
        if not self._may_leave():
            self._ready.append(item)
            return
        before = item.to
        verdict = await attempt(self.line.gateway, item, letter.message, resend=standing.resend)
        if item.to != before:
            self.moved.append(item)
        await self._take(item, verdict, standing)

    def _may_leave(self) -> bool:
        """The very last look: a process that was frozen until now must not send what others may have sent."""
        return not self._given_up() and self.line.lease.may_send(self.held)

    def _broke(self, item: Item, tried: int, standing: Standing) -> None:
        """End an item on which a bug of ours broke; it may have been sent if it was tried once more."""
        state = DeliveryState.FAILED if item.attempts == tried else DeliveryState.UNKNOWN
        self._end(Told(item, state, BROKEN), standing)

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
                self._end(Told(item, item.unsent, code), standing)

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
        if self.named and told.provider_id:
            self._names.append((told.item.position, told.provider_id))

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
        names, self._names = self._names, []
        if not marks:
            return
        try:
            await self.line.queue.mark(self.batch, marks, names)
        except (RedisError, *REDIS_AWAY):
            self.line.lease.doubt()
            await self._save()

    async def _save(self) -> None:
        ended, self.ended = self.ended, []
        moved, self.moved = self.moved, []
        if ended or moved:
            await self.save(ended, moved)
