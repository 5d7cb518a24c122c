"""A planner's hold on one revision, and what it writes under it. Touches SQL only.

One planner plans one revision: it holds a lease with a fence, and every chunk it writes first takes its
numbers with that fence. A planner that was frozen past its lease finds the fence moved on and writes
nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.assignments import Assignments
from alerts.batches import BatchSizes, Route, delivery_id, insert_batches
from alerts.delivery import DeliveryState
from alerts.lifecycle import LIVE, AlertState
from alerts.tables import alert, delivery, revision, unreachable
from alerts.terms import priority_of
from storage.bulk import insert_columns
from storage.clock import SET_BACK
from storage.database import insert_new

# Renewed with every chunk. A planner that was killed is waited for so long before another goes on.
LEASE = timedelta(seconds=10)


class FenceLostError(Exception):
    """Another planner took this revision over; nothing of ours was written."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Our hold on a revision; `first`: the number that its next delivery had when it was claimed."""

    revision_id: int
    fence: int
    first: int = 0


async def to_plan(connection: AsyncConnection, now: datetime) -> list[tuple[int, AlertState]]:
    """The newest revisions of alerts that are approved or live, most severe and then oldest first."""
    query = (
        select(revision.c.id, alert.c.state, revision.c.severity)
        .join(alert, alert.c.id == revision.c.alert_id)
        .where(
            alert.c.state.in_([AlertState.APPROVED, *LIVE]),
            revision.c.approved_at.is_not(None),
            or_(revision.c.useful_until > now, alert.c.state == AlertState.APPROVED),
        )
        .order_by(revision.c.id)
    )
    rows = (await connection.execute(query)).all()
    rows = sorted(rows, key=lambda row: priority_of(row.severity))
    return [(row.id, AlertState(row.state)) for row in rows]


def leased(now: datetime) -> ColumnElement[bool]:
    """The condition on a row of `revision` that a planner, who may still be alive, is at it."""
    return revision.c.plan_until.between(now, now + LEASE + SET_BACK)


async def claim(connection: AsyncConnection, revision_id: int, owner: str, now: datetime) -> Plan | None:
    """Take or keep the lease of a revision; None while another planner holds it."""
    free = or_(revision.c.plan_until.is_(None), not_(leased(now)), revision.c.plan_owner == owner)
    done = await connection.execute(
        update(revision)
        .where(revision.c.id == revision_id, free)
        .values(plan_owner=owner, plan_fence=revision.c.plan_fence + 1, plan_until=now + LEASE)
        .returning(revision.c.plan_fence, revision.c.next_seq)
    )
    row = done.one_or_none()
    return None if row is None else Plan(revision_id, row.plan_fence, row.next_seq)


def being_planned(now: datetime, but: int | None = None) -> Select[tuple[int]]:
    """Revisions, other than `but`, that a living planner is at: more people of the same order may follow."""
    others = () if but is None else (revision.c.id != but,)
    return select(revision.c.id).where(leased(now), *others)


async def resume(connection: AsyncConnection, plan: Plan, owner: str, now: datetime) -> Plan:
    """Take the lease once more for a plan that was put aside.

    Raises:
        FenceLostError: somebody else planned this revision meanwhile.
    """
    done = await connection.execute(
        update(revision)
        .where(revision.c.id == plan.revision_id, revision.c.plan_owner == owner)
        .values(plan_fence=revision.c.plan_fence + 1, plan_until=now + LEASE)
        .returning(revision.c.plan_fence, revision.c.next_seq)
    )
    row = done.one_or_none()
    if row is None:
        raise FenceLostError(f"revision {plan.revision_id} was planned by somebody else")
    return Plan(plan.revision_id, row.plan_fence, row.next_seq)


