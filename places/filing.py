"""Filing: the arrays of a block, and how rows are put into them. Pure numpy."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from places.cells import centres
from places.distance import unit_vectors
from places.growth import Mask
from places.people import MAX_COUNTRIES, Ids, Rows, unpack_regions

Floats32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Repeated:
    """People with more than one row. `slot`: their number by row, -1 = this person has no other row."""

    slot: NDArray[np.int32]
    people: int

    def once(
        self, rows: NDArray[np.int64], codes: NDArray[np.uint8]
    ) -> tuple[Mask | None, NDArray[np.uint8]]:
        """Which of `rows` are the first of their person (None = all), and `codes` lowered to the surest."""
        slot = self.slot[rows]
        at = np.flatnonzero(slot >= 0)
        if not at.size:
            return None, codes
        mine = slot[at]
        first = np.empty(self.people, dtype=np.int64)
        first[mine[::-1]] = at[::-1]  # of several values for one place the last one stays
        surest = np.full(self.people, 255, dtype=np.uint8)
        for code in np.unique(codes[at])[::-1].tolist():
            surest[mine[codes[at] == code]] = code
        codes = codes.copy()
        codes[at] = surest[mine]
        keep = np.ones(rows.size, dtype=np.bool_)
        keep[at] = first[mine] == at
        return keep, codes


@dataclass(frozen=True, slots=True)
class Filing:
    """Groups and their rows.

    Attributes:
        lat, lon, vector: of each group's cell: degrees, and the point on the unit sphere.
        radius_km: of the city; 0 where the cell itself is known.
        nation: index into `nations` (packed countries) and `first_country` (the surest of them).
        starts: where each group's rows begin; one more at the end.
        cities, lands: first group of the second and third run.
        of_country: kept lists: the groups that may lie in a country, by its code, sorted.
        of_region: the groups known by region only, by its code.
        by_person: rows in the order of their person ids.
        repeated: None when nobody has more than one row.
    """

    lat: Floats32
    lon: Floats32
    vector: Floats32
    radius_km: Floats32
    nation: NDArray[np.int32]
    nations: NDArray[np.int64]
    first_country: NDArray[np.uint16]
    starts: NDArray[np.int32]
    cities: int
    lands: int
    of_country: Mapping[int, NDArray[np.int32]]
    of_region: Mapping[str, tuple[int, ...]]
    person_id: Ids
    by_person: NDArray[np.int32]
    repeated: Repeated | None

    def listed(self, countries: frozenset[int]) -> NDArray[np.int64]:
        """Groups that may lie in one of these countries, sorted."""
        lists = [self.of_country[code] for code in countries if code in self.of_country]
        if len(lists) == 1:
            return lists[0].astype(np.int64)
        known = np.zeros(self.nation.size if lists else 0, dtype=np.bool_)
        for groups in lists:
            known[groups] = True
        return np.flatnonzero(known)

    def told(self, regions: frozenset[str]) -> NDArray[np.int64]:
        """Groups known by one of these regions only, sorted."""
        return np.array(
            sorted({group for code in regions for group in self.of_region.get(code, ())}), dtype=np.int64
        )

    def rows_of(self, person_ids: Ids) -> NDArray[np.int32]:
        """Every row of these people."""
        first = np.searchsorted(self.person_id, person_ids, side="left", sorter=self.by_person)
        last = np.searchsorted(self.person_id, person_ids, side="right", sorter=self.by_person)
        counts = last - first
        before = np.cumsum(counts) - counts
        places = np.repeat(first - before, counts) + np.arange(int(counts.sum()))
        return self.by_person[places]


def file_rows(rows: Rows) -> tuple[Filing, NDArray[np.int64]]:
    """Group rows by place; also which of `rows` stands at each place of the filing.

    Raises:
        CoordinateError: a cell is not one.
    """
    size = len(rows)
    cells, cell_at = np.unique(rows.cell, return_inverse=True)
    radii, radius_at = np.unique(np.where(rows.cell <= 0, np.float32(0), rows.radius_km), return_inverse=True)
    nations, nation_at = np.unique(rows.countries, return_inverse=True)
    key = (cell_at * max(1, radii.size) + radius_at) * max(1, nations.size) + nation_at
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1])) if size else np.empty(0, dtype=np.int64)
    first = order[starts]
    lat, lon = _positions(cells)
    lat, lon, radius = lat[cell_at[first]], lon[cell_at[first]], radii[radius_at[first]]
    run = np.where(rows.cell[first] <= 0, 2, np.where(radius > 0, 1, 0))
    rank = np.lexsort((lat, run))
    counts = np.diff(np.append(starts, size))[rank]
    before = np.cumsum(counts) - counts
    taken = order[np.repeat(starts[rank] - before, counts) + np.arange(size)]
    person_id = rows.person_id[taken]
    by_person = np.argsort(person_id, kind="stable").astype(np.int32)
    lands = int((run <= 1).sum())
    nation = nation_at[first][rank].astype(np.int32)
    vector = np.ascontiguousarray(unit_vectors(lat[rank], lon[rank]).T, dtype=np.float32)
    filing = Filing(
        lat=lat[rank].astype(np.float32),
        lon=lon[rank].astype(np.float32),
        vector=vector,
        radius_km=radius[rank].astype(np.float32),
        nation=nation,
        nations=nations,
        first_country=(nations & 0xFFFF).astype(np.uint16),
        starts=np.append(0, np.cumsum(counts)).astype(np.int32),
        cities=int((run == 0).sum()),
        lands=lands,
        of_country=_kept_lists(nations, nation),
        of_region=_told(rows.cell[first][rank]),
        person_id=person_id,
        by_person=by_person,
        repeated=_repeated(person_id, by_person),
    )
    return filing, taken


def _kept_lists(nations: NDArray[np.int64], nation: NDArray[np.int32]) -> dict[int, NDArray[np.int32]]:
    """The groups of every country, in one pass over the groups."""
    order = np.argsort(nation, kind="stable").astype(np.int32)
    ends = np.cumsum(np.bincount(nation, minlength=nations.size))
    runs = np.split(order, ends[:-1]) if nations.size else []
    of: dict[int, list[NDArray[np.int32]]] = {}
    for packed, groups in zip(nations.tolist(), runs, strict=True):
        for code in {packed >> 16 * place & 0xFFFF for place in range(MAX_COUNTRIES)} - {0}:
            of.setdefault(code, []).append(groups)
    return {code: np.sort(np.concatenate(parts)) for code, parts in of.items()}


def _told(cells: NDArray[np.int64]) -> dict[str, tuple[int, ...]]:
    """Group numbers by region, of those with no cell but a region."""
    found: dict[str, tuple[int, ...]] = {}
    for group in np.flatnonzero(cells < 0).tolist():
        for code in unpack_regions(int(cells[group])):
            found[code] = (*found.get(code, ()), group)
    return found


def _repeated(person_id: Ids, by_person: NDArray[np.int32]) -> Repeated | None:
    ids = person_id[by_person]
    again = np.append(False, ids[1:] == ids[:-1])[: ids.size]
    if not again.any():
        return None
    several = again.copy()
    several[:-1] |= again[1:]
    number = np.cumsum(~again & several) - 1
    slot = np.full(ids.size, -1, dtype=np.int32)
    slot[by_person[several]] = number[several]
    return Repeated(slot, int(number[-1]) + 1)


def _positions(cells: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres of distinct cells; 0 where there is no cell."""
    lat, lon = np.zeros(cells.size), np.zeros(cells.size)
    placed = cells > 0
    lat[placed], lon[placed] = centres(cells[placed])
    return lat, lon
