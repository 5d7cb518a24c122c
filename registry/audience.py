"""People in bulk, for whoever finds and warns an audience. Reads SQL into arrays; writes and opens nothing.

Only active people who consented are ever in here, and nobody real with a drill's address or the reverse.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    Select,
    case,
    cast,
    extract,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from places.people import EVER, FOREVER
from registry import changes as feed
from registry.addresses import AddressState
from registry.columns import AudienceRows, HeadcountColumns, headcount_of, pack, places_of
from registry.lifecycle import PersonState
from registry.tables import address, person, whereabouts
from storage.listed import listed

PAGE = 20_000  # the loop is held up for some 30 ms by each


async def rows(connection: AsyncConnection, *, since_change: int | None = None) -> AudienceRows:
    """Everybody's places, or with `since_change` those of people who changed after it (with an overlap).

    About 0.5 s for 100,000 rows on SQLite, read in pages by id. What commits meanwhile is found by reading on
    from `last_change`.
    """
    last, changed = await feed.changes(connection, since_change)
    if since_change is not None and not changed:
        return places_of([], last, changed)
    query = _places(connection)
    if since_change is not None:
        query = query.where(whereabouts.c.person_id.in_(await feed.after_change(connection, since_change)))
    pages, reached = [], 0
    while True:
        page = query.where(whereabouts.c.id > reached).order_by(whereabouts.c.id).limit(PAGE)
        found = (await connection.execute(page)).all()
        pages.append(await asyncio.to_thread(pack, found))
        if len(found) < PAGE:
            return await asyncio.to_thread(places_of, pages, last, changed)
        reached = found[-1][0]


async def active(connection: AsyncConnection, person_ids: Sequence[int]) -> set[int]:
    """Those who still want to be warned: tells "has no address" from "stopped meanwhile"."""
    query = select(person.c.id).where(warned(), listed(person.c.id))
    return set((await connection.execute(query, {"ids": person_ids})).scalars())


async def countries(connection: AsyncConnection, person_ids: Sequence[int]) -> dict[str, int]:
    """How many of these people say they are in each country (ISO-2) for good, most first."""
    query = (
        select(whereabouts.c.country, func.count(whereabouts.c.person_id.distinct()))
        .where(listed(whereabouts.c.person_id), whereabouts.c.valid_to.is_(None))
        .group_by(whereabouts.c.country)
    )
    found = {row[0]: row[1] for row in await connection.execute(query, {"ids": person_ids})}
    return dict(Counter(found).most_common())


async def with_one_channel(connection: AsyncConnection, people: Select[Any]) -> dict[str, int]:
    """How many of `people` (a query of person ids) can be reached on one channel only, by that channel."""
    only = func.min(address.c.channel)
    query = (
        select(only.label("channel"))
        .where(address.c.person_id.in_(people), address.c.state == AddressState.ACTIVE.value)
        .group_by(address.c.person_id)
        .having(func.count(address.c.channel.distinct()) == 1)
        .subquery()
    )
    counted = (
        select(query.c.channel, func.count().label("people"))
        .group_by(query.c.channel)
        .order_by(func.count().desc())
    )
    return {row.channel: row.people for row in await connection.execute(counted)}


async def by_country(connection: AsyncConnection, channel: str) -> dict[str, int]:
    """How many real people with an address in use on `channel` live in each country (ISO-2), most first."""
    query = (
        select(whereabouts.c.country, func.count(person.c.id.distinct()).label("people"))
        .join(person, person.c.id == whereabouts.c.person_id)
        .join(address, address.c.person_id == person.c.id)
        .where(
            warned(),
            person.c.drill.is_(False),
            whereabouts.c.valid_to.is_(None),
            address.c.channel == channel,
            address.c.state == AddressState.ACTIVE.value,
        )
        .group_by(whereabouts.c.country)
    )
    found = {row.country: row.people for row in await connection.execute(query)}
    return dict(Counter(found).most_common())


async def where(connection: AsyncConnection, person_ids: Sequence[int], at: datetime) -> dict[int, str]:
    """The country (ISO-2) each of these people is in at `at`: of a trip they are on, else of their home."""
    begun = whereabouts.c.valid_from.is_(None) | (whereabouts.c.valid_from <= at)
    open_still = whereabouts.c.valid_to.is_(None) | (whereabouts.c.valid_to >= at)
    travelling = case((whereabouts.c.kind == "trip", 1), else_=0)
    query = (
        select(whereabouts.c.person_id, whereabouts.c.country)
        .where(listed(whereabouts.c.person_id), begun, open_still)
        .order_by(travelling, whereabouts.c.confirmed_at, whereabouts.c.id)
    )
    return {row[0]: row[1] for row in await connection.execute(query, {"ids": person_ids})}


async def headcount_columns(
    connection: AsyncConnection, channel_order: Sequence[str] = ()
) -> HeadcountColumns:
    """Language and first usable channel of every active person, ordered as in `registry.ways`."""
    people = (
        await connection.execute(
            select(person.c.id, person.c.language, person.c.drill).where(warned()).order_by(person.c.id)
        )
    ).all()
    owned = (
        await connection.execute(
            select(address.c.person_id, address.c.rank, address.c.channel, address.c.id)
            .join(person, person.c.id == address.c.person_id)
            .where(
                warned(),
                address.c.drill == person.c.drill,
                address.c.state == AddressState.ACTIVE.value,
            )
        )
    ).all()
    return headcount_of(people, owned, channel_order)


def warned() -> ColumnElement[bool]:
    """Whether a person is to be warned at all."""
    return (person.c.state == PersonState.ACTIVE.value) & person.c.consent_version.is_not(None)


def _places(connection: AsyncConnection) -> Select[Any]:
    return (
        select(
            whereabouts.c.id,
            whereabouts.c.person_id,
            func.coalesce(whereabouts.c.cell, 0),
            whereabouts.c.radius_km,
            whereabouts.c.country,
            whereabouts.c.near,
            func.coalesce(_epoch(connection, whereabouts.c.valid_from), literal_column(str(EVER))),
            func.coalesce(_epoch(connection, whereabouts.c.valid_to), literal_column(str(FOREVER))),
            whereabouts.c.kind,
            type_coerce(person.c.drill, Integer),  # numpy reads 0 and 1 too, and no row is touched in Python
            case((whereabouts.c.cell.is_(None), whereabouts.c.admin1)),
        )
        .join(person, person.c.id == whereabouts.c.person_id)
        .where(warned())
    )


def _epoch(connection: AsyncConnection, column: Column[datetime]) -> ColumnElement[int]:
    # Whole seconds, rounded down: with both ends included that never shortens a stay by what matters.
    seconds = extract("epoch", column)
    if connection.dialect.name == "postgresql":
        return cast(func.floor(seconds), BigInteger)
    return seconds
