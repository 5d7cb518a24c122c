"""Live alerts seen from one person: what concerns them where they are, and what they were sent. Reads SQL.

Somebody who registers or moves into the area of a live alert gets its newest revision while it is useful
(design section 5). Corrections and all-clears are for those who got what they follow, never for newcomers.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.delivery import DeliveryState
from alerts.lifecycle import LIVE, MAY_SEND
from alerts.store import RevisionRow, revision_row, revisions_query
from alerts.tables import alert, checkin, delivery, event, revision
from places.area import Area, Touch
from places.audience import AudienceIndex
from places.people import Rows

_LEFT = sorted(set(DeliveryState) - {DeliveryState.QUEUED, DeliveryState.SKIPPED})


@dataclass(frozen=True, slots=True)
class PersonalEvent:
    """An event with a live alert that was sent to somebody.

    Attributes:
        at: when the newest message about it left for this person.
        answered: whether anything is known of the person in it.
    """

    event_id: int
    code: str
    title: str
    drill: bool
    at: datetime
    answered: bool


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


def covers(revision: RevisionRow, whereabouts: Rows, *, at: datetime, touch: Touch) -> bool:
    """Whether somebody with these places (all of one person) is in the audience of a revision at `at`.

    The same arithmetic as the planner's, so both always agree. Pure; milliseconds for a drawn shape, half a
    second for a continent: keep it off the loop.
    """
    area = Area.from_json(revision.area)
    touched = area.touches_countries(touch) if revision.include_maybe else frozenset[str]()
    found = AudienceIndex.build(whereabouts).resolve(
        area, at=int(at.timestamp()), touched=touched, include_maybe=revision.include_maybe
    )
    return len(found) > 0


async def events_of_person(connection: AsyncConnection, person_id: int, now: datetime) -> list[PersonalEvent]:
    """Open events whose live alerts were sent to somebody (or may have been), newest message first."""
    newest = func.max(func.coalesce(delivery.c.accepted_at, delivery.c.attempted_at, delivery.c.created_at))
    query = (
        select(event.c.id, event.c.code, event.c.title, event.c.drill, newest, func.max(checkin.c.at))
        .join(alert, alert.c.event_id == event.c.id)
        .join(revision, revision.c.alert_id == alert.c.id)
        .join(delivery, delivery.c.revision_id == revision.c.id)
        .outerjoin(
            checkin, (checkin.c.event_id == event.c.id) & (checkin.c.person_id == delivery.c.person_id)
        )
        .where(
            delivery.c.person_id == person_id,
            delivery.c.state.in_(_LEFT),
            alert.c.state.in_(sorted(MAY_SEND)),
            revision.c.expires_at > now,
            event.c.closed_at.is_(None),
        )
        .group_by(event.c.id, event.c.code, event.c.title, event.c.drill)
        .order_by(newest.desc(), event.c.id.desc())
    )
    rows = await connection.execute(query)
    return [PersonalEvent(*row[:4], at=row[4], answered=row[5] is not None) for row in rows]
