"""The next rung: people whose channel failed or stayed silent past its deadline are tried on their next one.

Touches SQL under the revision's fence. A later rung is a new row; the person still counts once, by their
best row. Silence is asked whether it can be believed first (`alerts.silence`): a storm of it is held, with
the operators paged, until receipts come in or an officer releases it (`alerts.holds`).
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import holds, pace, plans, silence, standing
from alerts.assignments import Assignment, Assignments
from alerts.batches import BatchSizes
from alerts.channels import ChannelTable
from alerts.checkins import silenced
from alerts.deadlines import Deadlines
from alerts.delivery import DeliveryState
from alerts.plans import FenceLostError, Plan
from alerts.progress import Due, due, histories, postpone, settle, still_due
from alerts.revisions import read_revision
from alerts.routing import Account, Preference, next_address
from alerts.setbacks import Setbacks
from alerts.silence import Doubt, Silence
from alerts.standing import Standing
from alerts.terms import priority_of
from alerts.ways import ways_of
from staff.notices import NoticeKind
from storage.clock import Clock
from storage.database import Database

PAGE = 2_000
LAG_S = 30.0
JUDGED_FOR_S = 2.0
LOOK_BACK_S = 5.0  # held accounts nobody is due on are looked at so often: their receipts may be back
HELD_FOR = timedelta(seconds=15)
SURPLUS_FOR = timedelta(seconds=1)
PACE_SHARE = 0.01  # after a release: this share of those sent to moves in a second ...
PACE_PEOPLE = 20.0  # ... and at least so many people

log = structlog.get_logger(__name__)

InboxLag = Callable[[AsyncConnection, datetime], Awaitable[float]]
"""Seconds the oldest unprocessed message has been waiting."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """The silence of a revision's accounts, and when we looked (monotonic)."""

    at: float
    known: Mapping[Account, Silence]


