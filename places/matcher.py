"""Matcher: an area made ready to be tested against many positions at once, missing nobody.

Pure. Built once per area (repair and growth of the shapes are the expensive part), then asked with numpy
arrays.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from places.cells import CELL_CIRCUMRADIUS_KM, CELL_RADIUS_KM, wrap_longitude
from places.distance import (
    KM_PER_DEGREE,
    Floats,
    chord2_of_km,
    distance_km,
    reach_km,
    to_degrees,
    unit_vectors,
)
from places.growth import Mask, grow, near, within
from places.hexagons import SURE_KM, can_tell, reaching
from places.region import Region
from places.repair import area_of, core_of, polygons
from places.shapes import Circle, Polygon, Position, Shape


@dataclass(frozen=True, slots=True)
class Matcher:
    """Answers for positions known as a cell centre, or as a centre with a radius. Make it with `matcher`."""

    circles: tuple[Circle, ...]
    plain: BaseGeometry
    grown: tuple[BaseGeometry, ...]
    excluded_circles: tuple[Circle, ...]
    excluded: BaseGeometry
    centres: tuple[Position, ...]
    """Where "nearest first" starts from: see `Area.epicentre`."""
    regions: tuple[BaseGeometry, ...] = ()
    """Polygons of `Region.outline`: as large as if grown."""

    def distances(self, lats: Floats, lons: Floats) -> Floats:
        """Kilometres from the nearest of the centres; infinite when there is none."""
        best = np.full(lats.size, np.inf)
        for lat, lon in self.centres:
            best = np.minimum(best, distance_km(lat, lon, lats, lons))
        return best

    def cells(self, lats: Floats, lons: Floats) -> Mask:
        """Cells that may hold somebody inside the area: those that a circle reaches, and those whose centre
        lies within 1.75 km of a polygon."""
        found = np.zeros(lats.size, dtype=np.bool_)
        for circle in self.circles:
            found |= _reached(circle, lats, lons)
        found |= within(self._pieces, lats, lons)
        return self._kept(found, lats, lons, np.full(lats.size, CELL_RADIUS_KM))

    def discs(self, lats: Floats, lons: Floats, radii_km: Floats) -> Mask:
        """Discs (a city: centre and radius) that may touch the area. The centre may itself be a cell's."""
        reach = radii_km + CELL_RADIUS_KM
        found = np.zeros(lats.size, dtype=np.bool_)
        for circle in self.circles:
            found |= _touches(circle, lats, lons, reach)
        for shape in (self.plain, *self.regions):
            rest = np.flatnonzero(~found)
            found[rest] = near(shape, lats[rest], lons[rest], reach[rest])
        return self._kept(found, lats, lons, reach)

    def outside(self, lats: Floats, lons: Floats, radii_km: Floats) -> Mask:
        """Discs that lie wholly in an excluded shape, whatever their true position within the disc."""
        found = np.ones(lats.size, dtype=np.bool_)
        return ~self._kept(found, lats, lons, radii_km + CELL_RADIUS_KM)

    def latitudes(self) -> tuple[tuple[float, float], ...]:
        """Ranges of latitude outside which no cell can match: lets a sorted index skip the rest."""
        ranges = []
        for circle in self.circles:
            pad = reach_km(circle.radius_km, CELL_RADIUS_KM) / KM_PER_DEGREE
            ranges.append((circle.lat - pad, circle.lat + pad))
        ranges.extend((part.bounds[1], part.bounds[3]) for part in self._pieces)
        merged: list[tuple[float, float]] = []
        for low, high in sorted(ranges):
            if merged and low <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
            else:
                merged.append((low, high))
        return tuple(merged)

    @property
    def _pieces(self) -> tuple[BaseGeometry, ...]:
        return (*self.grown, *self.regions)

    @property
    def has_exclusions(self) -> bool:
        """Whether anything is taken out."""
        return bool(self.excluded_circles) or not self.excluded.is_empty

    def rounds(self) -> Iterator[tuple[float, float, float, float, Circle]]:
        """For each circle: the latitudes it reaches, the `places.distance.chord2_to` its centre within which
        a cell holds some of it, that within which it may, where `places.hexagons.reaching` decides, and the
        circle."""
        for circle in self.circles:
            reach = float(_reach(circle, CELL_RADIUS_KM))
            pad = reach / KM_PER_DEGREE
            sure = circle.radius_km + SURE_KM if can_tell(circle) else reach
            yield circle.lat - pad, circle.lat + pad, chord2_of_km(sure), chord2_of_km(reach), circle

    def parts(self) -> Iterator[tuple[float, float, float, float, Callable[[Floats, Floats], Mask]]]:
        """For each grown piece of the outlines: west, south, east, north, and which (lats, lons) it holds."""
        for part in self._pieces:
            yield (*part.bounds, partial(_holds, part))

    def _kept(self, found: Mask, lats: Floats, lons: Floats, reach: Floats) -> Mask:
        """`found` less those certainly inside an exclusion. `reach`: how far from its centre a person may
        be, km."""
        if not self.has_exclusions:
            return found
        rows = np.flatnonzero(found)
        gone = np.zeros(rows.size, dtype=np.bool_)
        for circle in self.excluded_circles:
            apart = distance_km(circle.lat, circle.lon, lats[rows], lons[rows])
            gone |= apart + reach[rows] <= circle.radius_km / reach_km(1.0, 0.0, 0.0)
        inner = rows[within((self.excluded,), lats[rows], lons[rows]) & ~gone]
        sure = ~near(_border(self.excluded), lats[inner], lons[inner], reach[inner])
        kept = found.copy()
        kept[rows[gone]] = False
        kept[inner[sure]] = False
        return kept


