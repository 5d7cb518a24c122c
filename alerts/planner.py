"""The planner: turns approved alerts into deliveries and batches, nearest first, and keeps them complete.

Touches SQL under a fenced lease for each revision, and Redis only through `Dispatch`. Everything it does
may be killed anywhere and done again: deliveries are unique for person and rung, batches are offered once
in an epoch. While an alert is live its audience is resolved anew every minute and whenever somebody
registered or moved.
"""

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import holds, plans, revisions, store
from alerts.batches import BatchSizes
from alerts.channels import ChannelTable
from alerts.checkins import silenced
from alerts.correction import batches_are_closed, correction_audience
from alerts.digest import verify_digest
from alerts.dispatch import Dispatch
from alerts.errors import AlertRefusedError
from alerts.lifecycle import AlertAct, AlertState
from alerts.plans import Assignment, FenceLostError, Plan
from alerts.routing import Account, Preference, next_address
from alerts.store import RevisionRow
from alerts.targeting import Targeting
from alerts.ways import ways_of
from places.area import Area
from places.audience import CONFIDENCES
from registry import audience as people
from storage.clock import Clock
from storage.database import Database

FIRST_CHUNK = 100  # goes to the senders while the rest is still being written
CHUNK = 5_000  # about 50 ms of writing on SQLite
RESOLVE_EVERY = timedelta(seconds=60)
NO_ADDRESS = "no_address"
ADDRESSES_GONE = "addresses_gone"

log = structlog.get_logger(__name__)

Record = Callable[[AsyncConnection, str, str, datetime], Awaitable[None]]
"""Writes one act of the machine into the audit chain: action, subject, time."""


class Concerned(NamedTuple):
    """One person of the audience."""

    person_id: int
    confidence: str
    distance_km: float | None


@dataclass(slots=True)
class Planner:
    """Plans every approved and live revision; several planners may run, each revision has one at a time.

    Attributes:
        accounts: sender accounts that are switched on; nobody is assigned to any other.
        table: where a channel works.
    """

    database: Database
    clock: Clock
    targeting: Targeting
    dispatch: Dispatch
    accounts: frozenset[Account]
    sizes: BatchSizes
    channel_order: Sequence[str]
    record: Record
    owner: str
    resolve_every: timedelta = RESOLVE_EVERY
    table: ChannelTable = field(default_factory=lambda: ChannelTable({}))
    _resolved: dict[int, tuple[datetime, int]] = field(default_factory=dict)

    async def step(self) -> None:
        """Plan whatever is due once.

        Raises:
            StorageUnavailableError: SQL is away; nothing is half done.
        """
        now = self.clock.now()
        async with self.database.read() as connection:
            waiting = await plans.to_plan(connection, now)
        if waiting:
            await self.targeting.refresh()
        for revision_id, state in waiting:
            if self._due(revision_id, state, now):
                await self._plan(revision_id)

    def _due(self, revision_id: int, state: AlertState, now: datetime) -> bool:
        if state is AlertState.APPROVED or revision_id not in self._resolved:
            return True
        at, change = self._resolved[revision_id]
        return now - at >= self.resolve_every or change != self.targeting.last_change

    async def _plan(self, revision_id: int) -> None:
        async with self.database.durable() as connection:
            plan = await plans.claim(connection, revision_id, self.owner, self.clock.now())
            if plan is None:
                return
            row = await revisions.read_revision(connection, revision_id)
            try:
                verify_digest(row)
            except AlertRefusedError as error:
                log.error(
                    "a revision was not planned", action="plan.refused", revision=revision_id, code=str(error)
                )
                return
            if row.corrects is not None and not await batches_are_closed(connection, row.corrects):
                return  # every copy of the wrong one must be sent or stopped before anybody knows who got it
            if await store.move_any(connection, row.alert_id, AlertAct.START):
                await self.record(connection, "alert.sending", f"alert:{row.alert_id}", self.clock.now())
        try:
            change = self.targeting.last_change
            await self._write(plan, row)
            async with self.database.durable() as connection:
                await plans.mark_resolved(connection, plan, self.clock.now())
                await store.move_any(connection, row.alert_id, AlertAct.FINISH)
                await plans.release(connection, plan)
            self._resolved[revision_id] = (self.clock.now(), change)
        except FenceLostError:
            log.warning("another planner took a revision over", action="plan.lost", revision=revision_id)

    async def _write(self, plan: Plan, row: RevisionRow) -> None:
        """Write everybody of the audience who has no delivery yet, chunk by chunk, the first one small."""
        concerned = await self._audience(row)
        async with self.database.read() as connection:
            has, listed = await plans.planned(connection, plan.revision_id)
        missing = [who for who in concerned if who.person_id not in has]
        first_run = not has and not listed
        start, size = 0, FIRST_CHUNK
        while start < len(missing):
            await self._chunk(plan, row, missing[start : start + size], listed, first_run=first_run)
            start, size = start + size, CHUNK
            await self.dispatch.offer_new()

    async def _audience(self, row: RevisionRow) -> list[Concerned]:
        if row.corrects is not None:
            async with self.database.read() as connection:
                told = await correction_audience(connection, row.corrects)
            return [Concerned(person, CONFIDENCES[0].value, None) for person in told]
        found = await self.targeting.resolve(
            Area.from_json(row.area), drill=row.drill, at=self.clock.now(), include_maybe=row.include_maybe
        )
        levels = [level.value for level in CONFIDENCES]
        together = zip(
            found.person_ids.tolist(), found.confidence.tolist(), found.distance_km.tolist(), strict=True
        )
        return [
            Concerned(person, levels[code], distance if math.isfinite(distance) else None)
            for person, code, distance in together
        ]

    async def _chunk(
        self,
        plan: Plan,
        row: RevisionRow,
        concerned: Sequence[Concerned],
        listed: set[int],
        *,
        first_run: bool,
    ) -> None:
        ids = [who.person_id for who in concerned]
        # What takes longest is read before the one writer of SQLite is held up; who changed meanwhile is read
        # again inside.
        async with self.database.read() as connection:
            seen = await people.newest_change(connection)
            preference = Preference(self.table, await holds.troubled(connection))
            ways = await ways_of(connection, ids, self.channel_order, preference, self.clock.now())
        async with self.database.bulk() as connection:
            late = await people.changed_since(connection, seen, set(ids))
            ways = {who: own for who, own in ways.items() if who not in late}
            ways |= await ways_of(connection, late, self.channel_order, preference, self.clock.now())
            bare = await people.active(connection, [who for who in ids if who not in ways])
            spared = await silenced(connection, ids)
            chosen, without = [], []
            for who, confidence, distance in concerned:
                if who in spared:
                    continue
                # Only addresses whose drill flag is the person's and the alert's are taken.
                way = next_address(ways.get(who, ()), drill=row.drill, accounts=self.accounts)
                if way:
                    chosen.append(Assignment.of(way, confidence, distance, drill=row.drill))
                elif who not in listed and (who in ways or who in bare):
                    without.append((who, ADDRESSES_GONE if who in ways else NO_ADDRESS))
            now = self.clock.now()
            if chosen:
                await plans.write_deliveries(
                    connection,
                    plan,
                    chosen,
                    rung=0,
                    priority=plans.PRIORITY.get(row.severity, 2),
                    sizes=self.sizes,
                    now=now,
                    first_run=first_run,
                )
            if without:
                await plans.write_unreachable(connection, plan, without, now)
