"""Distances and areas on the globe, written for the audit alone: haversine and ray casting. Pure.

Nothing here comes from the service's own geometry, so that a mistake there cannot hide in a copy of itself.
Degrees are WGS 84, distances kilometres on a sphere of 6371.0088 km (IUGG mean radius). Polygons are rings of
(lat, lon) with straight edges in latitude and longitude, as CAP and GeoJSON have them; several rings of one
polygon follow the even-odd rule, so a ring inside another is a hole. Edges longer than half the globe cross
the antimeridian.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

RADIUS_KM = 6371.0088
Point = tuple[float, float]
Ring = tuple[Point, ...]
Polygon = tuple[Ring, ...]
Edge = tuple[Point, Point]
TURNS = (0.0, -360.0, 360.0)


@dataclass(frozen=True, slots=True)
class Circle:
    """Everything within `km` of a point."""

    lat: float
    lon: float
    km: float


@dataclass(frozen=True, slots=True)
class Area:
    """The union of circles, polygons and whole countries (ISO 3166-1 alpha-2)."""

    circles: tuple[Circle, ...] = ()
    polygons: tuple[Polygon, ...] = ()
    countries: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The area as a JSON object."""
        return {
            "circles": [[one.lat, one.lon, one.km] for one in self.circles],
            "polygons": [[[list(point) for point in ring] for ring in rings] for rings in self.polygons],
            "countries": list(self.countries),
        }


def area_from(data: Mapping[str, Any]) -> Area:
    """An area from JSON: circles [lat, lon, km], polygons [[[lat, lon], ...], ...], countries."""
    return Area(
        tuple(Circle(float(lat), float(lon), float(km)) for lat, lon, km in data.get("circles", ())),
        tuple(
            tuple(tuple((float(lat), float(lon)) for lat, lon in ring) for ring in rings)
            for rings in data.get("polygons", ())
        ),
        tuple(str(code).upper() for code in data.get("countries", ())),
    )


def distance_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance (haversine)."""
    a, b = math.radians(lat1), math.radians(lat2)
    half = (
        math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    )
    return 2 * RADIUS_KM * math.asin(math.sqrt(min(1.0, half)))


def moved(lat: float, lon: float, bearing_deg: float, km: float) -> Point:
    """The point `km` away in a direction (degrees clockwise from north)."""
    angle, turn, start = km / RADIUS_KM, math.radians(bearing_deg), math.radians(lat)
    sine = math.sin(start) * math.cos(angle) + math.cos(start) * math.sin(angle) * math.cos(turn)
    end = math.asin(max(-1.0, min(1.0, sine)))
    swing = math.atan2(
        math.sin(turn) * math.sin(angle) * math.cos(start), math.cos(angle) - math.sin(start) * math.sin(end)
    )
    return math.degrees(end), near(lon + math.degrees(swing), 0.0)


def near(lon: float, other: float) -> float:
    """The longitude written so that it lies within 180 degrees of another."""
    return other + (lon - other + 540.0) % 360.0 - 180.0


@lru_cache(maxsize=64)
def unrolled(polygon: Polygon) -> tuple[tuple[Edge, ...], ...]:
    """The edges of each ring with longitudes that run on across the antimeridian, all rings on one sheet."""
    sheet = []
    for ring in polygon:
        lon = polygon[0][0][1]
        points: list[Point] = []
        for lat, own in ring:
            lon = near(own, lon)
            points.append((lat, lon))
        sheet.append(tuple(zip(points, (*points[1:], points[0]), strict=True)))
    return tuple(sheet)


def in_polygon(polygon: Polygon, lat: float, lon: float) -> bool:
    """Ray casting over all rings, even-odd, on the sheet and on its copies a turn to the west and east."""
    return any(_odd(polygon, lat, lon + turn) for turn in TURNS)


def _odd(polygon: Polygon, lat: float, lon: float) -> bool:
    inside = False
    for ring in unrolled(polygon):
        for (lat1, lon1), (lat2, lon2) in ring:
            if (lat1 > lat) != (lat2 > lat) and lon < lon1 + (lat - lat1) / (lat2 - lat1) * (lon2 - lon1):
                inside = not inside
    return inside


def border_km(polygon: Polygon, lat: float, lon: float) -> float:
    """Distance to the nearest edge, on a plane scaled at the point (within 1 % up to about 100 km)."""
    scale = math.cos(math.radians(lat))
    best = math.inf
    for turn in TURNS:
        for ring in unrolled(polygon):
            for (lat1, lon1), (lat2, lon2) in ring:
                x1, y1 = (lon1 - lon - turn) * scale, lat1 - lat
                dx, dy = (lon2 - lon1) * scale, lat2 - lat1
                length = dx * dx + dy * dy
                share = 0.0 if length == 0 else max(0.0, min(1.0, -(x1 * dx + y1 * dy) / length))
                best = min(best, math.hypot(x1 + share * dx, y1 + share * dy))
    return math.radians(best) * RADIUS_KM


def outside_km(area: Area, lat: float, lon: float) -> float:
    """How far outside the drawn area a point is: negative inside (depth), infinite without circles and
    polygons.

    Whole countries are not drawn here: who is in one is known by the citizen's own country.
    """
    drawn = [distance_km(one.lat, one.lon, lat, lon) - one.km for one in area.circles]
    for polygon in area.polygons:
        border = border_km(polygon, lat, lon)
        drawn.append(-border if in_polygon(polygon, lat, lon) else border)
    return min(drawn, default=math.inf)