@dataclass(slots=True)
class Rungs:
    """Moves people to their next channel; several may run, each revision has one at a time.

    Attributes:
        confirming: channels that send receipts; silence on others says little and is never held.
        table: where a channel works.
        window_closed: error codes of a message whose conversation only a template may open: whoever has no
            other channel left is knocked at on the same address, once.
    """

    database: Database
    clock: Clock
    accounts: frozenset[Account]
    confirming: frozenset[str]
    sizes: BatchSizes
    channel_order: Sequence[str]
    inbox_lag: InboxLag
    owner: str
    deadlines: Deadlines = field(default_factory=Deadlines)
    table: ChannelTable = field(default_factory=lambda: ChannelTable({}))
    window_closed: frozenset[str] = frozenset()
    _judged: dict[int, _Judged] = field(default_factory=dict)
    _looked_at: float = float("-inf")
    _setbacks: Setbacks[int] = field(init=False)

    def __post_init__(self) -> None:
        self._setbacks = Setbacks(self.database, self.clock, NoticeKind.RUNGS_BROKEN, "revision")

    async def step(self) -> int:
        """Move whoever is due; return how many deliveries were written.

        Raises:
            StorageUnavailableError: SQL is away.
        """
        now = self.clock.now()
        async with self.database.read() as connection:
            waiting = await due(connection, now, PAGE, self.owner, self._setbacks.resting())
            late = await self.inbox_lag(connection, now) > LAG_S if waiting else False
            for revision_id in waiting:
                await self._judge(connection, revision_id, now)
        moved = 0
        for revision_id, rows in waiting.items():
            move = partial(self._move, revision_id, rows, now, late=late)
            moved += await self._setbacks.bear(revision_id, move) or 0
        if self.clock.monotonic() - self._looked_at > LOOK_BACK_S:
            self._looked_at = self.clock.monotonic()
            await self._look_back(now)
        return moved

    async def _move(self, revision_id: int, rows: list[Due], now: datetime, *, late: bool) -> int:
        async with self.database.bulk() as connection:
            stands = await standing.read(connection, revision_id)
            if stands.refusal(now):
                await settle(connection, [row.id for row in rows])
                return 0
            plan = await plans.claim(connection, revision_id, self.owner, now)
            if plan is None:
                return 0
            try:
                rows = await still_due(connection, rows, now)  # another planner may have been here meanwhile
                rows = await self._believed(connection, revision_id, rows, now, late=late)
                return await self._write(connection, plan, rows, drill=stands.drill, now=now)
            except FenceLostError:
                log.warning("another planner took a revision over", action="rungs.lost", revision=revision_id)
                return 0
            finally:
                await plans.release(connection, plan)

    async def _believed(
        self,
        connection: AsyncConnection,
        revision_id: int,
        rows: list[Due],
        now: datetime,
        *,
        late: bool,
    ) -> list[Due]:
        """Leave out whom a storm of silence would move: likelier than that all are silent, news is late."""
        known = self._judged[revision_id].known
        for account, there in known.items():
            if there.failing:
                await holds.failing(connection, account, now, still=True)
        believed = [row for row in rows if not self._silent(row)]
        by_account: defaultdict[Account, list[Due]] = defaultdict(list)
        for row in rows:
            if self._silent(row):
                by_account[row.channel, row.account].append(row)
        for account, group in by_account.items():
            there = known.get(account, Silence())
            why = self._doubt(revision_id, account, late=late)
            if why is None:
                await holds.passed(connection, revision_id, account, now)
                believed += group
            elif await holds.was_released(connection, revision_id, account):
                rate = max(PACE_PEOPLE, PACE_SHARE * there.sent)
                moving = await pace.take(connection, revision_id, account, rate, now)
                believed += group[:moving]
                await postpone(connection, [row.id for row in group[moving:]], now + SURPLUS_FOR)
            else:
                await self._hold(connection, revision_id, account, why, now)
                await postpone(connection, [row.id for row in group], now + HELD_FOR)
        return believed

    def _doubt(self, revision_id: int, account: Account, *, late: bool) -> Doubt | None:
        """Why silence is not believed: in a warning to few by all that this account sends at the moment."""
        there = self._judged[revision_id].known.get(account, Silence())
        if not there.is_small or not there.silent:
            return there.doubt(late=late)
        oldest = self.clock.monotonic() - LOOK_BACK_S
        lately = (judged.known for judged in self._judged.values() if judged.at >= oldest)
        whole = silence.together(known[account] for known in lately if account in known)
        return there.doubt(late=late) or whole.doubt(late=late)

    async def _hold(
        self, connection: AsyncConnection, revision_id: int, account: Account, why: Doubt, now: datetime
    ) -> None:
        people = await silence.silent_people(connection, revision_id, account)
        await holds.hold(connection, revision_id, account, why, people, now)
        log.warning("silent people are held", action="rungs.held", revision=revision_id, channel=account[0])

    def _silent(self, row: Due) -> bool:
        """Taken by a channel that confirms, and not confirmed."""
        return row.state == DeliveryState.ACCEPTED and row.channel in self.confirming

    async def _judge(self, connection: AsyncConnection, revision_id: int, now: datetime) -> Standing:
        """Keep what is known of a revision's silence at most `JUDGED_FOR_S` old; return how it stands."""
        stands = await standing.read(connection, revision_id)
        judged = self._judged.get(revision_id)
        if judged is None or self.clock.monotonic() - judged.at >= JUDGED_FOR_S:
            # Half of their time is enough to be heard of; waiting for all of it would move the first ones.
            seconds = self.deadlines.seconds.get(stands.severity, 0.0)
            known = await silence.read(connection, revision_id, now - timedelta(seconds=seconds / 2))
            self._judged[revision_id] = _Judged(self.clock.monotonic(), known)
        return stands

    async def _look_back(self, now: datetime) -> None:
        """Close holds whose receipts are back or whose warning is over, and what was said of accounts that
        fail in no live warning any more."""
        async with self.database.read() as connection:
            held = await holds.standing(connection)
            late = bool(held) and await self.inbox_lag(connection, now) > LAG_S
            refused = {
                one.revision_id: bool((await self._judge(connection, one.revision_id, now)).refusal(now))
                for one in held
            }
            failing = await holds.failing_accounts(connection)
            if failing:
                failing -= await self._still_failing(connection, now)
        ended = [
            one
            for one in held
            if refused[one.revision_id] or self._doubt(one.revision_id, one.account, late=late) is None
        ]
        if ended or failing:
            async with self.database.bulk() as connection:
                for one in ended:
                    await holds.passed(connection, one.revision_id, one.account, now)
                for account in sorted(failing):
                    await holds.failing(connection, account, now, still=False)

    async def _still_failing(self, connection: AsyncConnection, now: datetime) -> frozenset[Account]:
        live = [revision_id for revision_id, _ in await plans.to_plan(connection, now)]
        for revision_id in live:
            await self._judge(connection, revision_id, now)
        judged = [self._judged[revision_id].known for revision_id in live]
        return frozenset(account for known in judged for account, there in known.items() if there.failing)

    async def _write(
        self,
        connection: AsyncConnection,
        plan: Plan,
        rows: Sequence[Due],
        *,
        drill: bool,
        now: datetime,
    ) -> int:
        text = await read_revision(connection, plan.revision_id)
        ids = [row.person_id for row in rows]
        history = await histories(connection, plan.revision_id, ids, self.window_closed)
        preference = Preference(self.table, await holds.troubled(connection))
        ways = await ways_of(connection, ids, self.channel_order, preference, now)
        spared = await silenced(connection, ids)
        groups: defaultdict[int, list[Assignment]] = defaultdict(list)
        rows = [row for row in rows if row.person_id in history]  # the others joined somebody just now
        seen: set[int] = set()
        for row in rows:
            known = history[row.person_id]
            if known.reached or row.rung < known.last_hope or row.person_id in spared | seen:
                continue
            seen.add(row.person_id)
            mine = ways.get(row.person_id, ())
            way = next_address(mine, drill=drill, accounts=self.accounts, used=known.used) or next_address(
                mine, drill=drill, accounts=self.accounts, used=known.used - known.shut
            )
            if way:
                groups[known.last_rung + 1].append(
                    Assignment.of(way, row.confidence, row.distance_km, drill=drill)
                )
        for rung, group in groups.items():
            priority = priority_of(text.severity)
            chosen = Assignments.listed(group)
            await plans.write_deliveries(
                connection, plan, chosen, rung=rung, priority=priority, sizes=self.sizes, now=now
            )
        await settle(connection, [row.id for row in rows])
        return sum(map(len, groups.values()))
