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
FINE_KM, FINE_PART = 5.0, 0.05
"""Squares are not cut further when two positions in them differ by less: in kilometres, or as a part of the
way to the region's nearest place. Out at sea and in deserts nobody is looked for to the kilometre."""
HOME_FROM = 1.0 / 8.0
"""Where only borders speak for the region squares are not cut further: it is far from every place of it."""
CELL_KM = 2.0 * CELL_RADIUS_KM
"""The difference of two distances from a cell's centre is so near to that from any position in it."""


def sample_of(atlas: Atlas) -> NDArray[np.int64]:
    """The largest place of each square degree."""
    order = np.argsort(-atlas.population, kind="stable")
    degree = np.floor(atlas.lat[order]) * 360 + np.floor(atlas.lon[order])
    return order[np.unique(degree, return_index=True)[1]]


def outline_of(atlas: Atlas, region: int, sample: NDArray[np.int64]) -> BaseGeometry:
    """The centres of all cells that may hold a position named after the region with that number in
    `atlas.admins`, with the sample of `sample_of`. Costs 0.1 s for most, up to 1 s for a region with an ocean
    to itself."""
    search = _Search.of(atlas, region)
    squares, rivals = Squares.all_round(), search.rivals(sample, None)
    while squares.side > ALL_FROM:
        judged = search.judge(squares, rivals)
        squares = squares.take(judged.maybe | judged.home).quarters()
    rivals = search.all_that_matter(squares, rivals)
    found: list[NDArray[np.object_]] = []
    while len(squares):
        judged = search.judge(squares, rivals)
        at_home = judged.home & ~judged.maybe & (squares.side <= HOME_FROM)
        done = judged.sure | (judged.maybe & judged.fine) | at_home
        found.append(boxes_of(squares.take(done).bounds()))
        squares = squares.take((judged.maybe | judged.home) & ~done).quarters()
    return shapely.union_all(np.concatenate(found))


@dataclass(frozen=True, slots=True)
class _Judged:
    """What is known of some squares.

    Attributes:
        maybe, sure: it may hold a position that the places around it name after the region; and nothing else.
        home: it may hold one in whose country no place is nearer than one of the region. That is `locate`'s
            answer where all places around lie across a border.
        fine: it is so small that cutting it would tell little.
    """

    maybe: Mask
    sure: Mask
    home: Mask
    fine: Mask


@dataclass(frozen=True, slots=True)
class _Rivals:
    """Places to compare with: in any country, and in the region's own."""

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

    def judge(self, squares: Squares, rivals: _Rivals) -> _Judged:
        middles, reach = squares.middles()
        slack = CELL_KM + 2.0 * reach
        apart = self.ours.nearest_km(middles)
        behind = apart - rivals.all.nearest_km(middles) - BORDER_KM
        home = apart - rivals.home.nearest_km(middles) <= slack
        home[home] = reaching(squares.take(home).bounds(CELL_RADIUS_KM), self.borders)
        fine = 2.0 * reach <= np.maximum(FINE_KM, FINE_PART * apart)
        return _Judged(behind <= slack, behind <= CELL_KM - 2.0 * reach, home, fine)

    def all_that_matter(self, squares: Squares, known: _Rivals) -> _Rivals:
        """Every other place that may be the nearest to a position in one of the squares, and some more."""
        middles, reach = squares.middles()
        middle = middles.mean(axis=0)
        middle /= np.linalg.norm(middle)
        spread = plain(middle[None, :]).nearest_km(middles)
        farthest = float((spread + 2.0 * reach + known.all.nearest_km(middles)).max()) + 1.0
        away = plain(middle[None, :]).nearest_km(_vectors(self.atlas, self.others))
        return self.rivals(self.others[away <= farthest], middle)

    def rivals(self, rows: NDArray[np.int64], middle: Floats | None) -> _Rivals:
        """These places; with `middle`, on a map round it."""
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
