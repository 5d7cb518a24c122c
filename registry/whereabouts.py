"""Where people are: one base (home or a shared pin) at a time. Touches SQL only; trips: `registry.trips`.

A position reaches this file as an H3 cell of resolution 7, a city with its radius, or a country: never
exactly. The name of the place as the person knows it is sealed.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from places.cells import centre
from places.errors import CoordinateError, ShapeError
from places.people import MAX_COUNTRIES, country_code
from registry import changes
from registry.errors import PlaceRefusedError
from registry.identity import new_id
from registry.lifecycle import PersonState
from registry.settling import lock, settle
from registry.tables import whereabouts
from storage.vault import PersonVault, Place

MAX_RADIUS_KM = 1_000.0


class WhereaboutsKind(StrEnum):
    """What a place is to the person."""

    HOME = "home"
    PIN = "pin"  # where they said they are now, until they say otherwise
    TRIP = "trip"


class Source(StrEnum):
    """Who said so, and how."""

    PIN = "pin"
    TYPED = "typed"
    OFFICER = "officer"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A place to be kept.

    Attributes:
        cell: H3 resolution 7, or None when only the country is known.
        radius_km: how far from the cell a person of that city may be, 0..1,000; 0 = in the cell itself.
        country: ISO 3166-1 alpha-2, the surest.
        near: up to three more countries the place may lie in (a pin at a border).
        admin1: ISO 3166-2 codes of the surest regions, comma-separated, at most 20 characters; without a cell
            the first two say where the person is.
        label: what to call it to the person; sealed before it is written.
        time_zone: IANA name.

    Raises:
        PlaceRefusedError: one of them is out of its range.
    """

    kind: WhereaboutsKind
    cell: int | None
    radius_km: float
    country: str
    admin1: str | None = None
    label: str = field(default="", repr=False)
    time_zone: str | None = None
    source: Source = Source.TYPED
    near: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        try:
            for iso in (self.country, *self.near):
                country_code(iso)
            if self.cell is not None:
                centre(self.cell)
        except (ShapeError, CoordinateError) as error:
            raise PlaceRefusedError(error.code, "This is not a country or cell that can be kept.") from None
        if len(self.near) >= MAX_COUNTRIES:
            raise PlaceRefusedError("too_many_countries", "A place can lie in four countries at most.")
        if not (math.isfinite(self.radius_km) and 0 <= self.radius_km <= MAX_RADIUS_KM):
            raise PlaceRefusedError("radius_range", "A radius must be 0 to 1,000 km.")
        if len(self.admin1 or "") > 20 or len(self.time_zone or "") > 40 or len(self.label) > 200:
            raise PlaceRefusedError("too_long", "A name or code of this place is too long to be kept.")


@dataclass(frozen=True, slots=True)
class WhereaboutsRow:
    """A place as it is kept; `sealed_label` opens with `label_of`."""

    id: int
    person_id: int
    kind: WhereaboutsKind
    cell: int | None = field(repr=False)
    radius_km: float
    country: str
    near: tuple[str, ...]
    admin1: str | None
    time_zone: str | None
    valid_from: datetime | None
    valid_to: datetime | None
    source: Source
    confirmed_at: datetime
    sealed_label: bytes | None = field(repr=False)


def place_of(whereabouts_id: int) -> Place:
    """Where a label is sealed for."""
    return Place("whereabouts", "label", str(whereabouts_id))


def label_of(person_vault: PersonVault, row: WhereaboutsRow) -> str:
    """The name of the place; raises `SealError` when it is another person's."""
    return "" if row.sealed_label is None else person_vault.open_text(row.sealed_label, place_of(row.id))


