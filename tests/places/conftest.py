"""An exact judge of "inside" that shares no code with places/: winding numbers and the haversine formula."""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from places.gazetteer import Gazetteer

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
LatLons = list[tuple[float, float]]


class Judge:
    """True answers for true positions (degrees)."""

    def distance(self, lat: float, lon: float, lats: Floats, lons: Floats) -> Floats:
        """Kilometres on the mean sphere, by the arctangent form."""
        a, b, d = math.radians(lat), np.radians(lats), np.radians(lons - lon)
        across = np.cos(b) * np.sin(d)
        along = math.cos(a) * np.sin(b) - math.sin(a) * np.cos(b) * np.cos(d)
        level = math.sin(a) * np.sin(b) + math.cos(a) * np.cos(b) * np.cos(d)
        return 6371.0088 * np.arctan2(np.hypot(across, along), level)

    def inside_planar(self, path: LatLons, lats: Floats, lons: Floats) -> Mask:
        """Winding number not 0 for straight edges in longitude and latitude; `path` is unwrapped and
        closed."""
        inside = np.zeros(lats.size, dtype=np.bool_)
        west, east = min(lon for _, lon in path), max(lon for _, lon in path)
        for turn in (-720.0, -360.0, 0.0, 360.0, 720.0):
            near = np.flatnonzero((lons + turn >= west) & (lons + turn <= east))
            inside[near] |= self._winding(path, lats[near], lons[near] + turn) != 0
        return inside

    def inside_geodesic(self, path: LatLons, lats: Floats, lons: Floats) -> Mask:
        """The same with great-circle edges, cut into pieces of about 10 km."""
        fine: LatLons = [path[0]]
        for start, end in itertools.pairwise(path):
            fine.extend(self._along(start, end))
        return self.inside_planar(fine, lats, lons)

    def _along(self, start: tuple[float, float], end: tuple[float, float]) -> LatLons:
        length = float(self.distance(*start, np.array([end[0]]), np.array([end[1]]))[0])
        if length < 10.0 or not 1e-9 < abs(end[1] - start[1]) < 179.0:
            return [end]
        a, b = (self._vector(*point) for point in (start, end))
        angle = math.acos(max(-1.0, min(1.0, float(a @ b))))
        share = np.linspace(0.0, 1.0, math.ceil(length / 10.0) + 1)[1:-1, None]
        v = (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / math.sin(angle)
        lons = np.degrees(np.arctan2(v[:, 1], v[:, 0]))
        lons += 360.0 * np.round(((start[1] + end[1]) / 2 - lons) / 360.0)
        lats = np.degrees(np.arctan2(v[:, 2], np.hypot(v[:, 0], v[:, 1])))
        return [*zip(lats.tolist(), lons.tolist(), strict=True), end]

    def _vector(self, lat: float, lon: float) -> Floats:
        phi, lam = math.radians(lat), math.radians(lon)
        return np.array([math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)])

    def _winding(self, path: LatLons, lats: Floats, lons: Floats) -> NDArray[np.int64]:
        turns = np.zeros(lats.size, dtype=np.int64)
        y, x = (np.array(axis)[:, None] for axis in zip(*path, strict=True))
        for first in range(0, len(path) - 1, 2000):
            last = min(first + 2000, len(path) - 1)
            y1, x1, y2, x2 = y[first:last], x[first:last], y[first + 1 : last + 1], x[first + 1 : last + 1]
            side = (x2 - x1) * (lats - y1) - (lons - x1) * (y2 - y1)
            turns += ((y1 <= lats) & (y2 > lats) & (side > 0)).sum(axis=0)
            turns -= ((y1 > lats) & (y2 <= lats) & (side < 0)).sum(axis=0)
        return turns


@pytest.fixture(scope="session")
def judge() -> Judge:
    return Judge()


@pytest.fixture(scope="session")
def world(gazetteer: Path) -> Iterator[Gazetteer]:
    """The compiled gazetteer, open."""
    opened = Gazetteer.open(gazetteer)
    yield opened
    opened.close()
