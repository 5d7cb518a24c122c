"""Live alerts seen from one person: what concerns them where they are, and what they were sent. Reads SQL.

Somebody who registers or moves into the area of a live alert gets its newest revision while it is useful.
Corrections and all-clears are for those who got what they follow, never for newcomers.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import batches
from alerts.delivery import DeliveryState
from alerts.lifecycle import LIVE, MAY_SEND
from alerts.store import RevisionRow, revision_row, revisions_query
from alerts.tables import alert, checkin, delivery, event, revision

_LEFT = sorted(set(DeliveryState) - {DeliveryState.QUEUED, DeliveryState.SKIPPED})
ASKED_LATELY = timedelta(hours=24)  # an answer that names no event may be to what was asked since then


@dataclass(frozen=True, slots=True)
class PersonalEvent:
    """An event with a live alert that was sent to somebody.

    Attributes:
        at: when the newest message about it left for this person; now, where SQL does not know yet.
        answered: whether anything is known of the person in it.
        certain: False where SQL does not know whether they have it and another warning asked them lately: an
            answer that names no event may be meant for that one.
    """

    event_id: int
    code: str
    title: str
    drill: bool
    at: datetime
    answered: bool
    certain: bool = True


async def live_revisions(connection: AsyncConnection, now: datetime) -> list[RevisionRow]:
    """Approved revisions that newcomers still get, newest first."""
    query = (
        revisions_query()
        .where(
            alert.c.state.in_(sorted(LIVE)),
            alert.c.corrects.is_(None),
            revision.c.approved_at.is_not(None),
            revision.c.expires_at > now,
            revision.c.useful_until > now,
        )
        .order_by(revision.c.approved_at.desc(), revision.c.id.desc())
    )
    return [revision_row(row) for row in await connection.execute(query)]


_EVENT = (event.c.id, event.c.code, event.c.title, event.c.drill)


def _live_for(person_id: int, now: datetime, *columns: ColumnElement[Any]) -> Select[Any]:
    """Columns of somebody's deliveries by live alerts of open events, beside their newest answer there."""
    return (
        select(*columns)
        .select_from(event)
        .join(alert, alert.c.event_id == event.c.id)
        .join(revision, revision.c.alert_id == alert.c.id)
        .join(delivery, delivery.c.revision_id == revision.c.id)
        .outerjoin(
            checkin, (checkin.c.event_id == event.c.id) & (checkin.c.person_id == delivery.c.person_id)
        )
        .where(
            delivery.c.person_id == person_id,
            alert.c.state.in_(sorted(MAY_SEND)),
            revision.c.expires_at > now,
            event.c.closed_at.is_(None),
        )
    )


async def events_of_person(connection: AsyncConnection, person_id: int, now: datetime) -> list[PersonalEvent]:
    """Open events whose live alerts were sent to somebody (or may have been), newest message first."""
    newest = func.max(func.coalesce(delivery.c.accepted_at, delivery.c.attempted_at, delivery.c.created_at))
    query = (
        _live_for(person_id, now, *_EVENT, newest, func.max(checkin.c.at))
        .where(delivery.c.state.in_(_LEFT))
        .group_by(*_EVENT)
        .order_by(newest.desc(), event.c.id.desc())
    )
    rows = await connection.execute(query)
    left = [
        PersonalEvent(key, code, title, drill, at, answered is not None)
        for key, code, title, drill, at, answered in rows
    ]
    return [*await _perhaps_left(connection, person_id, now, {one.event_id for one in left}), *left]


async def _perhaps_left(
    connection: AsyncConnection, person_id: int, now: datetime, known: Collection[int]
) -> list[PersonalEvent]:
    """Events of which somebody may have a message that SQL calls queued.

    Outcomes reach SQL half a second after their message, and only with the next worker when one dies: the
    batch tells whether a worker had begun with them.
    """
    columns = (*_EVENT, delivery.c.id, delivery.c.channel, delivery.c.account, revision.c.id, checkin.c.at)
    query = (
        _live_for(person_id, now, *columns)
        .where(
            delivery.c.state == DeliveryState.QUEUED,
            delivery.c.rung == 0,  # of a later one the first is known to have left
            event.c.id.not_in(known),
        )
        .order_by(delivery.c.id.desc())
    )
    found: dict[int, PersonalEvent] = {}
    for row in (await connection.execute(query)).all():
        key, code, title, drill, number, channel, account, revision_id, answered = row
        if key not in found and number in await batches.begun(connection, revision_id, channel, account):
            certain = not await _asked_lately(connection, person_id, now, key)
            found[key] = PersonalEvent(key, code, title, drill, now, answered is not None, certain)
    return list(found.values())


async def _asked_lately(connection: AsyncConnection, person_id: int, now: datetime, but: int) -> bool:
    """Whether the warning of another event, live or over, asked somebody whether they are safe."""
    at: Any = func.coalesce(delivery.c.accepted_at, delivery.c.attempted_at, delivery.c.created_at)
    query = (
        select(delivery.c.id)
        .join(revision, revision.c.id == delivery.c.revision_id)
        .join(alert, alert.c.id == revision.c.alert_id)
        .where(
            delivery.c.person_id == person_id,
            delivery.c.state.in_(_LEFT),
            alert.c.event_id != but,
            at > now - ASKED_LATELY,
        )
        .limit(1)
    )
    return (await connection.execute(query)).first() is not None
