"""One sender account's worker: takes batches, sends them, writes what became of them, settles. Touches SQL
and Redis.

At most `AT_ONCE` batches are under way, so that the next one is ready when the last messages of the former
are still waiting for their answers, and an extreme alert waits for half a second's worth of messages at
most.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import batches, outcomes
from alerts.attempt import Item
from alerts.batches import Batch
from alerts.broadcast import Broadcast, Line
from alerts.delivery import DeliveryState
from alerts.lease import BEAT_S, Hold
from alerts.outcomes import STATES, Outcome
from alerts.queue import BLOCK_MS, Entry
from alerts.recipients import Recipient, recipients
from alerts.standing import Standing
from bot.messages import Address
from storage.database import Database
from storage.errors import SealError, StorageUnavailableError
from storage.redis import REDIS_AWAY, RedisError, ResponseError, end_tasks
from storage.vault import Vault

AT_ONCE = 2
TAKE_OVER_EVERY_S = 1.0
AWAY_PAUSE_S = 0.5

log = structlog.get_logger(__name__)


class Epoch(Protocol):
    """The life of Redis as this process knows it."""

    @property
    def value(self) -> str:
        """The epoch in force; "" while none is known: then nothing may be sent."""
        ...


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is written about recipients beside their deliveries, handed down by `app/`."""

    gone: Callable[
        [AsyncConnection, Sequence[int]], Awaitable[None]
    ]  # address ids that do not exist any more
    moved: Callable[[AsyncConnection, Sequence[Item]], Awaitable[None]]  # addresses with a new name
    closed: Callable[[str, str, str], Awaitable[None]]  # channel, account, code: page an operator


