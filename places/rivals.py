"""Many places at once, and how far the nearest of them is from many points. Pure numpy and shapely."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from places.distance import EARTH_RADIUS_KM, Floats

AT_ONCE = 2_000_000
"""Distances in memory at a time: 16 MB."""
HORIZON = 1e-6
"""A map cannot show the point opposite of its middle; all so near to it are drawn on its rim."""


@dataclass(frozen=True, slots=True)
class _Flat:
    """The sphere on a plane, seen from the point opposite of the middle: small things keep their shape."""

    middle: Floats
    right: Floats
    up: Floats

    @classmethod
    def round(cls, middle: Floats) -> "_Flat":
        aside = np.eye(3)[int(np.abs(middle).argmin())]
        right = np.cross(middle, aside)
        right /= np.linalg.norm(right)
        return cls(middle, right, np.cross(middle, right))

    def laid(self, vectors: Floats) -> NDArray[np.object_]:
        depth = np.maximum(1.0 + vectors @ self.middle, HORIZON)
        return np.asarray(shapely.points(vectors @ self.right / depth, vectors @ self.up / depth))


@dataclass(frozen=True, slots=True)
class Places:
    """Places as points on the unit sphere. Make it with `plain`, or with `laid_round` when they are many."""

    vectors: Floats
    flat: _Flat | None = None
    tree: shapely.STRtree | None = None

    def nearest_km(self, points: Floats) -> Floats:
        """Kilometres along the ground from each point to the nearest place, infinite without any. Never
        less; exact if `plain`, else of the place that is nearest on a map."""
        if not len(self.vectors):
            return np.full(len(points), np.inf)
        if self.tree is not None and self.flat is not None:
            found = self.vectors[self.tree.nearest(self.flat.laid(points))]
            return _km(np.linalg.norm(points - found, axis=1))
        cosine = np.empty(len(points))
        step = max(1, AT_ONCE // len(self.vectors))
        for first in range(0, len(points), step):
            cosine[first : first + step] = (points[first : first + step] @ self.vectors.T).max(axis=1)
        return _km(np.sqrt(np.maximum(0.0, 2.0 - 2.0 * cosine)))


def plain(vectors: Floats) -> Places:
    """Places asked one by one: exact, for few of them or few points."""
    return Places(vectors)


def laid_round(vectors: Floats, middle: Floats) -> Places:
    """Places on a map round `middle` (a unit vector), in a tree; a distance may come out longer than the
    shortest, the farther from the middle the more."""
    flat = _Flat.round(middle)
    return Places(vectors, flat, shapely.STRtree(flat.laid(vectors)))


def _km(chord: Floats) -> Floats:
    """Along the ground, between points that far apart in a straight line."""
    return np.asarray(2.0 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chord / 2.0, 1.0)))
