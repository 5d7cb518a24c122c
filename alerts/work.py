"""The work on one batch: whom it still owes a message, sending, writing what became of it. Touches SQL, and
Redis for the marks.

May be cut off anywhere: a batch that is worked on again reads SQL and the marks first and sends only what is
in neither.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import batches, outcomes
from alerts.attempt import Item
from alerts.batches import Batch, BatchState
from alerts.broadcast import Broadcast
from alerts.bulk import BulkBroadcast
from alerts.delivery import WAITING, DeliveryState
from alerts.lease import HeldEntry
from alerts.letters import BROKEN
from alerts.line import Line
from alerts.news import News
from alerts.outcomes import IN_DOUBT, STATES, STOPPED, Outcome
from alerts.recheck import Recheck, kept_back
from alerts.recipients import Recipient, recipients
from alerts.room import Room, room_of
from alerts.standing import Standing
from bot.errors import PERHAPS_ACCEPTED
from bot.gateway import BulkGateway, ReconcilingGateway
from bot.messages import Address
from storage.database import Database
from storage.errors import SealError, StorageUnavailableError
from storage.vault import Vault

AWAY_PAUSE_S = 0.5

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is written about recipients beside their deliveries, handed down by `app/`."""

    # address ids that do not exist any more
    gone: Callable[[AsyncConnection, Sequence[int]], Awaitable[None]]
    # addresses with a new name
    moved: Callable[[AsyncConnection, Sequence[Item]], Awaitable[None]]
    # channel, account, code: page an operator
    closed: Callable[[str, str, str], Awaitable[None]]
    # address ids whose owners told their provider to let nothing of ours through; None = they are just gone
    stopped: Callable[[AsyncConnection, Sequence[int]], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class LoadedBatch:
    """A batch and the people in it, as SQL has them."""

    batch: Batch
    people: dict[int, Recipient]


@dataclass(slots=True)
class BatchWork:
    """Works on batches of one account; knows nothing of who else does."""

    line: Line
    database: Database
    vault: Vault
    ledger: Ledger
    changed: asyncio.Event = field(default_factory=asyncio.Event)  # set as `launched` grows
    _room: Room = field(init=False)
    _named: bool = field(init=False)
    _under_way: list[Broadcast] = field(default_factory=list)

    def __post_init__(self) -> None:
        gateway = self.line.gateway
        together = gateway.limits.batch if isinstance(gateway, BulkGateway) else 1
        self._room = room_of(gateway.limits.in_flight, together)
        # Nothing of ours travels with a call for many, nor stands in a list of what webhooks did not bring.
        self._named = isinstance(gateway, BulkGateway | ReconcilingGateway)

    @property
    def in_flight(self) -> int:
        """Recipients of what the gateway was handed and has not answered yet."""
        return self._room.taken

    @property
    def launched(self) -> int:
        """Batches under way in which nobody waits for their turn: they wait for answers."""
        return sum(not broadcast.waits for broadcast in self._under_way)

    async def finish(self, held: HeldEntry, stopping: asyncio.Event) -> bool:
        """Send what is left of a batch; True when nothing is left and SQL knows it.

        Raises:
            RedisError, OSError, StorageUnavailableError: nothing was sent yet; the batch stays as it is.
        """
        load = await self._load(held.entry.batch)
        if load is None:
            return True
        batch = load.batch
        standing = await self.line.standings.of(batch.route.revision_id)
        # Even of an entry that was never read: Redis may have come back without its last second.
        items, known = self._sort(load, standing, *await self._left(batch))
        if items and not batch.begun:
            async with self.database.bulk() as connection:
                await batches.begin(connection, batch.id, self.line.clock.now())

        async def save(ended: Sequence[Outcome], moved: Sequence[Item]) -> None:
            await self._record(load, ended, moved, done=False)

        news = News(self.line, held, batch.label, save, named=self._named)
        kind = BulkBroadcast if isinstance(self.line.gateway, BulkGateway) else Broadcast
        broadcast = kind(
            line=self.line,
            held=held,
            batch=batch.id,
            revision=batch.route.revision_id,
            copy=batch.copy,
            stopping=stopping,
            room=self._room,
            news=news,
            launched=self.changed.set,
            recheck=Recheck(self.database, self.line.clock),
        )
        self._under_way.append(broadcast)
        try:
            await broadcast.run(items)
        finally:
            self._under_way.remove(broadcast)
        done = not broadcast.unsent
        if broadcast.closed:
            known += self._closed(broadcast, standing)
            done = True
            await self.ledger.closed(
                self.line.gateway.channel.value, self.line.gateway.account, broadcast.closed
            )
        await self._record(load, [*known, *news.ended], news.moved, done=done)
        return done

    async def give_up(self, batch_id: int) -> None:
        """Close a batch on which our own code breaks every time: its people go on to their next channel."""
        load = await self._load(batch_id)
        if load is None:
            return
        standing = await self.line.standings.of(load.batch.route.revision_id)
        items, known = self._sort(load, standing, *await self._left(load.batch))
        ended = [one for one in known if one.state is not DeliveryState.GONE]
        failed = [(one.delivery, DeliveryState.FAILED) for one in known if one.state is DeliveryState.GONE]
        failed += [(item.delivery, item.unsent) for item in items]
        ended += [self._outcome(one, state, BROKEN, standing) for one, state in failed]
        await self._record(load, ended, [], done=True)

    async def _load(self, batch_id: int) -> LoadedBatch | None:
        """The batch, None when there is nothing left to do in it."""
        async with self.database.glance() as connection:
            batch = await batches.load(connection, batch_id)
            if batch is None or batch.state is BatchState.DONE:
                return None
            return LoadedBatch(batch, await recipients(connection, batch.deliveries))

    async def _left(self, batch: Batch) -> tuple[bytes, dict[int, str]]:
        """What Redis knows of a batch: marks, and what the provider calls messages."""
        marks = await self.line.queue.marks(batch.label)
        return marks, await self.line.queue.provider_ids(batch.label) if marks and self._named else {}

    def _sort(
        self, load: LoadedBatch, standing: Standing, marks: bytes, names: Mapping[int, str]
    ) -> tuple[list[Item], list[Outcome]]:
        """Split a batch into whom to send to and whose outcome is known already."""
        items: list[Item] = []
        known: list[Outcome] = []
        now = self.line.clock.now()
        for position, delivery in enumerate(load.batch.deliveries):
            person = load.people.get(delivery)
            mark, name = marks[position] if position < len(marks) else 0, names.get(position, "")
            if person is not None and person.state is DeliveryState.ACCEPTED:
                # A receipt may have said so while whoever sent it died: the next rung has no time yet.
                known.append(self._outcome(delivery, DeliveryState.ACCEPTED, "", standing, name))
            if person is None or person.state not in WAITING:
                continue
            if mark:
                error = PERHAPS_ACCEPTED[0] if mark == IN_DOUBT else "marked"
                outcome = self._outcome(delivery, STATES[mark], error, standing, name)
                known.append(outcome._replace(stopped=mark == STOPPED))
            elif person.state is DeliveryState.ATTEMPTING:
                # Named before its bytes left (`never-resend`): it may have arrived, and nobody sends it
                # again.
                if not standing.resend:
                    known.append(self._outcome(delivery, DeliveryState.UNKNOWN, "interrupted", standing))
            elif refusal := person.refusal(drill=standing.drill):
                state = kept_back(refusal, perhaps=load.batch.begun)
                known.append(self._outcome(delivery, state, refusal, standing))
            else:
                item = self._item(position, person, earlier=load.batch.begun)
                if item:
                    items.append(item)
                else:
                    known.append(Outcome(delivery, DeliveryState.SKIPPED, now, error="erased"))
        return items, known

    def _item(self, position: int, person: Recipient, *, earlier: bool) -> Item | None:
        try:
            value = person.value(self.vault)
        except SealError:
            return None
        to = Address(self.line.gateway.channel, self.line.gateway.account, value, person.heard_at)
        return Item(
            position,
            person.delivery,
            person.address_id,
            person.person_id,
            person.language,
            to,
            person.destination.lane if person.destination else b"",
            earlier=earlier,
        )

    def _outcome(
        self, delivery: int, state: DeliveryState, error: str, standing: Standing, provider_id: str = ""
    ) -> Outcome:
        now = self.line.clock.now()
        confirms = self.line.gateway.confirms
        due = self.line.deadlines.after(state, standing.severity, now, confirms=confirms)
        return Outcome(delivery, state, now, provider_id=provider_id, error=error, next_at=due)

    def _closed(self, broadcast: Broadcast, standing: Standing) -> list[Outcome]:
        return [
            self._outcome(item.delivery, item.unsent, broadcast.closed, standing) for item in broadcast.unsent
        ]

    async def _record(
        self, load: LoadedBatch, ended: Sequence[Outcome], moved: Sequence[Item], *, done: bool
    ) -> None:
        """Write outcomes, gone and moved addresses, and the end of the batch, in one transaction; wait for
        SQL."""
        stopped = [load.people[end.delivery].address_id for end in ended if end.stopped]
        gone = [load.people[end.delivery].address_id for end in ended if end.state is DeliveryState.GONE]
        while True:
            try:
                async with self.database.bulk() as connection:
                    await outcomes.write(connection, ended)
                    if gone:
                        await self.ledger.gone(connection, gone)
                    if stopped and self.ledger.stopped is not None:
                        await self.ledger.stopped(connection, stopped)
                    if moved:
                        await self.ledger.moved(connection, moved)
                    if done:
                        await batches.close(connection, load.batch.id, self.line.clock.now())
                return
            except StorageUnavailableError:
                # What was sent is only in our memory and in the marks: stay with it until SQL is back.
                log.warning("outcomes wait for the database", action="outcomes.wait", batch=load.batch.id)
                await asyncio.sleep(AWAY_PAUSE_S)
