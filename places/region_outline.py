"""The outline of a region (admin-1): wherever `places.locate` may name it, as pieces of land and sea.

Pure numpy and shapely over the atlas; `places.regions` keeps what was found. No package has outlines of
regions under a free licence: a region is where its own places are hardly farther away than any others, and
that is looked for in squares, each judged as a whole and cut in four while its parts may differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from places.atlas import Atlas
from places.cells import CELL_RADIUS_KM
from places.distance import Floats, unit_vectors
from places.growth import Mask
from places.locate import BORDER_KM
from places.rivals import Places, laid_round, plain
from places.squares import Squares, boxes_of, reaching

ALL_FROM = 1.0
"""Squares of this side (degrees) and smaller are compared with every place around; the largest place of each
degree does for those above, which are only ever thrown away when that is sure."""
FINEST = 1.0 / 32.0
"""The side of the smallest squares: 3.5 km from south to north."""
HOME_FROM = 1.0 / 8.0
"""Where only borders speak for the region squares are not cut further: it is far from every place of it."""
CELL_KM = 2.0 * CELL_RADIUS_KM
"""The difference of two distances from a cell's centre is so near to that from any position in it."""


def outline_of(atlas: Atlas, region: int) -> BaseGeometry:
    """The centres of all cells that may hold a position named after the region with that number in
    `atlas.admins`. Costs 0.3 s for most, some seconds for a region with an ocean to itself."""
    search = _Search.of(atlas, region)
    squares, rivals = Squares.all_round(), search.largest_of_each_degree()
    while squares.side > ALL_FROM:
        maybe, _, home = search.judge(squares, rivals)
        squares = squares.take(maybe | home).quarters()
    rivals = search.all_that_matter(squares, rivals)
    found: list[NDArray[np.object_]] = []
    while len(squares):
        maybe, sure, home = search.judge(squares, rivals)
        done = sure | (maybe & (squares.side <= FINEST)) | (home & ~maybe & (squares.side <= HOME_FROM))
        found.append(boxes_of(squares.take(done).bounds()))
        squares = squares.take((maybe | home) & ~done).quarters()
    return shapely.union_all(np.concatenate(found))


@dataclass(frozen=True, slots=True)
class _Rivals:
    """Places that are not of the region: in any country, and in its own."""

    all: Places
    home: Places


@dataclass(frozen=True, slots=True)
class _Search:
    """A region, and what squares are judged by."""

    atlas: Atlas
    lands: NDArray[np.uint16]
    ours: Places
    others: NDArray[np.int64]
    borders: shapely.STRtree

    @classmethod
    def of(cls, atlas: Atlas, region: int) -> "_Search":
        own = atlas.admin == region
        lands = np.unique(atlas.country[own])
        pieces = pieces_of(atlas, [atlas.countries[number] for number in lands.tolist()])
        return cls(atlas, lands, plain(_vectors(atlas, own)), np.flatnonzero(~own), shapely.STRtree(pieces))

    def judge(self, squares: Squares, rivals: _Rivals) -> tuple[Mask, Mask, Mask]:
        """Which squares may hold a position that the places around it name after the region, which hold
        nothing else, and which may hold one in whose country no place is nearer than one of the region, for
        that is `locate`'s answer where all places around lie across a border."""
        middles, reach = squares.middles()
        slack = CELL_KM + 2.0 * reach
        apart = self.ours.nearest_km(middles)
        behind = apart - rivals.all.nearest_km(middles) - BORDER_KM
        home = apart - rivals.home.nearest_km(middles) <= slack
        home[home] = reaching(squares.take(home).bounds(CELL_RADIUS_KM), self.borders)
        return behind <= slack, behind <= CELL_KM - 2.0 * reach, home

    def largest_of_each_degree(self) -> _Rivals:
        atlas, rows = self.atlas, self.others
        rows = rows[np.argsort(-atlas.population[rows], kind="stable")]
        degree = np.floor(atlas.lat[rows]) * 360 + np.floor(atlas.lon[rows])
        return self._rivals(rows[np.unique(degree, return_index=True)[1]], None)

    def all_that_matter(self, squares: Squares, known: _Rivals) -> _Rivals:
        """Every place that may be the nearest rival of a position in one of the squares, and some more."""
        middles, reach = squares.middles()
        middle = middles.mean(axis=0)
        middle /= np.linalg.norm(middle)
        spread = plain(middle[None, :]).nearest_km(middles)
        farthest = float((spread + reach + known.all.nearest_km(middles)).max()) + 1.0
        away = plain(middle[None, :]).nearest_km(_vectors(self.atlas, self.others))
        return self._rivals(self.others[away <= farthest], middle)

    def _rivals(self, rows: NDArray[np.int64], middle: Floats | None) -> _Rivals:
        home = rows[np.isin(self.atlas.country[rows], self.lands)]
        vectors = (_vectors(self.atlas, rows), _vectors(self.atlas, home))
        return _Rivals(*(plain(each) if middle is None else laid_round(each, middle) for each in vectors))


def pieces_of(atlas: Atlas, countries: Sequence[str]) -> NDArray[np.object_]:
    """What borders say is land or water of any of these countries."""
    wanted = frozenset(countries)
    sets = [number for number, codes in enumerate(atlas.borders.sets) if wanted & frozenset(codes)]
    return np.asarray(atlas.borders.tree.geometries.take(np.flatnonzero(np.isin(atlas.borders.owner, sets))))


def _vectors(atlas: Atlas, rows: NDArray[np.int64] | Mask) -> Floats:
    return unit_vectors(atlas.lat[rows], atlas.lon[rows])
