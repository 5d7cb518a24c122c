"""Block: rows grouped by distinct place, and the groups an area concerns.

Pure numpy. Groups stand in three runs: known by cell, known by city, known by country only; the first two are
sorted by latitude, so a small area only looks at its own band.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from places.cells import centres
from places.distance import KM_PER_DEGREE, Floats
from places.growth import Mask
from places.matcher import Matcher
from places.people import EVER, FOREVER, MAX_COUNTRIES, Ids, Rows

AREA, CITY, COUNTRY, MAYBE = range(4)
Chosen = tuple[NDArray[np.int64], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class Hits:
    """Rows an area concerns, nearest first, one per row of whereabouts (so a person may repeat)."""

    person_ids: Ids
    distance_km: NDArray[np.float32]
    code: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Block:
    """Per group: lat, lon, radius_km, nation (index into `nations`, packed countries) and where its rows
    start. Per row: person id and, only when any row is dated, its time span. `cities` and `lands` are the
    first group of the second and third run."""

    lat: Floats
    lon: Floats
    radius_km: NDArray[np.float32]
    nation: NDArray[np.int32]
    nations: NDArray[np.int64]
    starts: NDArray[np.int64]
    cities: int
    lands: int
    person_id: Ids
    valid_from: NDArray[np.int64] | None
    valid_to: NDArray[np.int64] | None
    repeats: bool
    """Whether somebody has more than one row."""

    @classmethod
    def build(cls, rows: Rows) -> "Block":
        """Group the rows. Raises CoordinateError when a cell is not one."""
        size = len(rows)
        radius = np.where(rows.cell == 0, np.float32(0), rows.radius_km)
        radii, radius_at = np.unique(radius, return_inverse=True)
        nations, nation_at = np.unique(rows.countries, return_inverse=True)
        kind = radius_at * max(1, nations.size) + nation_at
        order = np.lexsort((kind, rows.cell))
        cell, kind = rows.cell[order], kind[order]
        fresh = np.ones(size, dtype=np.bool_)
        fresh[1:] = (cell[1:] != cell[:-1]) | (kind[1:] != kind[:-1])
        starts = np.flatnonzero(fresh)
        group_cell, group_kind = cell[starts], kind[starts]
        lat, lon = _positions(group_cell)
        group_radius = radii[group_kind // max(1, nations.size)] if size else np.empty(0, dtype=np.float32)
        run = np.where(group_cell == 0, 2, np.where(group_radius > 0, 1, 0))
        rank = np.lexsort((lat, run))
        counts = np.diff(np.append(starts, size))[rank]
        taken = order[_spread(starts[rank], counts)]
        dated = bool((rows.valid_from != EVER).any() or (rows.valid_to != FOREVER).any())
        people = rows.person_id[taken]
        return cls(
            lat=lat[rank],
            lon=lon[rank],
            radius_km=group_radius[rank].astype(np.float32),
            nation=(group_kind % max(1, nations.size))[rank].astype(np.int32),
            nations=nations,
            starts=np.append(0, np.cumsum(counts)).astype(np.int64),
            cities=int((run == 0).sum()),
            lands=int((run <= 1).sum()),
            person_id=people,
            valid_from=rows.valid_from[taken] if dated else None,
            valid_to=rows.valid_to[taken] if dated else None,
            repeats=np.unique(people).size < size,
        )

    def hits(self, ready: Matcher, named: frozenset[int], maybe: frozenset[int], at: int) -> Hits:
        """Rows valid at `at` that the area concerns; `named`, `maybe`: country codes of the area and of
        its edges."""
        groups, code = self._groups(ready, named, maybe)
        apart = ready.distances(self.lat[groups], self.lon[groups])
        apart[groups >= self.lands] = np.inf
        nearest = np.argsort(apart, kind="stable")
        groups, code, apart = groups[nearest], code[nearest], apart[nearest].astype(np.float32)
        counts = self.starts[groups + 1] - self.starts[groups]
        rows = _spread(self.starts[groups], counts)
        found = Hits(self.person_id[rows], np.repeat(apart, counts), np.repeat(code, counts))
        if self.valid_from is None or self.valid_to is None:
            return found
        now = (self.valid_from[rows] <= at) & (self.valid_to[rows] >= at)
        return Hits(found.person_ids[now], found.distance_km[now], found.code[now])

    def _groups(self, ready: Matcher, named: frozenset[int], maybe: frozenset[int]) -> Chosen:
        inside = [self._cells(ready), self._cities(ready)]
        codes = [
            np.full(part.size, code, dtype=np.uint8) for code, part in zip((AREA, CITY), inside, strict=True)
        ]
        lands = self.lands + np.flatnonzero(self._of(named | maybe, self.lands))
        sure = self._of(named, self.lands)[lands - self.lands]
        inside += [lands[sure], lands[~sure]]
        codes += [np.full(int(sure.sum()), COUNTRY, np.uint8), np.full(int((~sure).sum()), MAYBE, np.uint8)]
        if named:
            placed = np.flatnonzero(self._of(named, 0)[: self.lands])
            out = ready.outside(self.lat[placed], self.lon[placed], self.radius_km[placed].astype(np.float64))
            placed = np.setdiff1d(placed[~out], np.concatenate(inside[:2]), assume_unique=True)
            inside.append(placed)
            codes.append((placed >= self.cities).astype(np.uint8))
        return np.concatenate(inside), np.concatenate(codes)

    def _cells(self, ready: Matcher) -> NDArray[np.int64]:
        """Groups known by cell that the shapes may hold."""
        found = [np.empty(0, dtype=np.int64)]
        for low, high in ready.latitudes():
            first, last = np.searchsorted(self.lat[: self.cities], (low, high)) + np.array([0, 1])
            last = min(int(last), self.cities)
            mask = ready.cells(self.lat[first:last], self.lon[first:last])
            found.append(first + np.flatnonzero(mask))
        return np.unique(np.concatenate(found)) if len(found) > 2 else found[-1]

    def _cities(self, ready: Matcher) -> NDArray[np.int64]:
        """Groups known by city whose circle may touch the shapes."""
        run = slice(self.cities, self.lands)
        if self.cities == self.lands:
            return np.empty(0, dtype=np.int64)
        lat, radius = self.lat[run], self.radius_km[run].astype(np.float64)
        near: Mask = np.zeros(lat.size, dtype=np.bool_)
        for low, high in ready.latitudes():
            near |= (lat >= low - 1.1 * radius / KM_PER_DEGREE) & (lat <= high + 1.1 * radius / KM_PER_DEGREE)
        rows = np.flatnonzero(near)
        rows = rows[ready.discs(lat[rows], self.lon[run][rows], radius[rows])]
        return self.cities + rows

    def _of(self, codes: frozenset[int], first: int) -> Mask:
        """Groups from `first` on that may lie in one of these countries."""
        known = np.zeros(self.nations.size, dtype=np.bool_)
        wanted = np.array(sorted(codes), dtype=np.int64)
        for place in range(MAX_COUNTRIES):
            known |= np.isin(self.nations >> 16 * place & 0xFFFF, wanted)
        return np.asarray(known[self.nation[first:]])


def _positions(cells: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Centres of the cells, each distinct one computed once; 0 where there is no cell."""
    lat, lon = np.zeros(cells.size), np.zeros(cells.size)
    placed = cells != 0
    distinct, at = np.unique(cells[placed], return_inverse=True)
    lats, lons = centres(distinct)
    lat[placed], lon[placed] = lats[at], lons[at]
    return lat, lon


def _spread(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The indexes start, start + 1, ... of every run, one run after the other."""
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(int(counts.sum()), dtype=np.int64)
