"""Reading shapes: CAP's polygon and circle texts, and GeoJSON.

Pure. CAP 1.2 (OASIS, section 3.2.4): polygon = "lat,lon lat,lon ..."; circle = "lat,lon radius" in
kilometres. GeoJSON (RFC 7946) writes [lon, lat].
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from places.errors import PlaceError, ShapeError
from places.shapes import Circle, Polygon, Position, Ring, Shape

MAX_POINTS = 200_000
"""More points than any boundary in use (a whole country at 1:10M has about 40,000); beyond it is an
attack."""


def parse_cap_polygon(text: str) -> Polygon:
    """A CAP polygon. An unclosed or degenerate ring is accepted (see `places.repair.faults`).

    Raises ShapeError (unreadable) or CoordinateError (impossible), naming the pair: ``pair[3]``.
    """
    pairs = text.split()
    if not pairs:
        raise ShapeError("empty", "polygon is empty")
    if len(pairs) > MAX_POINTS:
        raise ShapeError("too_many_points", f"polygon has more than {MAX_POINTS} points")
    ring = tuple(_pair(pair, f"pair[{number}]") for number, pair in enumerate(pairs))
    return Polygon(ring)


def parse_cap_circle(text: str) -> Circle:
    """A CAP circle. Raises ShapeError or CoordinateError."""
    parts = text.split()
    if len(parts) != 2:
        raise ShapeError("circle_form", 'circle is not "lat,lon radius"')
    lat, lon = _pair(parts[0], "centre")
    return Circle(lat, lon, _number(parts[1], "radius"))


def _pair(text: str, where: str) -> Position:
    parts = text.split(",")
    if len(parts) != 2:
        raise ShapeError("pair_form", 'point is not "lat,lon"', where)
    return _number(parts[0], where), _number(parts[1], where)


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ShapeError("not_a_number", "not a number", where) from None
    if not math.isfinite(value) or "_" in text:
        raise ShapeError("not_a_number", "not a number", where)
    return value


def parse_geojson(document: object) -> tuple[Shape, ...]:
    """The shapes of a GeoJSON geometry, Feature or FeatureCollection (already decoded from JSON).

    A Point counts only as the centre of a circle: its Feature carries `radius_km` (or terra-draw's
    `radiusKilometers`) in its properties. Lines have no area and are refused. Raises ShapeError or
    CoordinateError.
    """
    shapes = tuple(_geojson(document, "", None, 0))
    if not shapes:
        raise ShapeError("empty", "document holds no shape")
    return shapes


def _geojson(node: object, where: str, radius: float | None, depth: int) -> list[Shape]:
    if depth > 8:
        raise ShapeError("too_deep", "collections are nested too deeply", where)
    if not isinstance(node, Mapping):
        raise ShapeError("geojson_form", "not a GeoJSON object", where)
    kind = node.get("type")
    if kind == "FeatureCollection":
        return _each(node.get("features"), f"{where}features", None, depth)
    if kind == "GeometryCollection":
        return _each(node.get("geometries"), f"{where}geometries", radius, depth)
    if kind == "Feature":
        return _geojson(
            node.get("geometry"), f"{where}geometry.", _radius(node.get("properties"), where), depth + 1
        )
    coordinates = node.get("coordinates")
    at = f"{where}coordinates"
    if kind == "Polygon":
        return [_polygon(coordinates, at)]
    if kind == "MultiPolygon":
        return [_polygon(rings, f"{at}[{number}]") for number, rings in enumerate(_list(coordinates, at))]
    if kind == "Point" and radius is not None:
        lat, lon = _position(coordinates, at)
        return [Circle(lat, lon, radius)]
    if kind == "Point":
        raise ShapeError("no_area", "a point needs a radius_km property to be an area", where)
    raise ShapeError("no_area", "only Polygon, MultiPolygon and Point with a radius are areas", where)


def _each(items: object, where: str, radius: float | None, depth: int) -> list[Shape]:
    found: list[Shape] = []
    for number, item in enumerate(_list(items, where)):
        found.extend(_geojson(item, f"{where}[{number}].", radius, depth + 1))
    return found


def _radius(properties: object, where: str) -> float | None:
    if not isinstance(properties, Mapping):
        return None
    value = properties.get("radius_km", properties.get("radiusKilometers"))
    return None if value is None else _float(value, f"{where}properties.radius_km")


def _polygon(rings: object, where: str) -> Polygon:
    listed = _list(rings, where)
    if not listed:
        raise ShapeError("empty_ring", "polygon has no ring", where)
    if sum(len(ring) for ring in listed if isinstance(ring, Sequence)) > MAX_POINTS:
        raise ShapeError("too_many_points", f"polygon has more than {MAX_POINTS} points", where)
    read = [_ring(ring, f"{where}[{number}]") for number, ring in enumerate(listed)]
    try:
        return Polygon(read[0], tuple(read[1:]))
    except PlaceError as fault:
        raise fault.under(where.rstrip(".")) from None


def _ring(points: object, where: str) -> Ring:
    return tuple(_position(point, f"{where}[{number}]") for number, point in enumerate(_list(points, where)))


def _position(point: object, where: str) -> Position:
    listed = _list(point, where)
    if len(listed) not in (2, 3):  # the third is an altitude
        raise ShapeError("position_form", "position is not [lon, lat]", where)
    return _float(listed[1], where), _float(listed[0], where)


def _list(value: object, where: str) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)):
        raise ShapeError("geojson_form", "not a list", where)
    return value


def _float(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ShapeError("not_a_number", "not a number", where)
    if not -1e9 <= value <= 1e9:  # also refuses NaN; a longer integer would not fit a float
        raise ShapeError("out_of_range", "number is far outside any range", where)
    return float(value)
