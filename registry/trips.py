"""Trips: places with dates beside the base. They begin and end by themselves. Touches SQL only.

Dates are widened, never narrowed: a day begins where it begins first on earth and ends where it ends last, so
that somebody who crosses the date line, or whose city lies in an unknown zone, is never left out.
"""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from registry import changes
from registry.errors import PlaceRefusedError
from registry.settling import lock, settle
from registry.tables import whereabouts
from registry.whereabouts import Whereabouts, WhereaboutsKind, WhereaboutsRow, keep, row_of
from storage.vault import PersonVault

MOST_TRIPS = 30  # that have not ended, of one person
LONGEST = timedelta(days=3 * 366)
EARLIEST_ZONE = timedelta(hours=14)  # a day begins first at UTC+14
LATEST_ZONE = timedelta(hours=12)  # and ends last at UTC-12

_TRIP = whereabouts.c.kind == WhereaboutsKind.TRIP.value


def span(first: date, last: date) -> tuple[datetime, datetime]:
    """The moments (UTC) between which it is one of these days anywhere on earth."""
    begins = datetime.combine(first, time.min, UTC) - EARLIEST_ZONE
    ends = datetime.combine(last, time.min, UTC) + timedelta(days=1) + LATEST_ZONE
    return begins, ends


def days(begins: datetime, ends: datetime) -> tuple[date, date]:
    """The days that `span` made these moments of."""
    return (begins + EARLIEST_ZONE).date(), (ends - LATEST_ZONE - timedelta(days=1)).date()


async def add(
    connection: AsyncConnection,
    person_vault: PersonVault,
    person_id: int,
    place: Whereabouts,
    begins: datetime,
    ends: datetime,
    now: datetime,
) -> int:
    """Keep a trip beside the base, from `begins` to `ends` (aware, both included); return its id.

    Raises:
        PlaceRefusedError: it is no trip, ends before it begins, is longer than three years, or one too many.
        PersonUnknownError: there is no such person.
    """
    if place.kind is not WhereaboutsKind.TRIP:
        raise PlaceRefusedError("not_a_trip", "Only a trip has dates.")
    _check(begins, ends)
    await lock(connection, person_id)
    if len(await coming(connection, person_id, now)) >= MOST_TRIPS:
        raise PlaceRefusedError("too_many_trips", f"More than {MOST_TRIPS} trips cannot be kept.")
    trip = await keep(connection, person_vault, person_id, place, begins, ends, now)
    await settle(connection, person_id, now)
    return trip


async def coming(connection: AsyncConnection, person_id: int, now: datetime) -> list[WhereaboutsRow]:
    """Trips of a person that have not ended, in the order in which they begin."""
    query = (
        select(whereabouts)
        .where(whereabouts.c.person_id == person_id, _TRIP, whereabouts.c.valid_to >= now)
        .order_by(whereabouts.c.valid_from, whereabouts.c.id)
    )
    return [row_of(row) for row in await connection.execute(query)]


async def change(
    connection: AsyncConnection,
    person_id: int,
    trip_id: int,
    begins: datetime,
    ends: datetime,
    now: datetime,
) -> bool:
    """Give a trip other dates; False when the person has none with this id.

    Raises:
        PlaceRefusedError: it would end before it begins, or last longer than three years.
    """
    _check(begins, ends)
    result = await connection.execute(
        update(whereabouts)
        .where(whereabouts.c.id == trip_id, whereabouts.c.person_id == person_id, _TRIP)
        .values(valid_from=begins, valid_to=ends, confirmed_at=now)
    )
    if result.rowcount:
        await changes.append(connection, [person_id], now)
    return result.rowcount == 1


async def cancel(connection: AsyncConnection, person_id: int, trip_id: int, now: datetime) -> bool:
    """Forget a trip of this person; False when there is none with this id."""
    result = await connection.execute(
        delete(whereabouts).where(whereabouts.c.id == trip_id, whereabouts.c.person_id == person_id, _TRIP)
    )
    if result.rowcount:
        await changes.append(connection, [person_id], now)
    return result.rowcount == 1


def _check(begins: datetime, ends: datetime) -> None:
    if ends < begins:
        raise PlaceRefusedError("dates_order", "A trip cannot end before it begins.")
    if ends - begins > LONGEST:
        raise PlaceRefusedError("trip_length", "A trip cannot be longer than three years.")
