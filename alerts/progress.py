"""How far the copies of one warning got, for whoever decides about next rungs. Reads and settles rows."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.delivery import CONFIRMED, NOT_REACHED, DeliveryState
from alerts.plans import leased
from alerts.tables import alert, checkin, delivery, revision
from storage.listed import listed


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
class History:
    """What one person got of a revision so far; an answer in the event counts as reached.

    Attributes:
        last_rung: of all their rows.
        last_hope: the last one that did not come to nothing; -1 = all did.
        shut: addresses whose one copy came back because their window was closed: a knock may still open it.
    """

    reached: bool
    last_rung: int
    last_hope: int
    used: frozenset[int]
    shut: frozenset[int] = frozenset()


async def due(
    connection: AsyncConnection, now: datetime, limit: int, owner: str, but: Collection[int] = ()
) -> dict[int, list[Due]]:
    """Up to `limit` deliveries that are due, by revision, those first that wait longest.

    Revisions that another planner than `owner` holds are left to it, and those in `but` alone: theirs would
    take up the room of those that can be moved.
    """
    held = select(revision.c.id).where(leased(now), revision.c.plan_owner != owner)
    query = (
        select(*(delivery.c[name] for name in Due.__slots__))
        .where(delivery.c.next_at <= now, delivery.c.revision_id.not_in(held))
        .where(delivery.c.revision_id.not_in(sorted(but)))
        .order_by(delivery.c.next_at, delivery.c.id)
        .limit(limit)
    )
    found: defaultdict[int, list[Due]] = defaultdict(list)
    for row in await connection.execute(query):
        found[row.revision_id].append(Due(*row))
    return found


async def still_due(connection: AsyncConnection, rows: Sequence[Due], now: datetime) -> list[Due]:
    """Those of `rows` that nobody moved, settled or put off since they were read."""
    query = select(delivery.c.id).where(listed(delivery.c.id), delivery.c.next_at <= now)
    left = set((await connection.execute(query, {"ids": [row.id for row in rows]})).scalars())
    return [row for row in rows if row.id in left]


async def settle(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Nothing more is due for these."""
    await postpone(connection, ids, None)


async def postpone(connection: AsyncConnection, ids: Sequence[int], until: datetime | None) -> None:
    """Look at these again at `until`; None = never."""
    changes = update(delivery).where(listed(delivery.c.id)).values(next_at=until)
    await connection.execute(changes, {"ids": ids})


async def histories(
    connection: AsyncConnection,
    revision_id: int,
    person_ids: Collection[int],
    window_closed: Collection[str] = (),
) -> dict[int, History]:
    """What these people got of a revision so far.

    Args:
        window_closed: codes of failures that only say: nothing but a template may open this conversation.
    """
    query = (
        select(
            delivery.c.person_id,
            delivery.c.rung,
            delivery.c.address_id,
            delivery.c.state,
            delivery.c.error,
            checkin.c.status.label("answer"),
        )
        .join(revision, revision.c.id == delivery.c.revision_id)
        .join(alert, alert.c.id == revision.c.alert_id)
        .outerjoin(
            checkin,
            and_(checkin.c.event_id == alert.c.event_id, checkin.c.person_id == delivery.c.person_id),
        )
        .where(delivery.c.revision_id == revision_id, delivery.c.person_id.in_(person_ids))
    )
    rows = defaultdict(list)
    for row in await connection.execute(query):
        rows[row.person_id].append(row)
    return {
        person: History(
            reached=any(row.answer or row.state in CONFIRMED for row in found),
            last_rung=max(row.rung for row in found),
            last_hope=max((row.rung for row in found if row.state not in NOT_REACHED), default=-1),
            used=frozenset(row.address_id for row in found),
            shut=_shut(found, window_closed),
        )
        for person, found in rows.items()
    }


def _shut(rows: Sequence[Any], window_closed: Collection[str]) -> frozenset[int]:
    """Addresses that were tried once and in vain only because of their window; never a second time."""
    tries = Counter(row.address_id for row in rows)
    return frozenset(
        row.address_id
        for row in rows
        if row.state == DeliveryState.FAILED and row.error in window_closed and tries[row.address_id] == 1
    )
