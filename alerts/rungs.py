"""The next rung: people whose channel failed or stayed silent past its deadline are tried on their next one.

Touches SQL under the revision's fence. A later rung is a new row; the person still counts once, by their
best row.
"""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import plans, standing
from alerts.batches import BatchSizes
from alerts.delivery import CONFIRMED, DeliveryState
from alerts.plans import Assignment, FenceLostError, Plan
from alerts.revisions import read_revision
from alerts.routing import Account, by_person, next_address
from alerts.tables import alert, checkin, delivery, revision
from registry import audience as people
from storage.clock import Clock
from storage.database import Database

PAGE = 2_000
STORM_SHARE = 0.2
STORM_PEOPLE = 50
LAG_S = 30.0

log = structlog.get_logger(__name__)

InboxLag = Callable[[AsyncConnection, datetime], Awaitable[float]]
"""Seconds the oldest unprocessed message has been waiting."""


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery whose next rung is due."""

    id: int
    revision_id: int
    person_id: int
    rung: int
    channel: str
    account: str
    state: str
    confidence: str
    distance_km: float | None


@dataclass(frozen=True, slots=True)
class Holds:
    """How a hold is told and asked for, handed down by `app/`.

    Attributes:
        post: page the operators: revision, channel, account, reason.
        released: whether an officer released exactly this hold.
    """

    post: Callable[[AsyncConnection, int, Account, str, datetime], Awaitable[None]]
    released: Callable[[AsyncConnection, int, Account], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Rungs:
    """Moves people to their next channel."""

    database: Database
    clock: Clock
    accounts: frozenset[Account]
    confirming: frozenset[str]  # channels that send receipts
    sizes: BatchSizes
    channel_order: Sequence[str]
    inbox_lag: InboxLag
    holds: Holds
    owner: str

    async def step(self) -> int:
        """Move whoever is due; return how many deliveries were written.

        Raises:
            StorageUnavailableError: SQL is away.
        """
        now = self.clock.now()
        async with self.database.read() as connection:
            due = await _due(connection, now)
            late = bool(due) and await self.inbox_lag(connection, now) > LAG_S
        moved = 0
        for revision_id, rows in due.items():
            moved += await self._move(revision_id, rows, now, late=late)
        return moved

    async def _move(self, revision_id: int, rows: list[Due], now: datetime, *, late: bool) -> int:
        async with self.database.bulk() as connection:
            stands = await standing.read(connection, revision_id)
            if stands.refusal(now):
                await _settle(connection, [row.id for row in rows])
                return 0
            plan = await plans.claim(connection, revision_id, self.owner, now)
            if plan is None:
                return 0
            try:
                rows = await self._held_back(connection, revision_id, rows, now, late=late)
                return await self._write(connection, plan, rows, drill=stands.drill, now=now)
            except FenceLostError:
                log.warning("another planner took a revision over", action="rungs.lost", revision=revision_id)
                return 0
            finally:
                await plans.release(connection, plan)

    async def _held_back(
        self,
        connection: AsyncConnection,
        revision_id: int,
        rows: list[Due],
        now: datetime,
        *,
        late: bool,
    ) -> list[Due]:
        """Leave out whom a storm of silence would move: it is likelier that news is late than that all
        are."""
        silent = Counter((row.channel, row.account) for row in rows if self._silent(row))
        stopped = set()
        for account, count in silent.items():
            sent = await _sent(connection, revision_id, account)
            storm = count >= STORM_PEOPLE and count > STORM_SHARE * sent
            if (late or storm) and not await self.holds.released(connection, revision_id, account):
                reason = "inbox_lag" if late else "storm"
                await self.holds.post(connection, revision_id, account, reason, now)
                stopped.add(account)
        return [row for row in rows if not (self._silent(row) and (row.channel, row.account) in stopped)]

    def _silent(self, row: Due) -> bool:
        """Taken by a channel that confirms, and not confirmed."""
        return row.state == DeliveryState.ACCEPTED and row.channel in self.confirming

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
        history = await _history(connection, plan.revision_id, ids)
        ways = dict(by_person(await people.reach(connection, ids, self.channel_order)))
        groups: defaultdict[int, list[Assignment]] = defaultdict(list)
        for row in rows:
            known = history[row.person_id]
            if known.reached or row.rung < known.last_rung:
                continue
            way = next_address(
                ways.get(row.person_id, ()), drill=drill, accounts=self.accounts, used=known.used
            )
            if way:
                groups[row.rung + 1].append(
                    Assignment(
                        row.person_id,
                        way.address_id,
                        way.channel,
                        way.account,
                        way.language,
                        drill,
                        row.confidence,
                        row.distance_km,
                    )
                )
        for rung, chosen in groups.items():
            priority = plans.PRIORITY.get(text.severity, 2)
            await plans.write_deliveries(
                connection, plan, chosen, rung=rung, priority=priority, sizes=self.sizes, now=now
            )
        await _settle(connection, [row.id for row in rows])
        return sum(map(len, groups.values()))


@dataclass(frozen=True, slots=True)
class _History:
    reached: bool
    last_rung: int
    used: frozenset[int]


async def _due(connection: AsyncConnection, now: datetime) -> dict[int, list[Due]]:
    query = (
        select(*(delivery.c[name] for name in Due.__slots__))
        .where(delivery.c.next_at <= now)
        .order_by(delivery.c.id)
        .limit(PAGE)
    )
    due: defaultdict[int, list[Due]] = defaultdict(list)
    for row in await connection.execute(query):
        due[row.revision_id].append(Due(*row))
    return due


async def _settle(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Nothing more is due for these."""
    await connection.execute(update(delivery).where(delivery.c.id.in_(ids)).values(next_at=None))


async def _sent(connection: AsyncConnection, revision_id: int, account: Account) -> int:
    query = select(func.count()).where(
        delivery.c.revision_id == revision_id,
        delivery.c.channel == account[0],
        delivery.c.account == account[1],
        delivery.c.state.in_([DeliveryState.ACCEPTED, *CONFIRMED]),
    )
    return int((await connection.execute(query)).scalar_one())


async def _history(
    connection: AsyncConnection, revision_id: int, ids: Collection[int]
) -> dict[int, _History]:
    """What these people got of a revision so far; an answer in the event counts as reached."""
    query = (
        select(
            delivery.c.person_id,
            delivery.c.rung,
            delivery.c.address_id,
            delivery.c.state,
            checkin.c.status.label("answer"),
        )
        .join(revision, revision.c.id == delivery.c.revision_id)
        .join(alert, alert.c.id == revision.c.alert_id)
        .outerjoin(
            checkin,
            and_(checkin.c.event_id == alert.c.event_id, checkin.c.person_id == delivery.c.person_id),
        )
        .where(delivery.c.revision_id == revision_id, delivery.c.person_id.in_(ids))
    )
    rows = defaultdict(list)
    for row in await connection.execute(query):
        rows[row.person_id].append(row)
    return {
        person: _History(
            reached=any(row.answer or row.state in CONFIRMED for row in found),
            last_rung=max(row.rung for row in found),
            used=frozenset(row.address_id for row in found),
        )
        for person, found in rows.items()
    }
