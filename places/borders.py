"""Which countries' land or waters a position lies in, by the borders of the worldview.

Pure geometry over pieces small enough to be asked in microseconds. Borders are drawn to some hundred metres
and run out to sea; `MARGIN_DEGREES` makes up for both.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

MARGIN_DEGREES = 0.02
"""About 2 km: so far beyond a border both sides are possible."""
MOST_POINTS = 64
"""Pieces have fewer corners than this, or are smaller than `LEAST_DEGREES`."""
LEAST_DEGREES = 0.25


@dataclass(frozen=True, slots=True)
class Borders:
    """Pieces of land, the countries of each (numbers into `sets`), and whether only as a claim."""

    tree: shapely.STRtree
    owner: NDArray[np.uint16]
    claimed: NDArray[np.bool_]
    sets: tuple[tuple[str, ...], ...]

    def within(self, lat: float, lon: float) -> tuple[str, ...]:
        """Countries whose land or waters the position lies in, who controls it first; () on the high sea."""
        return self._named(self.tree.query(shapely.points(lon, lat), predicate="intersects"))

    def around(self, lat: float, lon: float, degrees: float = MARGIN_DEGREES) -> tuple[str, ...]:
        """The same for everything within `degrees` of latitude of it."""
        across = degrees / max(0.05, float(np.cos(np.radians(lat))))
        box = shapely.box(lon - across, lat - degrees, lon + across, lat + degrees)
        return self._named(self.tree.query(box, predicate="intersects"))

    def _named(self, hits: NDArray[np.int64]) -> tuple[str, ...]:
        ordered = hits[np.argsort(self.claimed[hits], kind="stable")]
        return tuple(
            dict.fromkeys(code for hit in ordered.tolist() for code in self.sets[int(self.owner[hit])])
        )


def pieces(area: BaseGeometry) -> list[BaseGeometry]:
    """`area` cut into parts that are quick to ask."""
    found: list[BaseGeometry] = []
    waiting: list[BaseGeometry] = [area]
    while waiting:
        part = waiting.pop()
        if part.is_empty or part.area == 0.0:
            continue
        west, south, east, north = part.bounds
        long_side = max(east - west, north - south)
        if shapely.get_num_coordinates(part) <= MOST_POINTS or long_side <= LEAST_DEGREES:
            found.append(part)
        elif east - west >= north - south:
            cuts = (west, (west + east) / 2, east)
            waiting.extend(
                shapely.intersection(part, shapely.box(a, south, b, north)) for a, b in pairwise(cuts)
            )
        else:
            cuts = (south, (south + north) / 2, north)
            waiting.extend(
                shapely.intersection(part, shapely.box(west, a, east, b)) for a, b in pairwise(cuts)
            )
    return found


def assemble(
    shapes: Sequence[BaseGeometry],
    owner: NDArray[np.uint16],
    claimed: NDArray[np.bool_],
    sets: Iterable[Iterable[str]],
) -> Borders:
    """Borders from their parts, ready to be asked."""
    return Borders(shapely.STRtree(shapes), owner, claimed, tuple(tuple(codes) for codes in sets))
