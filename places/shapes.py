"""Circle and Polygon: the two shapes an alert's area is drawn from, checked when they are made.

Pure. Positions are (lat, lon) in WGS84 degrees; longitudes of drawn shapes may be unwrapped, -540..540.
"""

import math
from dataclasses import dataclass

from places.cells import MAX_DRAWN_LONGITUDE, check_latitude, check_longitude
from places.distance import MAX_DISTANCE_KM
from places.errors import CoordinateError, ShapeError

Position = tuple[float, float]
Ring = tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Circle:
    """All points within `radius_km` (0..20,015) of a centre. Radius 0 is a point. Raises CoordinateError."""

    lat: float
    lon: float
    radius_km: float

    def __post_init__(self) -> None:
        check_latitude(self.lat, "lat")
        check_longitude(self.lon, "lon", limit=MAX_DRAWN_LONGITUDE)
        if not math.isfinite(self.radius_km):
            raise CoordinateError("not_a_number", "radius is not a number", "radius_km")
        if self.radius_km < 0:
            raise CoordinateError("radius_range", "radius is negative", "radius_km")
        if self.radius_km > MAX_DISTANCE_KM:
            raise CoordinateError(
                "radius_range", "radius is longer than half way round the earth", "radius_km"
            )


@dataclass(frozen=True, slots=True)
class Polygon:
    """An outline and its holes. Rings need not be closed, simple or even have an area: the resolver
    repairs them over-inclusively. Raises CoordinateError, or ShapeError when a ring has no point at all."""

    exterior: Ring
    holes: tuple[Ring, ...] = ()

    def __post_init__(self) -> None:
        check_ring(self.exterior, "exterior")
        for number, hole in enumerate(self.holes):
            check_ring(hole, f"holes[{number}]")


Shape = Circle | Polygon


def check_ring(ring: Ring, where: str) -> None:
    """Raise CoordinateError or ShapeError naming the first faulty point of `ring`."""
    if not ring:
        raise ShapeError("empty_ring", "ring has no points", where)
    for number, (lat, lon) in enumerate(ring):
        check_latitude(lat, f"{where}[{number}]")
        check_longitude(lon, f"{where}[{number}]", limit=MAX_DRAWN_LONGITUDE)


def closed(ring: Ring) -> Ring:
    """`ring` with its first point repeated at the end."""
    return ring if len(ring) > 1 and ring[0] == ring[-1] else (*ring, ring[0])


def swapped(shape: Shape) -> Shape | None:
    """The shape with latitude and longitude exchanged, or None where that cannot exist."""
    try:
        if isinstance(shape, Circle):
            return Circle(shape.lon, shape.lat, shape.radius_km)
        holes = tuple(tuple((lon, lat) for lat, lon in hole) for hole in shape.holes)
        return Polygon(tuple((lon, lat) for lat, lon in shape.exterior), holes)
    except CoordinateError:
        return None