def matcher(
    shapes: Sequence[Shape], exclusions: Sequence[Shape] = (), regions: Sequence[Region] = ()
) -> Matcher:
    """Repair, cut and grow the shapes of an area. Costs about 1 ms for a drawn shape, 0.5 s for a whole
    continent, and what the outlines of regions cost that are asked for the first time."""
    plain = shapely.union_all([area_of(shape) for shape in shapes if isinstance(shape, Polygon)])
    excluded = shapely.union_all([core_of(shape) for shape in exclusions if isinstance(shape, Polygon)])
    circles = tuple(_wrapped(shape) for shape in shapes if isinstance(shape, Circle))
    return Matcher(
        circles=circles,
        plain=plain,
        grown=grow(plain, CELL_RADIUS_KM),
        excluded_circles=tuple(_wrapped(shape) for shape in exclusions if isinstance(shape, Circle)),
        excluded=excluded,
        centres=_centres(circles, plain, regions),
        regions=tuple(part for region in regions for part in region.outline()),
    )


def _centres(
    circles: tuple[Circle, ...], plain: BaseGeometry, regions: Sequence[Region]
) -> tuple[Position, ...]:
    if circles:
        return tuple((circle.lat, circle.lon) for circle in circles)
    middle = centroid(plain)
    return (*(() if middle is None else (middle,)), *(region.centre for region in regions))


def centroid(area: BaseGeometry) -> Position | None:
    """(lat, lon) in the middle of an area that may lie on both sides of the antimeridian; None when empty."""
    parts = polygons(area)
    if not parts:
        return None
    vectors = unit_vectors([part.centroid.y for part in parts], [part.centroid.x for part in parts])
    mean = (vectors * np.array([[part.area] for part in parts])).sum(axis=0)
    if float(np.linalg.norm(mean)) < 1e-12:  # a band round the whole earth has no middle
        mean = vectors[0]
    lats, lons = to_degrees(mean[None, :])
    return float(lats[0]), float(lons[0])


def _wrapped(circle: Circle) -> Circle:
    return Circle(circle.lat, wrap_longitude(circle.lon), circle.radius_km)


def _reached(circle: Circle, lats: Floats, lons: Floats) -> Mask:
    """Cells that the circle reaches into."""
    apart = distance_km(circle.lat, circle.lon, lats, lons)
    found: Mask = apart <= _reach(circle, CELL_RADIUS_KM)
    if can_tell(circle):
        unsure = np.flatnonzero(found & (apart > circle.radius_km + SURE_KM))
        found[unsure] = reaching(circle, lats[unsure], lons[unsure])
    return found


def _touches(circle: Circle, lats: Floats, lons: Floats, reach: Floats | float) -> Mask:
    """Positions within the circle's radius plus `reach` kilometres, on the sphere or the ellipsoid."""
    return np.asarray(distance_km(circle.lat, circle.lon, lats, lons) <= _reach(circle, reach))


def _reach(circle: Circle, reach: Floats | float) -> Floats:
    slack = CELL_RADIUS_KM - CELL_CIRCUMRADIUS_KM
    return np.asarray(reach_km(circle.radius_km, 0.0, slack) + np.asarray(reach) * 1.006)


def _holds(part: BaseGeometry, lats: Floats, lons: Floats) -> Mask:
    return np.asarray(shapely.intersects_xy(part, lons, lats))


def _border(area: BaseGeometry) -> BaseGeometry:
    """The outline as a hair-thin area, for distances to it."""
    return shapely.buffer(shapely.boundary(area), 1e-9) if not area.is_empty else area
