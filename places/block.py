"""Block: rows grouped by distinct place, and the rows an area concerns, each person once, nearest first.

Pure numpy. Groups stand in three runs: known by cell, known by city, known by country only; the first two are
sorted by latitude, so that a small area only looks at its own band.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from places.distance import KM_PER_DEGREE, chord2_to, km_of_chord2
from places.filing import Filing, file_rows
from places.growth import Mask
from places.hexagons import reaching
from places.matcher import Matcher
from places.people import Ids, Rows
from places.span import Spans

AREA, CITY, COUNTRY, MAYBE = range(4)
Groups = NDArray[np.int64]
Floats32 = NDArray[np.float32]
NONE: Groups = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Hits:
    """People an area concerns, nearest first. `country`: `places.people.country_code` of where they are."""

    person_ids: Ids
    distance_km: Floats32
    code: NDArray[np.uint8]
    country: NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Block:
    """Rows as filed, and which of them are dated."""

    filing: Filing
    spans: Spans | None
    """Only when any row is dated."""

    @classmethod
    def build(cls, rows: Rows) -> "Block":
        """Group the rows. Raises CoordinateError when a cell is not one."""
        filing, taken = file_rows(rows)
        return cls(filing, Spans.of(rows, taken))

    def __len__(self) -> int:
        return int(self.filing.person_id.size)

    def hits(
        self,
        ready: Matcher,
        named: frozenset[int],
        maybe: frozenset[int],
        at: int,
        stale: Mask | None = None,
        regions: frozenset[str] = frozenset(),
    ) -> Hits:
        """Whom of those with a row valid at `at` the area concerns; rows in `stale` do not count.

        `named`, `maybe`: country codes of the area and of its edges; `regions`: whoever is known by one of
        them only is inside. Somebody with several rows counts once,
        with the surest confidence and the nearest distance.
        """
        filing = self.filing
        groups, code = self._groups(ready, named, maybe, regions)
        groups, code, apart = self._nearest_first(ready, groups, code)
        counts = filing.starts[groups + 1] - filing.starts[groups]
        rows = _spread(filing.starts[groups], counts)
        of = np.repeat(np.arange(groups.size), counts)  # row -> its group
        valid = None if stale is None else ~stale[rows]
        if self.spans is not None:
            now = self.spans.cover(rows, at)
            valid = now if valid is None else valid & now
        if valid is not None:
            rows, of = rows[valid], of[valid]
        codes = code[of]
        if filing.repeated is not None:
            first, codes = filing.repeated.once(rows, codes)
            if first is not None:
                rows, of, codes = rows[first], of[first], codes[first]
        country = filing.first_country[filing.nation[groups]]
        return Hits(filing.person_id[rows], apart[of], codes, country[of])

    def _nearest_first(
        self, ready: Matcher, groups: Groups, code: NDArray[np.uint8]
    ) -> tuple[Groups, NDArray[np.uint8], Floats32]:
        if not ready.centres or not groups.size:
            return groups, code, np.full(groups.size, np.inf, dtype=np.float32)
        away = np.full(groups.size, np.inf, dtype=np.float32)
        placed = groups < self.filing.lands
        x, y, z = (axis[groups[placed]] for axis in self.filing.vector)
        least = chord2_to(ready.centres[0], x, y, z)
        for centre in ready.centres[1:]:
            least = np.minimum(least, chord2_to(centre, x, y, z))
        away[placed] = least
        # Bits of floats that are not negative sort like integers; the place in the list settles ties.
        keys = away.view(np.uint32).astype(np.uint64) << np.uint64(32) | np.arange(
            groups.size, dtype=np.uint64
        )
        keys.sort()
        nearest = (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
        return groups[nearest], code[nearest], km_of_chord2(away[nearest])

    def _groups(
        self, ready: Matcher, named: frozenset[int], maybe: frozenset[int], regions: frozenset[str]
    ) -> tuple[Groups, NDArray[np.uint8]]:
        filing = self.filing
        cells, cities = self._cells(ready), self._cities(ready)
        listed = filing.listed(named)
        split = int(np.searchsorted(listed, filing.lands))
        told = filing.told(regions)
        placed, sure = listed[:split], np.setdiff1d(listed[split:], told, assume_unique=True)
        if placed.size:
            placed = self._beside(ready, placed, cells, cities)
        unsure = filing.listed(maybe)
        unsure = unsure[np.searchsorted(unsure, filing.lands) :]
        unsure = np.setdiff1d(unsure, np.concatenate((sure, told)), assume_unique=True)
        parts = (cells, cities, sure, unsure, placed, told)
        codes = [np.full(part.size, code, np.uint8) for code, part in enumerate(parts[:4])]
        codes.append((placed >= filing.cities).astype(np.uint8))
        codes.append(np.full(told.size, AREA, np.uint8))
        return np.concatenate(parts), np.concatenate(codes)

    def _beside(self, ready: Matcher, placed: Groups, cells: Groups, cities: Groups) -> Groups:
        """Groups of the countries that are in no exclusion, and not among the shapes' own."""
        filing = self.filing
        if ready.has_exclusions:
            lat, lon = filing.lat[placed].astype(np.float64), filing.lon[placed].astype(np.float64)
            placed = placed[~ready.outside(lat, lon, filing.radius_km[placed].astype(np.float64))]
        if not cells.size and not cities.size:
            return placed
        known = np.zeros(filing.lands, dtype=np.bool_)
        known[cells] = True
        known[cities] = True
        return placed[~known[placed]]

    def _cells(self, ready: Matcher) -> Groups:
        """Groups known by cell that the shapes may hold."""
        filing, found = self.filing, list[Groups]()
        lats = filing.lat[: filing.cities]
        for low, high, sure, limit, circle in ready.rounds():
            first, last = _band(lats, low, high)
            x, y, z = (axis[first:last] for axis in filing.vector)
            apart = chord2_to((circle.lat, circle.lon), x, y, z)
            found.append(first + np.flatnonzero(apart <= sure))
            unsure = first + np.flatnonzero((apart > sure) & (apart <= limit))
            if unsure.size:
                lat, lon = filing.lat[unsure].astype(np.float64), filing.lon[unsure].astype(np.float64)
                found.append(unsure[reaching(circle, lat, lon)])
        for west, south, east, north, holds in ready.parts():
            first, last = _band(lats, south, north)
            lons = filing.lon[first:last]
            near = np.flatnonzero((lons >= west) & (lons <= east)) + first
            if near.size:
                found.append(near[holds(lats[near].astype(np.float64), filing.lon[near].astype(np.float64))])
        cells = _union(found, filing.cities)
        if ready.has_exclusions and cells.size:
            lat, lon = filing.lat[cells].astype(np.float64), filing.lon[cells].astype(np.float64)
            cells = cells[~ready.outside(lat, lon, np.zeros(cells.size))]
        return cells

    def _cities(self, ready: Matcher) -> Groups:
        """Groups known by city whose circle may touch the shapes."""
        filing = self.filing
        run = slice(filing.cities, filing.lands)
        lat, radius = filing.lat[run], filing.radius_km[run]
        if not lat.size:
            return NONE
        pad = 1.1 * float(radius.max()) / KM_PER_DEGREE
        bands = [_band(lat, low - pad, high + pad) for low, high in ready.latitudes()]
        rows = _union([np.arange(first, last) for first, last in bands], lat.size)
        inside = ready.discs(*(axis[rows].astype(np.float64) for axis in (lat, filing.lon[run], radius)))
        return filing.cities + rows[inside]


def _band(sorted_lats: Floats32, low: float, high: float) -> tuple[int, int]:
    """First and last + 1 of the latitudes from `low` to `high`; a hair more, for they are rounded."""
    first, last = np.searchsorted(sorted_lats, np.array([low - 1e-5, high + 1e-5], dtype=np.float32))
    return int(first), int(last)


def _union(parts: list[Groups], size: int) -> Groups:
    """Every number of some lists of numbers below `size`, once, sorted."""
    parts = [part for part in parts if part.size]
    if len(parts) < 2:
        return parts[0] if parts else NONE
    known = np.zeros(size, dtype=np.bool_)
    for part in parts:
        known[part] = True
    return np.flatnonzero(known)


def _spread(starts: NDArray[np.integer], counts: NDArray[np.integer]) -> NDArray[np.int64]:
    """The indexes start, start + 1, ... of every run, one run after the other."""
    before = np.cumsum(counts, dtype=np.int64) - counts
    return np.repeat(starts - before, counts) + np.arange(int(counts.sum()), dtype=np.int64)
