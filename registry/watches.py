"""Watchers: relatives who want news of a country. Touches SQL only.

A separate audience: a watch is no place of the watcher, so nobody here is ever counted among people abroad,
warned as one of them, or asked whether they are safe.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from places.errors import ShapeError
from places.people import country_code
from registry.errors import PlaceRefusedError
from registry.lifecycle import PersonState
from registry.settling import lock
from registry.tables import person, watch
from storage.database import insert_new

MOST = 10  # countries of one watcher


async def add(connection: AsyncConnection, person_id: int, country: str, now: datetime) -> bool:
    """The person wants news of `country` (ISO-2); False when they have that already.

    Raises:
        PlaceRefusedError: it is no country, or one too many.
        PersonUnknownError: there is no such person.
    """
    try:
        country_code(country)
    except ShapeError as error:
        raise PlaceRefusedError(error.code, "This is not a country.") from None
    await lock(connection, person_id)
    have = await of_person(connection, person_id)
    if country not in have and len(have) >= MOST:
        raise PlaceRefusedError("too_many_watches", f"More than {MOST} countries cannot be kept.")
    row = {"person_id": person_id, "country": country, "created_at": now}
    return await insert_new(connection, watch, [row], ["person_id", "country"]) == 1


async def drop(connection: AsyncConnection, person_id: int, country: str) -> bool:
    """They want none any more; False when they had not asked."""
    mine = (watch.c.person_id == person_id) & (watch.c.country == country)
    return (await connection.execute(delete(watch).where(mine))).rowcount == 1


async def of_person(connection: AsyncConnection, person_id: int) -> list[str]:
    """The countries (ISO-2) somebody wants news of, in the order in which they asked."""
    query = select(watch.c.country).where(watch.c.person_id == person_id)
    return list((await connection.execute(query.order_by(watch.c.created_at, watch.c.country))).scalars())


async def watching(
    connection: AsyncConnection, countries: Collection[str], *, drill: bool, after: int, limit: int
) -> list[tuple[int, int, str]]:
    """Watchers of any of these countries (ISO-2) who may be told: watch id above `after`, person, country; by
    watch id, at most `limit`.
    """
    query = (
        select(watch.c.id, watch.c.person_id, watch.c.country)
        .join(person, person.c.id == watch.c.person_id)
        .where(watch.c.id > after, watch.c.country.in_(sorted(countries)), _may_be_told(drill=drill))
        .order_by(watch.c.id)
        .limit(limit)
    )
    return [(row.id, row.person_id, row.country) for row in await connection.execute(query)]


async def counts(connection: AsyncConnection, *, drill: bool) -> dict[str, int]:
    """Watchers who may be told by country, most first. They are no people abroad: add them to nothing."""
    query = (
        select(watch.c.country, func.count().label("people"))
        .join(person, person.c.id == watch.c.person_id)
        .where(_may_be_told(drill=drill))
        .group_by(watch.c.country)
        .order_by(func.count().desc(), watch.c.country)
    )
    return {row.country: row.people for row in await connection.execute(query)}


def _may_be_told(*, drill: bool) -> ColumnElement[bool]:
    return and_(
        person.c.drill.is_(drill),
        person.c.consent_version.is_not(None),
        person.c.state.in_([PersonState.NEW.value, PersonState.ACTIVE.value]),
    )
