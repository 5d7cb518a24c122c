"""Everything people are asked unasked outside an emergency: whom to ask what, and the ledger. Touches SQL.

All such questions together are at most two a month per person: `claim` is the one way to one, and it refuses
the third.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.identity import new_id
from registry.lifecycle import PersonState
from registry.settling import lock
from registry.tables import person, prompt, whereabouts
from registry.whereabouts import WhereaboutsKind

MONTH = timedelta(days=31)
A_MONTH = 2
PIN_IS_OLD = timedelta(days=45)  # "where I am now"
HOME_IS_OLD = timedelta(days=180)
BEFORE_THE_END = timedelta(hours=48)  # of a trip, as widened: its last day and the one before
MOST_ASKED = 3  # about one place that was never confirmed
KEEP = timedelta(days=365)


class PromptKind(StrEnum):
    """What somebody is asked."""

    STILL = "still"  # are you still in this place?
    TRIP_ENDS = "trip_ends"  # your trip ends by itself: are you staying?


@dataclass(frozen=True, slots=True)
class Due:
    """A question that may be asked: about which place of whom."""

    whereabouts_id: int
    person_id: int
    kind: PromptKind


async def due(connection: AsyncConnection, now: datetime, after: int, limit: int) -> list[Due]:
    """Questions whose time has come, of places with an id above `after`, by id, at most `limit`.

    Nobody who had two in the last month, and nothing about a place that was asked about since it was
    confirmed, a month long, and three times in all.
    """
    asked = (prompt.c.person_id == whereabouts.c.person_id) & (prompt.c.about == whereabouts.c.id)
    since = asked & (prompt.c.at >= whereabouts.c.confirmed_at)
    times = select(func.count()).select_from(prompt).where(since).correlate(whereabouts).scalar_subquery()
    lately = (
        select(func.count())
        .select_from(prompt)
        .where(prompt.c.person_id == whereabouts.c.person_id, prompt.c.at > now - MONTH)
        .correlate(whereabouts)
        .scalar_subquery()
    )
    query = (
        select(whereabouts.c.id, whereabouts.c.person_id, whereabouts.c.kind)
        .join(person, person.c.id == whereabouts.c.person_id)
        .where(
            whereabouts.c.id > after,
            person.c.state == PersonState.ACTIVE.value,
            person.c.consent_version.is_not(None),
            person.c.data_key.is_not(None),
            or_(_is_old(now), _ends_soon(now)),
            ~exists().where(since, prompt.c.at > now - MONTH),
            times < MOST_ASKED,
            lately < A_MONTH,
        )
        .order_by(whereabouts.c.id)
        .limit(limit)
    )
    trip = WhereaboutsKind.TRIP.value
    return [
        Due(row.id, row.person_id, PromptKind.TRIP_ENDS if row.kind == trip else PromptKind.STILL)
        for row in await connection.execute(query)
    ]


async def claim(
    connection: AsyncConnection, person_id: int, kind: PromptKind, about: int | None, now: datetime
) -> int | None:
    """Write down that the person is asked now and return the entry's id; None when they must not be.

    Hold the transaction until the message is in the outbox: then both happened or neither.

    Raises:
        PersonUnknownError: there is no such person.
    """
    await lock(connection, person_id)  # two planners take turns
    lately = select(func.count()).where(prompt.c.person_id == person_id, prompt.c.at > now - MONTH)
    if (await connection.execute(lately)).scalar_one() >= A_MONTH:
        return None
    entry = new_id()
    row = {"id": entry, "person_id": person_id, "kind": kind.value, "about": about, "at": now}
    await connection.execute(insert(prompt).values(row))
    return entry


async def times(connection: AsyncConnection, person_id: int) -> Sequence[datetime]:
    """When the person was asked anything, newest first."""
    query = select(prompt.c.at).where(prompt.c.person_id == person_id).order_by(prompt.c.at.desc())
    return list((await connection.execute(query)).scalars())


async def purge(connection: AsyncConnection, now: datetime) -> int:
    """Forget what was asked a year ago; return how many."""
    return (await connection.execute(delete(prompt).where(prompt.c.at < now - KEEP))).rowcount


def _is_old(now: datetime) -> ColumnElement[bool]:
    return and_(
        whereabouts.c.valid_to.is_(None),
        or_(
            and_(
                whereabouts.c.kind == WhereaboutsKind.PIN.value, whereabouts.c.confirmed_at < now - PIN_IS_OLD
            ),
            and_(
                whereabouts.c.kind == WhereaboutsKind.HOME.value,
                whereabouts.c.confirmed_at < now - HOME_IS_OLD,
            ),
        ),
    )


def _ends_soon(now: datetime) -> ColumnElement[bool]:
    # Somebody who has just told when it ends is not asked the same day.
    return and_(
        whereabouts.c.kind == WhereaboutsKind.TRIP.value,
        whereabouts.c.valid_to > now,
        whereabouts.c.valid_to <= now + BEFORE_THE_END,
        whereabouts.c.valid_from <= now,
        whereabouts.c.confirmed_at < now - timedelta(hours=24),
    )
