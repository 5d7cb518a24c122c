"""Squares of degrees that the earth is searched in: cut in four, measured, told from what they touch.

Pure numpy and shapely.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from places.distance import EARTH_RADIUS_KM, KM_PER_DEGREE, Floats, unit_vectors
from places.growth import Mask

COARSEST = 8.0
"""The side of the largest squares, degrees; 45 of them go round the earth."""
Bounds = tuple[Floats, Floats, Floats, Floats]
"""West, south, east, north of many squares; degrees."""


@dataclass(frozen=True, slots=True)
class Squares:
    """Squares of one size (`side`, degrees), by how many of them lie to the south and to the west."""

    side: float
    row: NDArray[np.int64]
    column: NDArray[np.int64]

    @classmethod
    def all_round(cls) -> "Squares":
        """The largest ones: the whole earth."""
        across = round(360.0 / COARSEST)
        rows, columns = np.divmod(np.arange(int(np.ceil(180.0 / COARSEST)) * across), across)
        return cls(COARSEST, rows, columns)

    def __len__(self) -> int:
        return int(self.row.size)

    def take(self, chosen: Mask) -> "Squares":
        """Those a mask picks."""
        return Squares(self.side, self.row[chosen], self.column[chosen])

    def quarters(self) -> "Squares":
        """The four squares in each."""
        rows = np.concatenate([2 * self.row + up for up in (0, 0, 1, 1)])
        columns = np.concatenate([2 * self.column + right for right in (0, 1, 0, 1)])
        finer = Squares(self.side / 2.0, rows, columns)
        return finer.take(rows * finer.side < 180.0)

    def bounds(self, more_km: float = 0.0) -> Bounds:
        """Their edges, `more_km` further out; may lead across the antimeridian and the poles."""
        west, south = self.column * self.side - 180.0, self.row * self.side - 90.0
        east, north = west + self.side, np.minimum(south + self.side, 90.0)
        up = more_km / KM_PER_DEGREE
        nearest_pole = np.minimum(np.maximum(np.abs(south), np.abs(north)) + up, 89.9)
        across = up / np.cos(np.radians(nearest_pole))
        edges = (west - across, south - up, east + across, north + up)
        return edges[0], np.asarray(edges[1], dtype=np.float64), edges[2], edges[3]

    def middles(self) -> tuple[Floats, Floats]:
        """As points on the unit sphere, and how far a square's farthest point may lie from there, km."""
        west, south, east, north = self.bounds()
        widest = np.where((south < 0.0) & (north > 0.0), 0.0, np.minimum(np.abs(south), np.abs(north)))
        half_up = np.radians(north - south) / 2.0
        half_across = np.radians(self.side) / 2.0 * np.cos(np.radians(widest))
        # The straight line; that along the ground is at most 0.4 % longer for squares of eight degrees.
        reach = np.hypot(half_up, half_across) * EARTH_RADIUS_KM * 1.005
        return unit_vectors((south + north) / 2.0, (west + east) / 2.0), reach


def boxes_of(bounds: Bounds) -> NDArray[np.object_]:
    """The squares as polygons."""
    return np.asarray(shapely.box(*bounds))


def reaching(bounds: Bounds, tree: shapely.STRtree) -> Mask:
    """Which squares touch any shape of the tree, on this side of the antimeridian or the other."""
    west, south, east, north = bounds
    found = np.zeros(west.size, dtype=np.bool_)
    for turn in (-360.0, 0.0, 360.0):
        here = np.flatnonzero((west + turn <= 180.0) & (east + turn >= -180.0) & ~found)
        boxes = boxes_of((west[here] + turn, south[here], east[here] + turn, north[here]))
        found[here[tree.query(boxes, predicate="intersects")[0]]] = True
    return found