@dataclass(slots=True)
class AccountWorker:
    """Sends everything that is queued for one account until it is told to stop."""

    line: Line
    database: Database
    vault: Vault
    ledger: Ledger
    epoch: Epoch
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _broadcasts: list[Broadcast] = field(default_factory=list)

    async def run(self) -> None:
        """Work until `stopping` is set, then let what is under way come to its end."""
        helpers = [asyncio.create_task(self._beat()), asyncio.create_task(self._take_over())]
        try:
            while not self.stopping.is_set():
                await self._step(lambda: self.line.queue.take(BLOCK_MS))
            if self._running:
                await asyncio.wait(self._running)
        finally:
            await end_tasks([*helpers, *self._running])

    async def _step(self, take: Callable[[], Awaitable[Sequence[Entry]]]) -> None:
        """Take entries when there is room and work on them; wait a moment where Redis or SQL is away."""
        if len(self._running) >= AT_ONCE:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            return
        asked_at = self.line.clock.monotonic()
        try:
            entries = await take()
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                log.warning("the queue refused to be read", action="queue.refused", **self._names)
            await self._pause_and_prepare()
            return
        except (RedisError, *REDIS_AWAY):
            await asyncio.sleep(AWAY_PAUSE_S)
            return
        for entry in entries:
            if self.line.lease.has(entry):
                continue
            held = self.line.lease.hold(entry, asked_at)
            task = asyncio.create_task(self._work(held))
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A batch broke in our own code: say where; it stays on the stream and is read again."""
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("a batch broke", action="batch.broken", exc_info=error, **self._names)

    @property
    def in_flight(self) -> int:
        """Messages handed to the gateway whose answers are not here yet."""
        return sum(broadcast.in_flight for broadcast in self._broadcasts)

    @property
    def _names(self) -> dict[str, str]:
        return {"channel": self.line.gateway.channel.value, "account": self.line.gateway.account}

    async def _pause_and_prepare(self) -> None:
        await asyncio.sleep(AWAY_PAUSE_S)
        try:
            await self.line.queue.prepare()
        except (RedisError, *REDIS_AWAY):
            return

    async def _beat(self) -> None:
        """Keep what is held, and notice when Redis began a new life."""
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                await self.line.lease.beat()
            except (RedisError, *REDIS_AWAY):
                continue

    async def _take_over(self) -> None:
        """Take what a dead worker left."""

        async def one() -> list[Entry]:
            entry = await self.line.queue.take_over()
            return [entry] if entry else []

        while True:
            await asyncio.sleep(TAKE_OVER_EVERY_S)
            if not self.stopping.is_set() and len(self._running) < AT_ONCE:
                await self._step(one)

    async def _work(self, held: Hold) -> None:
        """Work on one entry to its end; what cannot be finished stays pending for the next reader."""
        try:
            if await self._finish(held):
                await self.line.queue.settle(held.entry)
        except (RedisError, *REDIS_AWAY, StorageUnavailableError):
            # Not settled: the entry is read again, and SQL or the marks say who was sent to.
            await asyncio.sleep(AWAY_PAUSE_S)
        finally:
            self.line.lease.drop(held)

    async def _finish(self, held: Hold) -> bool:
        """Send what is left of a batch; True when nothing is left and SQL knows it."""
        entry = held.entry
        if entry.epoch != self.epoch.value:
            # An older life of Redis: the planner offers whatever is unfinished again under the new one.
            return bool(self.epoch.value)
        async with self.database.read() as connection:
            batch = await batches.load(connection, entry.batch)
            people = await recipients(connection, batch.deliveries) if batch else {}
        if batch is None or batch.state == "done":
            return True
        standing = await self.line.standings.of(batch.route.revision_id)
        marks = await self.line.queue.marks(batch.id) if entry.again else b""
        items, known = self._sort(batch, people, standing, marks)
        broadcast = Broadcast(
            self.line, held, batch.id, batch.route.revision_id, batch.route.rung, self.stopping
        )
        self._broadcasts.append(broadcast)
        try:
            await broadcast.run(items)
        finally:
            self._broadcasts = [other for other in self._broadcasts if other is not broadcast]
        done = not broadcast.unsent
        if broadcast.closed:
            known += self._closed(broadcast, standing)
            done = True
            await self.ledger.closed(
                self.line.gateway.channel.value, self.line.gateway.account, broadcast.closed
            )
        await self._record(batch, [*known, *broadcast.ended], broadcast.moved, people, done=done)
        return done

    def _sort(
        self, batch: Batch, people: dict[int, Recipient], standing: Standing, marks: bytes
    ) -> tuple[list[Item], list[Outcome]]:
        """Split a batch into whom to send to and whose outcome is known already."""
        items: list[Item] = []
        known: list[Outcome] = []
        now = self.line.clock.now()
        for position, delivery in enumerate(batch.deliveries):
            person = people.get(delivery)
            mark = marks[position] if position < len(marks) else 0
            if person is None or person.state not in {DeliveryState.QUEUED, DeliveryState.ATTEMPTING}:
                continue
            if mark:
                known.append(self._outcome(delivery, STATES[mark], "marked", standing))
            elif person.state is DeliveryState.ATTEMPTING:
                # Named before its bytes left (`never-resend`): it may have arrived, and nobody sends it
                # again.
                if not standing.resend:
                    known.append(self._outcome(delivery, DeliveryState.UNKNOWN, "interrupted", standing))
            elif refusal := person.refusal(drill=standing.drill):
                known.append(Outcome(delivery, DeliveryState.SKIPPED, now, error=refusal))
            else:
                item = self._item(position, person)
                if item:
                    items.append(item)
                else:
                    known.append(Outcome(delivery, DeliveryState.SKIPPED, now, error="erased"))
        return items, known

    def _item(self, position: int, person: Recipient) -> Item | None:
        try:
            value = person.value(self.vault)
        except SealError:
            return None
        to = Address(self.line.gateway.channel, self.line.gateway.account, value)
        return Item(position, person.delivery, person.address_id, person.person_id, person.language, to)

    def _outcome(self, delivery: int, state: DeliveryState, error: str, standing: Standing) -> Outcome:
        now = self.line.clock.now()
        confirms = self.line.gateway.confirms
        due = self.line.deadlines.after(state, standing.severity, now, confirms=confirms)
        return Outcome(delivery, state, now, error=error, next_at=due)

    def _closed(self, broadcast: Broadcast, standing: Standing) -> list[Outcome]:
        return [
            self._outcome(item.delivery, DeliveryState.FAILED, broadcast.closed, standing)
            for item in broadcast.unsent
        ]

    async def _record(
        self,
        batch: Batch,
        ended: Sequence[Outcome],
        moved: Sequence[Item],
        people: dict[int, Recipient],
        *,
        done: bool,
    ) -> None:
        """Write outcomes, gone and moved addresses, and the end of the batch, in one transaction; wait for
        SQL."""
        gone = [people[end.delivery].address_id for end in ended if end.state is DeliveryState.GONE]
        while True:
            try:
                async with self.database.bulk() as connection:
                    await outcomes.write(connection, ended)
                    if gone:
                        await self.ledger.gone(connection, gone)
                    if moved:
                        await self.ledger.moved(connection, moved)
                    if done:
                        await batches.close(connection, batch.id, self.line.clock.now())
                return
            except StorageUnavailableError:
                # What was sent is only in our memory and in the marks: stay with it until SQL is back.
                log.warning("outcomes wait for the database", action="outcomes.wait", batch=batch.id)
                await asyncio.sleep(AWAY_PAUSE_S)
