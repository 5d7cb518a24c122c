"""Figures of warnings for operators, counted from SQL: outcomes, what waits, how long it took. Reads only; no
figure names a person, a place or a text.

Warnings of the last day count, the newest `NEWEST` of them. One pass over the deliveries of each; a process
that is asked often keeps the answer for a while (`app/figures.py`).
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import holds
from alerts.batches import BatchState
from alerts.delivery import WAITING
from alerts.lifecycle import MAY_SEND
from alerts.routing import Account
from alerts.tables import alert, batch, delivery, redis_epoch, revision
from alerts.terms import is_drill

RECENT = timedelta(days=1)
NEWEST = 20  # revisions
BOUNDS_S = (
    *(0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0),
    *(120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0),
)
"""Seconds from approval to acceptance are counted up to each of these."""
QUANTILES = (0.5, 0.95, 0.99)


@dataclass(slots=True)
class QueueDepth:
    """Open batches of one account and priority: how many, for how many people, since when the oldest."""

    batches: int
    people: int
    oldest: datetime


@dataclass(slots=True)
class Figures:
    """What SQL says.

    Attributes:
        deliveries: (channel, account, state, "drill" or "actual") -> deliveries.
        queue: (channel, account, priority) -> what waits.
        oldest_unsent: channel -> when the oldest delivery was written that nobody sent yet.
        first: status -> seconds from approval to the first acceptance, one of each warning.
        accepted: channel -> deliveries of the first rung accepted within each of `BOUNDS_S`, then all.
        held: account -> rungs held there.
        epoch: the name of Redis's life as SQL has it, "" = none yet. epoch_since: when it began.
    """

    deliveries: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    queue: dict[tuple[str, str, int], QueueDepth] = field(default_factory=dict)
    oldest_unsent: dict[str, datetime] = field(default_factory=dict)
    first: list[float] = field(default_factory=list)
    accepted: dict[str, list[int]] = field(default_factory=dict)
    held: Counter[Account] = field(default_factory=Counter)
    epoch: str = ""
    epoch_since: datetime | None = None


async def read(connection: AsyncConnection, now: datetime) -> Figures:
    """Count everything anew."""
    figures = Figures()
    recent = (
        select(revision.c.id, revision.c.approved_at, alert.c.status, alert.c.state)
        .join(alert, alert.c.id == revision.c.alert_id)
        .where(revision.c.approved_at > now - RECENT)
        .order_by(revision.c.approved_at.desc())
        .limit(NEWEST)
    )
    for row in (await connection.execute(recent)).all():
        kind = "drill" if is_drill(row.status) else "actual"
        await _count(connection, figures, row.id, row.approved_at, kind, may_send=row.state in MAY_SEND)
    await _queue(connection, figures)
    for one in await holds.standing(connection):
        if not one.released:
            figures.held[one.account] += 1
    life = (await connection.execute(select(redis_epoch.c.epoch, redis_epoch.c.since))).one_or_none()
    if life is not None:
        figures.epoch, figures.epoch_since = life.epoch, life.since
    return figures


async def _count(
    connection: AsyncConnection,
    figures: Figures,
    revision_id: int,
    approved_at: datetime,
    kind: str,
    *,
    may_send: bool,
) -> None:
    columns = delivery.c
    within = [
        func.sum(case((columns.accepted_at <= approved_at + timedelta(seconds=bound), 1), else_=0))
        for bound in BOUNDS_S
    ]
    query = (
        select(
            columns.channel,
            columns.account,
            columns.state,
            columns.rung,
            func.count(),
            func.count(columns.accepted_at),
            func.min(columns.accepted_at),
            func.min(columns.created_at),
            *within,
        )
        .where(columns.revision_id == revision_id)
        .group_by(columns.channel, columns.account, columns.state, columns.rung)
    )
    firsts = []
    counted = await connection.execute(query)
    for channel, account, state, rung, count, taken, first, written, *bounds in counted:
        figures.deliveries[channel, account, state, kind] += count
        if first is not None:
            firsts.append(first)
        if rung == 0:
            before = figures.accepted.get(channel, [0] * (len(BOUNDS_S) + 1))
            figures.accepted[channel] = [sum(pair) for pair in zip(before, [*bounds, taken], strict=True)]
        if may_send and state in WAITING:
            figures.oldest_unsent[channel] = min(figures.oldest_unsent.get(channel, written), written)
    if firsts:
        figures.first.append(max(0.0, (min(firsts) - approved_at).total_seconds()))


async def _queue(connection: AsyncConnection, figures: Figures) -> None:
    columns = batch.c
    query = (
        select(
            columns.channel,
            columns.account,
            columns.priority,
            func.count(),
            func.sum(columns.size),
            func.min(columns.created_at),
        )
        .where(columns.state == BatchState.OPEN)
        .group_by(columns.channel, columns.account, columns.priority)
    )
    for channel, account, priority, batches, people, oldest in await connection.execute(query):
        figures.queue[channel, account, priority] = QueueDepth(batches, int(people), oldest)


def quantile(counts: Sequence[int], share: float) -> float | None:
    """The seconds within which `share` (0..1) of what was accepted was accepted, by straight lines between
    `BOUNDS_S`; None where nothing was. What took longer than the last bound counts as that bound.
    """
    total = counts[-1]
    if not total:
        return None
    wanted = share * total
    place = bisect_left(counts[:-1], wanted)
    if place == len(BOUNDS_S):
        return BOUNDS_S[-1]
    low, below = (BOUNDS_S[place - 1], counts[place - 1]) if place else (0.0, 0)
    inside = counts[place] - below
    return low + (BOUNDS_S[place] - low) * ((wanted - below) / inside if inside else 1.0)


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest of `values` that at least `share` (0..1) of them do not exceed; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]