async def set_home(
    connection: AsyncConnection, person_vault: PersonVault, person_id: int, place: Whereabouts, now: datetime
) -> PersonState:
    """Make `place` (home or pin) the person's one base; the former one ends now. Returns their state after
    it.

    The new base has no beginning: no index that runs a little behind or ahead of `now` may miss the person.

    Raises:
        PlaceRefusedError: it is a trip.
        PersonUnknownError: there is no such person.
    """
    if place.kind is WhereaboutsKind.TRIP:
        raise PlaceRefusedError("trip_needs_dates", "A trip needs its dates.")
    await lock(connection, person_id)
    await close_bases(connection, person_id, now)
    await keep(connection, person_vault, person_id, place, None, None, now)
    return await settle(connection, person_id, now)


async def close_bases(connection: AsyncConnection, person_id: int, now: datetime) -> None:
    """End whatever base stands open."""
    await connection.execute(
        update(whereabouts)
        .where(
            whereabouts.c.person_id == person_id,
            whereabouts.c.kind != WhereaboutsKind.TRIP.value,
            whereabouts.c.valid_to.is_(None),
        )
        .values(valid_to=now)
    )


async def of_person(
    connection: AsyncConnection, person_id: int, at: datetime | None = None
) -> list[WhereaboutsRow]:
    """Places of a person, newest confirmed first; with `at` only those that hold at that moment,
    both ends included as in the audience index."""
    query = select(whereabouts).where(whereabouts.c.person_id == person_id)
    if at is not None:
        query = query.where(
            or_(whereabouts.c.valid_from.is_(None), whereabouts.c.valid_from <= at),
            or_(whereabouts.c.valid_to.is_(None), whereabouts.c.valid_to >= at),
        )
    rows = await connection.execute(query.order_by(whereabouts.c.confirmed_at.desc(), whereabouts.c.id))
    return [row_of(row) for row in rows]


async def base(connection: AsyncConnection, person_id: int) -> WhereaboutsRow | None:
    """The open base of a person."""
    for row in await of_person(connection, person_id):
        if row.kind is not WhereaboutsKind.TRIP and row.valid_to is None:
            return row
    return None


async def confirm(connection: AsyncConnection, person_id: int, row_id: int, now: datetime) -> bool:
    """The person says that they are still in this place; False when it is not theirs or over."""
    result = await connection.execute(
        update(whereabouts)
        .where(
            whereabouts.c.id == row_id,
            whereabouts.c.person_id == person_id,
            or_(whereabouts.c.valid_to.is_(None), whereabouts.c.valid_to >= now),
        )
        .values(confirmed_at=now)
    )
    return result.rowcount == 1


async def forget_past(connection: AsyncConnection, before: datetime) -> int:
    """Delete places that ended before `before` (aware UTC): nothing needs them. Returns how many."""
    result = await connection.execute(delete(whereabouts).where(whereabouts.c.valid_to < before))
    return result.rowcount


async def keep(
    connection: AsyncConnection,
    person_vault: PersonVault,
    person_id: int,
    place: Whereabouts,
    begins: datetime | None,
    ends: datetime | None,
    now: datetime,
) -> int:
    """Write a place down as it is, and tell the change feed; return its id. Only for this folder."""
    row_id = new_id()
    await connection.execute(
        insert(whereabouts).values(
            id=row_id,
            person_id=person_id,
            kind=place.kind.value,
            cell=place.cell,
            radius_km=place.radius_km,
            country=place.country,
            near=",".join(place.near) or None,
            admin1=place.admin1,
            label=person_vault.seal_text(place.label, place_of(row_id)) if place.label else None,
            time_zone=place.time_zone,
            valid_from=begins,
            valid_to=ends,
            source=place.source.value,
            confirmed_at=now,
        )
    )
    await changes.append(connection, [person_id], now)
    return row_id


def row_of(row: Row[Any]) -> WhereaboutsRow:
    """A place from a row of the table."""
    return WhereaboutsRow(
        id=row.id,
        person_id=row.person_id,
        kind=WhereaboutsKind(row.kind),
        cell=row.cell,
        radius_km=row.radius_km,
        country=row.country,
        near=tuple(row.near.split(",")) if row.near else (),
        admin1=row.admin1,
        time_zone=row.time_zone,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        source=Source(row.source),
        confirmed_at=row.confirmed_at,
        sealed_label=row.label,
    )
