"""The planner: turns approved alerts into deliveries and batches, nearest first, and keeps them complete.

Touches SQL under a fenced lease for each revision, and Redis only through `Dispatch`. Everything it does
may be killed anywhere and done again: deliveries are unique for person and rung, batches are offered once
in an epoch. While an alert is live its audience is resolved anew every minute and whenever somebody
registered or moved. A revision on which our own code breaks holds up no other.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import numpy as np
import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import holds, planned, plans, revisions, store
from alerts.assignments import Assignments
from alerts.batches import BatchSizes
from alerts.channels import ChannelTable
from alerts.checkins import silenced
from alerts.correction import batches_are_closed, correction_audience
from alerts.digest import verify_digest
from alerts.dispatch import Dispatch
from alerts.lifecycle import AlertAct, AlertState
from alerts.planned import Planned
from alerts.plans import FenceLostError, Plan
from alerts.routing import Account, Preference, next_address
from alerts.setbacks import Setbacks
from alerts.store import RevisionRow
from alerts.strata import Concerned, strata
from alerts.targeting import Targeting
from alerts.terms import priority_of
from alerts.ways import ways_of
from places.area import Area
from registry import audience as people
from registry import changes
from staff.notices import NoticeKind
from storage.clock import Clock
from storage.database import Database

RESOLVE_EVERY = timedelta(seconds=60)
NO_ADDRESS = "no_address"
ADDRESSES_GONE = "addresses_gone"

log = structlog.get_logger(__name__)

Record = Callable[[AsyncConnection, str, str, datetime], Awaitable[None]]
"""Writes one act of the machine into the audit chain: action, subject, time."""


@dataclass(slots=True)
class Writing:
    """A revision whose audience is being written.

    Attributes:
        change: what of the change feed its audience was resolved with.
        known: who was planned before.
        left: strata that nobody wrote yet.
        written, listed: who has a delivery since, who was listed as not reachable.
    """

    plan: Plan
    row: RevisionRow
    change: int
    known: Planned
    left: deque[list[Concerned]]
    written: list[int] = field(default_factory=list)
    listed: list[int] = field(default_factory=list)


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
    _planned: dict[int, Planned] = field(default_factory=dict)
    _under_way: dict[int, Writing] = field(default_factory=dict)
    _setbacks: Setbacks[int] = field(init=False)

    def __post_init__(self) -> None:
        self._setbacks = Setbacks(self.database, self.clock, NoticeKind.PLAN_BROKEN, "revision")

    async def step(self) -> bool:
        """Plan what is due, up to one stratum of a large audience; True when there is more to do.

        Most severe first, and anew at each step: a warning to a few does not wait for a million others.

        Raises:
            StorageUnavailableError: SQL is away; nothing is half done.
        """
        now = self.clock.now()
        async with self.database.read() as connection:
            waiting = await plans.to_plan(connection, now)
        live = frozenset(revision_id for revision_id, _ in waiting)
        self._planned = {number: known for number, known in self._planned.items() if number in live}
        self._under_way = {number: one for number, one in self._under_way.items() if number in live}
        if waiting:
            await self.targeting.refresh()
        for revision_id, state in waiting:
            if revision_id in self._under_way or self._due(revision_id, state, now):
                await self._setbacks.bear(revision_id, partial(self._plan, revision_id))
                # Resolving a dozen large audiences anew takes seconds, too.
                if revision_id in self._under_way or await self._is_news(live):
                    return True
        return False

    async def _is_news(self, known: frozenset[int]) -> bool:
        """Whether something else was approved meanwhile."""
        async with self.database.read() as connection:
            return any(number not in known for number, _ in await plans.to_plan(connection, self.clock.now()))

    def _due(self, revision_id: int, state: AlertState, now: datetime) -> bool:
        if state is AlertState.APPROVED or revision_id not in self._resolved:
            return True
        at, change = self._resolved[revision_id]
        return now - at >= self.resolve_every or change != self.targeting.last_change

    async def _plan(self, revision_id: int) -> None:
        """Begin with a revision, or go on with it; what is left of it is under way afterwards."""
        writing = self._under_way.pop(revision_id, None)
        try:
            if writing is None:
                writing = await self._begin(revision_id)
            else:
                async with self.database.durable() as connection:
                    writing.plan = await plans.resume(connection, writing.plan, self.owner, self.clock.now())
            if writing is None:
                return
            if await self._write(writing):
                self._under_way[revision_id] = writing
                return
            async with self.database.durable() as connection:
                await plans.mark_resolved(connection, writing.plan, self.clock.now())
                await store.move_any(connection, writing.row.alert_id, AlertAct.FINISH)
                await plans.release(connection, writing.plan)
            self._resolved[revision_id] = (self.clock.now(), writing.change)
            self._planned[revision_id] = writing.known.after(writing.written, writing.listed)
        except FenceLostError:
            log.warning("another planner took a revision over", action="plan.lost", revision=revision_id)
        except IntegrityError:
            # Two registrations became one between two chunks: who was still to come has the other's delivery.
            if writing is None or not (writing.known.is_empty and writing.written):
                raise
            log.info("somebody was planned meanwhile", action="plan.again", revision=revision_id)

    async def _begin(self, revision_id: int) -> Writing | None:
        """Claim a revision and find out whom of its audience has no delivery yet; None = not now.

        Raises:
            AlertRefusedError: it is not what two officers approved; nothing is claimed.
        """
        async with self.database.durable() as connection:
            plan = await plans.claim(connection, revision_id, self.owner, self.clock.now())
            if plan is None:
                return None
            row = await revisions.read_revision(connection, revision_id)
            verify_digest(row)
            # Every copy of the wrong one must be sent or stopped before it is known who got it.
            if row.corrects is not None and not await batches_are_closed(connection, row.corrects):
                return None
            if await store.move_any(connection, row.alert_id, AlertAct.START):
                await self.record(connection, "alert.sending", f"alert:{row.alert_id}", self.clock.now())
        change = self.targeting.last_change
        concerned = await self._audience(row)
        async with self.database.read() as connection:
            known = await planned.read(connection, revision_id, self._planned.get(revision_id))
        missing = await asyncio.to_thread(known.missing, concerned)
        return Writing(plan, row, change, known, deque(strata(missing)))

    async def _write(self, writing: Writing) -> bool:
        """Write and offer the next stratum, the first ones small; False when it was the last."""
        try:
            for chunk in writing.left.popleft() if writing.left else ():
                ways, without = await self._chunk(writing, chunk)
                writing.written += ways
                writing.listed += without
        finally:  # nobody who was written waits because another one could not be
            await self.dispatch.offer_new(writing.plan.revision_id)
        return bool(writing.left)

    async def _audience(self, row: RevisionRow) -> Concerned:
        if row.corrects is not None:
            async with self.database.read() as connection:
                return Concerned.told(await correction_audience(connection, row.corrects))
        area, now = Area.from_json(row.area), self.clock.now()
        found = await self.targeting.resolve(area, drill=row.drill, at=now, include_maybe=row.include_maybe)
        return Concerned.of(found)

    async def _chunk(self, writing: Writing, concerned: Concerned) -> tuple[list[int], list[int]]:
        """Write some people; return who has a delivery now, and who was listed as not reachable."""
        plan, row, listed = writing.plan, writing.row, writing.known.listed
        ids = concerned.person_id.tolist()
        # What takes longest is read before the one writer of SQLite is held up; who changed meanwhile is read
        # again inside.
        async with self.database.read() as connection:
            seen = await changes.newest(connection)
            preference = Preference(self.table, await holds.troubled(connection))
            ways = await ways_of(connection, ids, self.channel_order, preference, self.clock.now())
        async with self.database.bulk() as connection:
            late = await changes.since(connection, seen, set(ids))
            ways = {who: own for who, own in ways.items() if who not in late}
            ways |= await ways_of(connection, late, self.channel_order, preference, self.clock.now())
            bare = await people.active(connection, [who for who in ids if who not in ways])
            spared = await silenced(connection, ids)
            chosen, at, without = [], [], []
            for place, who in enumerate(ids):
                if who in spared:
                    continue
                # Only addresses whose drill flag is the person's and the alert's are taken.
                way = next_address(ways.get(who, ()), drill=row.drill, accounts=self.accounts)
                if way:
                    chosen.append(way)
                    at.append(place)
                elif who not in listed and (who in ways or who in bare):
                    without.append((who, ADDRESSES_GONE if who in ways else NO_ADDRESS))
            now = self.clock.now()
            if chosen:
                await plans.write_deliveries(
                    connection,
                    plan,
                    Assignments.of(chosen, concerned.take(np.array(at)), drill=row.drill),
                    rung=0,
                    priority=priority_of(row.severity),
                    sizes=self.sizes,
                    now=now,
                    first_run=writing.known.is_empty,
                )
            if without:
                await plans.write_unreachable(connection, plan, without, now)
        return [way.person_id for way in chosen], [who for who, _ in without]
