"""Sends one batch, message by message: room, slots, a last check before each message. Touches one gateway.
(`alerts/bulk.py`: the same where one call serves many; `alerts/news.py`: what became of them.)
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from alerts.attempt import Again, Closed, Freeze, Further, Item, Told, Verdict, attempt, left_alone
from alerts.copies import Copy
from alerts.delivery import DeliveryState
from alerts.lease import HeldEntry
from alerts.letters import BROKEN, Letter, worded
from alerts.line import Line
from alerts.news import News
from alerts.recheck import Recheck
from alerts.room import Rest, Room
from alerts.slots import Slots, Turn
from alerts.standing import Standing
from storage.errors import StorageUnavailableError
from storage.redis import REDIS_AWAY, RedisError, end_tasks

LONGEST_NAP_S = 0.25
WRITE_AHEAD = 25  # under `never-resend`: so many are named in SQL before their bytes leave

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Broadcast:
    """One batch under way.

    Attributes:
        room: what the account may have under way, over all of its batches.
        launched: called when nobody of this batch waits for their turn; some may wait for their answer.
        closed: code with which the provider refused the account, "" = it did not.
    """

    line: Line
    held: HeldEntry
    batch: int
    revision: int
    copy: Copy
    stopping: asyncio.Event
    room: Room
    news: News
    launched: Callable[[], None]
    recheck: Recheck
    closed: str = ""
    _open: dict[int, Item] = field(default_factory=dict)
    _ready: deque[Item] = field(default_factory=deque)
    _running: dict[asyncio.Task[None], int] = field(default_factory=dict)  # -> recipients
    _paused: dict[int, Item] = field(default_factory=dict)
    _slots: Slots = field(init=False)
    _rest: Rest = field(default_factory=Rest)

    def __post_init__(self) -> None:
        self._slots = Slots(self.line.limiter, self.line.clock, self.room)

    async def run(self, items: list[Item]) -> None:
        """Send to `items`; afterwards each of them is in `unsent` or in the news."""
        self._open = {item.delivery: item for item in items}
        self._ready.extend(items)
        async with self.news.kept():
            try:
                while not self._given_up() and (self._ready or self._running or self._paused):
                    await self._fill()
                    if not self._ready:
                        self.launched()
                if self._running:
                    await asyncio.wait(self._running)
            finally:
                await end_tasks(list(self._running))

    @property
    def unsent(self) -> list[Item]:
        """Items that nobody tried or whose try was given up: they stay queued."""
        return list(self._open.values())

    @property
    def waits(self) -> bool:
        """Whether anybody of this batch waits for their turn."""
        return bool(self._ready)

    async def _fill(self) -> None:
        """Take room and slots for what is ready and send; or wait until something changes."""
        if self.stopping.is_set():
            self._stop()
        access = self.line.access()
        if access:
            self.closed = access  # nobody of this batch can be sent to here: their next channel is tried
            return
        may = access is not None and self.line.lease.may_send(self.held)
        wanted = self.room.take(len(self._ready)) if may and self._ready else 0
        if wanted < 1:
            await self._nap(LONGEST_NAP_S)
            return
        taken, pause = 0, 0.0
        try:
            taken, pause = await self._send_some(wanted)
        except StorageUnavailableError:
            pause = LONGEST_NAP_S
        except (RedisError, *REDIS_AWAY):
            self.line.lease.doubt()
            pause = LONGEST_NAP_S
        finally:
            self.room.leave(wanted - taken)
        if pause:
            await self._nap(pause)

    async def _send_some(self, most: int) -> tuple[int, float]:
        """Begin to send to up to `most`; return to how many, and how long to wait when to none.

        Raises:
            StorageUnavailableError, RedisError, OSError: nothing was begun; everybody is ready as before.
        """
        standing = await self.line.standings.of(self.revision)
        refusal = standing.refusal(self.line.clock.now())
        if refusal:
            self._skip_all(refusal)
            return 0, 0.0
        for told in await self.recheck.refused(list(self._ready), standing):
            self._ready.remove(told.item)
            self._end(told, standing.severity)
        if not self._ready:
            return 0, 0.0
        items = self._draw(most if standing.resend else min(most, WRITE_AHEAD))
        try:
            letters, ended = await worded(self.line, self.revision, items, self.copy)
            for told in ended:
                self._end(told, standing.severity)
            if not letters:
                return 0, 0.0
            items = [letter.item for letter in letters]
            turn = await self._ask(letters)
            letters = self._leave_alone(letters, turn.early)
            items = [letter.item for letter in letters]
            granted = letters[: turn.count]
            ours = granted if standing.resend else await self._named(granted, standing)
        except (StorageUnavailableError, RedisError, *REDIS_AWAY):
            self._put_back(items)
            raise
        self._put_back(items[len(granted) :])
        self._launch(ours, turn, standing)
        return len(ours), 0.0 if granted else min(turn.wait_s, LONGEST_NAP_S)

    async def _named(self, letters: Sequence[Letter], standing: Standing) -> list[Letter]:
        """Write down who is about to be sent to; return those whom nobody but us wrote down before. SQL
        decides between two who believe that a batch is theirs.

        Raises:
            StorageUnavailableError: nobody is sent to. What we nearly wrote is ours when we ask again.
        """
        ours = {letter.item.delivery for letter in letters if letter.item.named}
        for letter in letters:
            letter.item.named = True
        if letters:
            ours |= await self.line.write_ahead([letter.item.delivery for letter in letters])
        for letter in letters:
            if letter.item.delivery not in ours:
                self._end(Told(letter.item, DeliveryState.UNKNOWN, "interrupted"), standing.severity)
        return [letter for letter in letters if letter.item.delivery in ours]

    def _draw(self, most: int) -> list[Item]:
        """Take up to `most` items that may be sent together out of those that are ready."""
        return [self._ready.popleft() for _ in range(min(most, len(self._ready)))]

    def _put_back(self, items: Sequence[Item]) -> None:
        self._ready.extendleft(reversed(items))

    def _leave_alone(self, letters: Sequence[Letter], early: Mapping[int, float]) -> list[Letter]:
        """Let those wait who would get more than one recipient may; return the others."""
        for place, seconds in early.items():
            self._pause(letters[place].item, seconds)
        return [letter for place, letter in enumerate(letters) if place not in early]

    async def _ask(self, letters: Sequence[Letter]) -> Turn:
        """Ask for the slots that these take, in their order; the turn counts letters."""
        lanes = [letter.item.lane for letter in letters]
        return await self._slots.ask([letter.message.slots for letter in letters], lanes)

    def _launch(self, letters: Sequence[Letter], turn: Turn, standing: Standing) -> None:
        """Begin to send, each in its slots."""
        at = turn.at
        for letter in letters:
            self._start(self._send(letter, at, standing), 1)
            at += letter.message.slots * turn.spacing_s

    def _skip_all(self, reason: str) -> None:
        """Nobody gets it any more, on no channel."""
        while self._ready:
            item = self._ready.popleft()
            state = DeliveryState.UNKNOWN if item.perhaps else DeliveryState.SKIPPED
            self._end(Told(item, state, reason), severity="")

    def _start(self, work: Coroutine[None, None, None], recipients: int) -> None:
        """Let a call go its way; room was taken for its recipients."""
        task = asyncio.create_task(work)
        self._running[task] = recipients
        task.add_done_callback(self._left)

    def _left(self, task: "asyncio.Task[None]") -> None:
        self.room.leave(self._running.pop(task, 0))
        if self._ready or not self._running:
            self._rest.end()

    async def _nap(self, seconds: float) -> None:
        """Wait until there is something to do for which there is room; `seconds` at most."""
        if self._ready and self.room.free() < 1:
            await self.room.wait(seconds)
        elif self._ready:
            await asyncio.sleep(seconds)  # for slots of the limiter, the lease, or the provider to let us in
        elif self._running or self._paused:
            await self._rest.wait(seconds)  # until an item must be tried again or all are answered

    async def _send(self, letter: Letter, at: float, standing: Standing) -> None:
        """Send one message at its time; nothing that goes wrong with it holds up the others of this batch."""
        item, tried = letter.item, letter.item.attempts
        early = at - self.line.clock.monotonic()
        if early > 0:
            await asyncio.sleep(early)
        try:
            if self._slots.missed(at, asked_again=standing.resend) or not self._may_leave(item):
                self._ready.appendleft(item)
                return
            before = item.to
            verdict = await attempt(self.line.gateway, item, letter.message, resend=standing.resend)
            if item.to != before:
                self.news.moved.append(item)
            await self._take(item, verdict, standing)
        except Exception as error:
            # A bug of ours: it must not hold up the others of this batch, nor send to this one for ever.
            log.error("a message broke", action="message.broken", delivery=item.delivery, exc_info=error)
            self._broke(item, tried, standing)

    def _given_up(self) -> bool:
        return bool(self.held.lost or self.closed)

    def _stop(self) -> None:
        """Begin with nobody any more; whoever has the beginning of a message gets the rest of it."""
        self._ready = deque(item for item in self._ready if item.taken)
        self._paused = {delivery: item for delivery, item in self._paused.items() if item.taken}

    def _may_leave(self, item: Item) -> bool:
        """The very last look: a process that was frozen until now must not send what others may have sent."""
        if self._given_up() or (self.stopping.is_set() and not item.taken):
            return False
        return self.line.lease.may_send(self.held)

    def _broke(self, item: Item, tried: int, standing: Standing) -> None:
        """End an item on which a bug of ours broke; it may have been sent if it was tried once more."""
        state = item.unsent if item.attempts == tried else DeliveryState.UNKNOWN
        self._end(Told(item, state, BROKEN), standing.severity)

    async def _take(self, item: Item, verdict: Verdict, standing: Standing) -> None:
        match verdict:
            case Told():
                self._end(verdict, standing.severity)
            case Further():
                self._ready.appendleft(item)
            case Again(pause_s):
                self._pause(item, pause_s)
            case Freeze(seconds, code):
                if await self._freeze(seconds, item.lane):
                    self._ready.appendleft(item)
                else:
                    await self._take(item, left_alone(item, seconds, code), standing)
            case Closed(code):
                self.closed = code
                self._end(Told(item, item.unsent, code), standing.severity)

    def _pause(self, item: Item, seconds: float) -> None:
        self._paused[item.delivery] = item
        asyncio.get_running_loop().call_later(seconds, self._resume, item)

    def _resume(self, item: Item) -> None:
        if self._paused.pop(item.delivery, None):
            self._ready.append(item)
        self._rest.end()

    async def _freeze(self, seconds: float, lane: bytes = b"") -> bool:
        """Whether everybody waits, and not only the recipient `lane`."""
        try:
            return await self.line.limiter.freeze(seconds, lane)
        except (RedisError, *REDIS_AWAY):
            # Without Redis there are no grants either; the freeze of this process is set all the same.
            await asyncio.sleep(min(seconds, LONGEST_NAP_S))
            return True

    def _end(self, told: Told, severity: str) -> None:
        self.news.end(told, severity)
        self._open.pop(told.item.delivery, None)
