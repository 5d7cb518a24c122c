"""How many people are registered in each country, and how ready we are to reach them. Reads SQL.

Unit everywhere: people (registrations). Each counts once, in the country of a trip they are on, else of their
base; somebody whose places have all ended counts under "". Watchers are never in here.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, case, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels import FACTS
from registry.addresses import AddressState
from registry.lifecycle import PersonState
from registry.prompts import HOME_IS_OLD, PIN_IS_OLD
from registry.tables import address, person, phone, whereabouts
from registry.whereabouts import WhereaboutsKind
from storage.listed import listed
from storage.scan import Columns, Words, scan

NOBODY = "none"  # no channel
CONFIDENCES = ("area", "city", "country")
Ids = NDArray[np.int64]
ASKED_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class CountryCount:
    """One country (ISO-2, "" = not known).

    Attributes:
        people: registrations.
        two_channels: have two channels that can wake them; a web page cannot.
        phone: have a number that an officer could call.
        fresh: said where they are lately: a shared position in 45 days, a home in 180, or they are on a trip.
        by_channel: under the first channel that is in use, "none" without one.
        by_confidence: how near we know the place: area (a few kilometres), city, country.
    """

    country: str
    people: int
    two_channels: int = 0
    phone: int = 0
    fresh: int = 0
    by_channel: Mapping[str, int] = field(default_factory=dict)
    by_language: Mapping[str, int] = field(default_factory=dict)
    by_confidence: Mapping[str, int] = field(default_factory=dict)


async def by_country(
    connection: AsyncConnection, now: datetime, *, drill: bool, channel_order: Sequence[str] = ()
) -> list[CountryCount]:
    """Count everybody, real or simulated ones, most people first; 5 to 8 s for a million on SQLite."""
    people = await scan(
        connection,
        person.c.id,
        [person.c.id],
        [person.c.language],
        person.c.state == PersonState.ACTIVE.value,
        person.c.consent_version.is_not(None),
        person.c.drill.is_(drill),
    )
    begun = or_(whereabouts.c.valid_from.is_(None), whereabouts.c.valid_from <= now)
    open_still = or_(whereabouts.c.valid_to.is_(None), whereabouts.c.valid_to >= now)
    places = await scan(
        connection,
        whereabouts.c.id,
        [whereabouts.c.person_id, whereabouts.c.id, *_kind_of_place(now)],
        [whereabouts.c.country],
        begun,
        open_still,
    )
    owned = await scan(
        connection,
        address.c.id,
        [address.c.person_id, address.c.rank],
        [address.c.channel],
        address.c.state == AddressState.ACTIVE.value,
    )
    phones = await scan(connection, phone.c.person_id, [phone.c.person_id])
    several = await asyncio.to_thread(_undecided, places)
    confirmed: dict[int, datetime] = {}
    for start in range(0, several.size, ASKED_AT_ONCE):
        query = select(whereabouts.c.id, whereabouts.c.confirmed_at).where(listed(whereabouts.c.person_id))
        some = {"ids": several[start : start + ASKED_AT_ONCE].tolist()}
        confirmed.update((row[0], row[1]) for row in await connection.execute(query, some))
    return await asyncio.to_thread(
        _counted, people, places, owned, phones.numbers[0], confirmed, tuple(map(str, channel_order))
    )


def _kind_of_place(now: datetime) -> tuple[ColumnElement[int], ...]:
    """Whether a place is a base (0 = of a trip), how near it is known (of `CONFIDENCES`), whether it was said
    lately."""
    old = {WhereaboutsKind.PIN: PIN_IS_OLD, WhereaboutsKind.HOME: HOME_IS_OLD}
    is_trip = whereabouts.c.kind == WhereaboutsKind.TRIP.value
    lately = (
        and_(whereabouts.c.kind == kind.value, whereabouts.c.confirmed_at >= now - age)
        for kind, age in old.items()
    )
    near = case((whereabouts.c.cell.is_(None), 2), (whereabouts.c.radius_km > 0, 1), else_=0)
    return case((is_trip, 0), else_=1), near, case((or_(is_trip, *lately), 1), else_=0)


def _undecided(places: Columns) -> Ids:
    """People of whose places the newest counts: more than one trip, or no trip and more than one base."""
    who, _, base, _, _ = places.numbers
    trips = np.sort(who[base == 0])
    bases = np.sort(who[(base == 1) & ~np.isin(who, trips)])
    return np.unique(np.concatenate([ids[1:][ids[1:] == ids[:-1]] for ids in (trips, bases)]))


def _counted(
    people: Columns,
    places: Columns,
    owned: Columns,
    phones: Ids,
    confirmed: Mapping[int, datetime],
    channel_order: Sequence[str],
) -> list[CountryCount]:
    """Put together what was read; CPU only."""
    (ids,), (languages,) = people.numbers, people.words
    if not ids.size:
        return []
    here, near, lately = _here(ids, places, confirmed)
    names = ("", *places.words[0].names)
    first, two = _channels(ids, owned, channel_order)
    channels = Words(first, (*owned.words[0].names, NOBODY))
    size = len(names)

    def total(chosen: NDArray[np.bool_]) -> list[int]:
        counts: list[int] = np.bincount(here[chosen], minlength=size).tolist()
        return counts

    everybody = total(np.ones(ids.size, dtype=np.bool_))
    figures = zip(
        names,
        everybody,
        total(two),
        total(np.isin(ids, phones)),
        total(lately),
        _tally(here, size, channels),
        _tally(here, size, languages),
        _tally(here, size, Words(near, CONFIDENCES)),
        strict=True,
    )
    counted = [CountryCount(*one) for one in figures if one[1]]
    return sorted(counted, key=lambda one: (-one.people, one.country))


def _here(
    ids: Ids, places: Columns, confirmed: Mapping[int, datetime]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
    """Where each person is (0 = nowhere, else one more than the code), how near that is known (of
    `CONFIDENCES`; nowhere counts as the last), and whether it was said lately."""
    who, row, base, near, fresh = places.numbers
    at = np.minimum(np.searchsorted(ids, who), max(ids.size - 1, 0))
    ours = np.flatnonzero(ids[at] == who) if ids.size else np.empty(0, dtype=np.int64)
    at, row, base, code = at[ours], row[ours], base[ours], places.words[0].codes[ours]
    newest = np.zeros(row.size, dtype=np.int64)
    if confirmed:
        moments = {moment: turn for turn, moment in enumerate(sorted(set(confirmed.values())))}
        again = np.flatnonzero(np.isin(row, np.fromiter(confirmed, dtype=np.int64, count=len(confirmed))))
        newest[again] = [-moments[confirmed[number]] for number in row[again].tolist()]
    # The last key counts most: by person, trips first, then the newest, then the first that was written.
    order = np.lexsort((row, newest, base, at))
    start = np.flatnonzero(np.append(True, at[order][1:] != at[order][:-1])[: order.size])
    best = order[start]
    here, level = np.zeros(ids.size, dtype=np.int32), np.full(ids.size, len(CONFIDENCES) - 1, dtype=np.int32)
    lately = np.zeros(ids.size, dtype=np.bool_)
    whose, chosen = at[best], ours[best]
    here[whose], level[whose], lately[whose] = code[best] + 1, near[chosen], fresh[chosen] == 1
    return here, level, lately


def _channels(
    ids: Ids, owned: Columns, channel_order: Sequence[str]
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """The first channel of each person (one more than the last code = none), and who has two that wake."""
    (who, rank), (used,) = owned.numbers, owned.words
    place = {name: number for number, name in enumerate(channel_order)}
    turn = np.array([place.get(name, len(place)) for name in used.names], dtype=np.int64)
    at = np.minimum(np.searchsorted(ids, who), max(ids.size - 1, 0))
    ours = np.flatnonzero(ids[at] == who) if ids.size else np.empty(0, dtype=np.int64)
    at, rank, code = at[ours], rank[ours], used.codes[ours]
    order = np.lexsort((turn[code], rank, at))  # stable: equals stay in the order of their ids
    start = np.flatnonzero(np.append(True, at[order][1:] != at[order][:-1])[: order.size])
    first = np.full(ids.size, len(used.names), dtype=np.int32)
    first[at[order][start]] = code[order][start]
    kinds = np.zeros(ids.size, dtype=np.int64)
    for number, name in enumerate(used.names):
        if FACTS[name].wakes:
            kinds += np.bincount(at[code == number], minlength=ids.size) > 0
    return first, kinds >= 2


def _tally(here: NDArray[np.int32], size: int, values: Words) -> list[dict[str, int]]:
    """How many of each value are in each country, most first."""
    width = len(values.names)
    counts = np.bincount(here * width + values.codes, minlength=size * width).reshape(size, max(width, 1))
    return [
        dict(sorted(((name, n) for name, n in zip(values.names, row, strict=False) if n), key=_most_first))
        for row in counts.tolist()
    ]


def _most_first(one: tuple[str, int]) -> tuple[int, str]:
    return -one[1], one[0]
