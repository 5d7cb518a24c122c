"""Arrays of people: what `registry.audience` reads, packed for numpy. Pure; touches numpy only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from places.people import Ids, Rows, pack_countries, pack_regions

Page = tuple[NDArray[Any], ...]
"""Some rows of whereabouts, by column."""


@dataclass(frozen=True, slots=True)
class AudienceRows:
    """Whereabouts of active people as aligned arrays; one row is one place of one person.

    Attributes:
        cell: 0 = known by country only, below 0 = by region only (`places.people.pack_regions`).
        country: ISO 3166-1 alpha-2; `rows` also knows the countries a border place may be near.
        valid_from, valid_to: epoch seconds UTC, both included, `EVER` and `FOREVER` where open.
        kind: home | pin | trip.
        last_change: where to read the change feed on from.
        changed: ids of everybody who changed, when only changes were read: those without a row here have
            left.
        rows: the same for `places.audience.AudienceIndex`, sharing its memory.
    """

    person_id: Ids
    cell: NDArray[np.int64]
    radius_km: NDArray[np.float32]
    country: NDArray[np.str_]
    valid_from: NDArray[np.int64]
    valid_to: NDArray[np.int64]
    kind: NDArray[np.str_]
    drill: NDArray[np.bool_]
    last_change: int
    changed: Ids
    rows: Rows

    def __len__(self) -> int:
        return int(self.person_id.size)


@dataclass(frozen=True, slots=True)
class HeadcountColumns:
    """For counting: every active person once, by ascending id.

    Attributes:
        language: index into `languages`.
        channel: index into `channels` of the first address a message may go to; -1 = there is none.
        owner, way: every address a message may go to: whose it is, and its index into `channels`; by person,
            in their order.
    """

    person_id: Ids
    language: NDArray[np.int16]
    languages: tuple[str, ...]
    channel: NDArray[np.int8]
    channels: tuple[str, ...]
    drill: NDArray[np.bool_]
    owner: Ids
    way: NDArray[np.int8]


def places_of(pages: Sequence[Page], last_change: int, changed: Sequence[int]) -> AudienceRows:
    """Join packed pages."""
    columns = [np.concatenate(column) for column in zip(*[pack([]), *pages], strict=True)]
    person_id, cell, radius, country, countries, begins, ends, kind, drill = columns
    return AudienceRows(
        person_id=person_id,
        cell=cell,
        radius_km=radius,
        country=country,
        valid_from=begins,
        valid_to=ends,
        kind=kind,
        drill=drill,
        last_change=last_change,
        changed=np.array(changed, dtype=np.int64),
        rows=Rows(person_id, cell, radius, countries, begins, ends),
    )


def headcount_of(
    people: Sequence[Sequence[Any]], owned: Sequence[Sequence[Any]], channel_order: Sequence[str]
) -> HeadcountColumns:
    """Pack (person, language, drill) by ascending id; `owned` is (person, rank, channel, address)."""
    ids, spoken, drill = zip(*people, strict=True) if people else ((), (), ())
    owners, ranks, used, address_ids = zip(*owned, strict=True) if owned else ((), (), (), ())
    person_id = np.array(ids, dtype=np.int64)
    languages = sorted(set(spoken))
    channels = [*map(str, channel_order)]
    channels += sorted(set(used) - set(channels))
    number = {language: place for place, language in enumerate(languages)}
    code = {channel: place for place, channel in enumerate(channels)}
    owner, channel = np.array(owners, dtype=np.int64), np.array([code[name] for name in used], dtype=np.int8)
    # The last key of lexsort counts most: by person, then rank, then the given order of channels.
    order = np.lexsort((np.array(address_ids, dtype=np.int64), channel, np.array(ranks), owner))
    holders, start = np.unique(owner[order], return_index=True)
    first = np.full(person_id.size, -1, dtype=np.int8)
    # On PostgreSQL somebody may have joined between the two reads: they are counted next time.
    _, at_person, at_holder = np.intersect1d(person_id, holders, assume_unique=True, return_indices=True)
    first[at_person] = channel[order][start][at_holder]
    return HeadcountColumns(
        person_id=person_id,
        language=np.array([number[name] for name in spoken], dtype=np.int16),
        languages=tuple(languages),
        channel=first,
        channels=tuple(channels),
        drill=np.array(drill, dtype=np.bool_),
        owner=owner[order],
        way=channel[order],
    )


def pack(found: Sequence[Sequence[Any]]) -> Page:
    """Turn rows of (row, person, cell, radius, country, near, begin, end, kind, drill, region if there is no
    cell) into columns."""
    _, person_id, cell, radius, country, near, begins, ends, kind, drill, region = (
        zip(*found, strict=True) if found else ((),) * 11
    )
    packed = {
        place: pack_countries((place[0], *(place[1].split(",") if place[1] else ())))
        for place in set(zip(country, near, strict=True))
    }
    return (
        np.array(person_id, dtype=np.int64),
        _cells(cell, region),
        np.array(radius, dtype=np.float32),
        np.array(country, dtype="U2"),
        np.array([packed[place] for place in zip(country, near, strict=True)], dtype=np.int64),
        np.array(begins, dtype=np.int64),
        np.array(ends, dtype=np.int64),
        np.array(kind, dtype="U4"),
        np.array(drill, dtype=np.bool_),
    )


def _cells(cell: Sequence[int], region: Sequence[str | None]) -> NDArray[np.int64]:
    """Cells, and in their place the regions of those who have none."""
    cells = np.array(cell, dtype=np.int64)
    packed = {codes: pack_regions(codes.split(",")) for codes in set(region) if codes}
    if packed:
        cells += np.array([packed[codes] if codes else 0 for codes in region], dtype=np.int64)
    return cells