async def numbers(connection: AsyncConnection, plan: Plan, count: int, now: datetime) -> int:
    """Take `count` delivery numbers under the fence and renew the lease; return the first.

    Raises:
        FenceLostError: somebody else plans this revision by now.
    """
    done = await connection.execute(
        update(revision)
        .where(revision.c.id == plan.revision_id, revision.c.plan_fence == plan.fence)
        .values(next_seq=revision.c.next_seq + count, plan_until=now + LEASE)
        .returning(revision.c.next_seq)
    )
    after = done.scalar_one_or_none()
    if after is None:
        raise FenceLostError(f"revision {plan.revision_id} is planned by somebody else")
    return int(after) - count


async def write_deliveries(
    connection: AsyncConnection,
    plan: Plan,
    people: Assignments,
    *,
    rung: int,
    priority: int,
    sizes: BatchSizes,
    now: datetime,
    first_run: bool = False,
) -> None:
    """Write one delivery for each person and the batches that send them, under the fence; both or neither.

    Somebody who has a delivery on this rung already keeps it; the batch's id for them then names no row
    and is passed over by the sender.

    Args:
        people: at most 5,000, so that a transaction stays short; batches hold them nearest first.
        first_run: hardly anybody of them can have one yet: the revision had none on this rung when it was
            claimed under this fence, and nobody is written twice.

    Raises:
        IntegrityError: on a first run, somebody became one with a person who was written before; plan again.
    """
    first = await numbers(connection, plan, len(people), now)
    if not people:
        return
    start = delivery_id(plan.revision_id, first)
    delivery_id(plan.revision_id, first + len(people) - 1)  # there is room for the last one too
    columns: dict[str, Sequence[Any]] = {
        "id": range(start, start + len(people)),
        "person_id": people.person_id,
        "address_id": people.address_id,
        "channel": people.channel,
        "account": people.account,
        "language": people.language,
        "drill": people.drill,
        "confidence": people.confidence,
        "distance_km": people.distance_km,
    }
    constants = {
        "revision_id": plan.revision_id,
        "rung": rung,
        "state": DeliveryState.QUEUED.value,
        "attempts": 0,
        "created_at": now,
    }
    key = () if first_run else ("revision_id", "person_id", "rung")
    await insert_columns(connection, delivery, columns, constants, unless=key)
    near = sorted(range(len(people)), key=people.place.__getitem__)
    routes = {
        account: Route(plan.revision_id, rung, *account, priority)
        for account in set(zip(people.channel, people.account, strict=True))
    }
    waiters = sizes.waiters(
        [start + at for at in near],
        [routes[people.channel[at], people.account[at]] for at in near],
        [people.language[at] for at in near],
    )
    await insert_batches(
        connection, waiters, sizes, now, lambda waiter: plan.first + people.place[waiter - start]
    )
    if rung == 0 and not first_run:
        await connection.execute(
            delete(unreachable).where(
                unreachable.c.revision_id == plan.revision_id, unreachable.c.person_id.in_(people.person_id)
            )
        )


async def write_unreachable(
    connection: AsyncConnection, plan: Plan, people: Sequence[tuple[int, str]], now: datetime
) -> None:
    """List people of the audience for whom there is no address to try, with the reason."""
    await numbers(connection, plan, 0, now)
    rows = [
        {"revision_id": plan.revision_id, "person_id": person, "reason": reason, "at": now}
        for person, reason in people
    ]
    await insert_new(connection, unreachable, rows, ["revision_id", "person_id"])


async def mark_resolved(connection: AsyncConnection, plan: Plan, now: datetime) -> bool:
    """The audience as it is now is written; True the first time."""
    await numbers(connection, plan, 0, now)
    first = await connection.execute(
        update(revision)
        .where(revision.c.id == plan.revision_id, revision.c.planned_at.is_(None))
        .values(planned_at=now)
    )
    await connection.execute(
        update(revision).where(revision.c.id == plan.revision_id).values(resolved_at=now)
    )
    return first.rowcount == 1


async def release(connection: AsyncConnection, plan: Plan) -> None:
    """Give the lease back so that another planner need not wait for its end."""
    await connection.execute(
        update(revision)
        .where(revision.c.id == plan.revision_id, revision.c.plan_fence == plan.fence)
        .values(plan_until=None)
    )
