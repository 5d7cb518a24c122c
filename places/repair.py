"""Turning a ring as drawn into the area that certainly contains what was meant.

Pure shapely on degrees (x = longitude, y = latitude). Over-inclusive everywhere it must guess: all faces of a
self-crossing ring; the planar (RFC 7946), the geodesic and the screen's (Mercator) reading of edges where
they part; a ring that winds round a pole is closed over that pole; an edge that spans more than 180 degrees
goes the short way.
"""

import math
from collections.abc import Callable
from enum import StrEnum
from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, Point
from shapely import Polygon as Plane
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from places.cells import wrap_longitude
from places.distance import EARTH_RADIUS_KM, Floats, unit_vectors, waypoints
from places.shapes import Polygon, Position, Ring, closed

PARTING_KM = 0.1
"""Where lines that are straight in degrees, on the screen and on the ground part by more than this, all three
are read: edges of some 70 km at the latitude of Lyon, of 20 km in the north of Svalbard. Less is within the
0.2 km of slack in every margin."""
BEND_KM = 0.05
"""How far a densified geodesic may stray from the true one; far below the 0.2 km of slack in every margin."""
DECIMALS = 9
"""Coordinates are read to 0.1 mm: finer ones only make the geometry library divide by zero."""
HAIR_DEGREES = 1e-6
"""A line or point becomes an area this wide (0.1 m), so that everything downstream handles polygons only."""

SCREEN_LATITUDE = 85.06
"""Web maps end here."""

Lonlat = tuple[float, float]
Along = Callable[[float, float, float, float, float], list[Lonlat]]


class Fault(StrEnum):
    """What an officer should be told about a ring; none of them stops the alert."""

    UNCLOSED = "unclosed"
    DEGENERATE = "degenerate"
    REPEATED_POINT = "repeated_point"
    SELF_CROSSING = "self_crossing"
    WIDE_EDGE = "wide_edge"
    ROUND_POLE = "round_pole"


def faults(ring: Ring) -> tuple[Fault, ...]:
    """Everything odd about `ring`, in a fixed order; () for a clean one."""
    found = set()
    if len(ring) < 2 or ring[0] != ring[-1]:
        found.add(Fault.UNCLOSED)
    points = closed(ring)
    if any(a == b for a, b in pairwise(points)):
        found.add(Fault.REPEATED_POINT)
    if any(abs(b[1] - a[1]) > 180.0 and not _whole_turn(a, b) for a, b in pairwise(points)):
        found.add(Fault.WIDE_EDGE)
    path = unwrap(ring)
    if len(path) > len(points):
        found.add(Fault.ROUND_POLE)
    plane = _simple(path)
    if len(set(path)) < 3 or (plane is None and not list(_faces(path))):
        found.add(Fault.DEGENERATE)
    elif plane is None:
        found.add(Fault.SELF_CROSSING)
    return tuple(fault for fault in Fault if fault in found)


def unwrap(ring: Ring) -> tuple[Lonlat, ...]:
    """The closed ring as (lon, lat) without jumps: longitudes run on past 180 where the ring does."""
    rounded = np.round(np.array(closed(ring), dtype=np.float64), DECIMALS)
    points: list[Position] = [(lat, lon) for lat, lon in rounded.tolist()]
    if not (np.abs(np.diff(rounded[:, 1])) > 180.0).any():
        return tuple((lon, lat) for lat, lon in points)
    path: list[Lonlat] = [(points[0][1], points[0][0])]
    turns = 0  # whole turns added to the longitudes as written, which stay exact
    for before, here in pairwise(points):
        step = here[1] - before[1]
        if abs(step) > 180.0 and not _whole_turn(before, here):
            turns -= round(step / 360.0)
        path.append((here[1] + 360.0 * turns, here[0]))
    if abs(path[-1][0] - path[0][0]) > 180.0:  # wound round a pole: the nearer one is inside
        pole = math.copysign(90.0, sum(lat for _, lat in path))
        path += [(path[-1][0], pole), (path[0][0], pole), path[0]]
    return tuple(path)


def _whole_turn(a: Position, b: Position) -> bool:
    """The top or bottom of a box right round the earth, written from seam to seam along one parallel."""
    seams = a[1] % 180.0 == 0.0 and b[1] % 180.0 == 0.0
    return seams and a[0] == b[0] and abs(abs(b[1] - a[1]) - 360.0) < 1e-9


def area_of(polygon: Polygon) -> BaseGeometry:
    """Everything the polygon may mean, within longitudes -180..180."""
    area = wrap(_readings(polygon.exterior, widest=True))
    for hole in polygon.holes:
        area = shapely.difference(area, shapely.union_all(polygons(wrap(_readings(hole, widest=False)))))
    return area


def core_of(polygon: Polygon) -> BaseGeometry:
    """Only what every reading of the polygon agrees on (for exclusions); empty when its ring is not
    simple."""
    core = wrap(_readings(polygon.exterior, widest=False))
    for hole in polygon.holes:
        core = shapely.difference(core, wrap(_readings(hole, widest=True)))
    return shapely.union_all(polygons(core))


def _readings(ring: Ring, *, widest: bool) -> BaseGeometry:
    path = unwrap(ring)
    lengths = _lengths(path)
    bent = any(lengths)
    paths = [path, *(_bent(path, lengths, along) for along in (_bend, _rhumb) if bent)]
    if widest:
        return shapely.union_all([_filled(one) for one in paths])
    planes = [plane for one in paths if (plane := _simple(one)) is not None]
    if len(planes) < len(paths):
        return Plane()
    return planes[0] if len(planes) == 1 else shapely.union_all(polygons(shapely.intersection_all(planes)))


def _simple(path: tuple[Lonlat, ...]) -> BaseGeometry | None:
    if len(set(path)) < 3:
        return None
    plane = Plane(np.array(path))
    return plane if plane.is_valid and plane.area > 0 else None


def _filled(path: tuple[Lonlat, ...]) -> BaseGeometry:
    """All faces the ring encloses, and the ring itself so that dangling edges and slivers keep their
    place."""
    plane = _simple(path)
    if plane is not None:
        return plane
    line = Point(path[0]) if len(set(path)) == 1 else LineString(path)
    return shapely.union_all([*_faces(path), line.buffer(HAIR_DEGREES)])


def _faces(path: tuple[Lonlat, ...]) -> list[BaseGeometry]:
    if len(set(path)) < 3:
        return []
    noded = shapely.union_all([LineString(path)])
    return list(shapely.polygonize([noded]).geoms)


def _lengths(path: tuple[Lonlat, ...]) -> list[float]:
    """Kilometres of every edge whose readings part; 0 for the others, on a meridian and right round the earth
    among them."""
    points = np.array(path)
    lats = np.radians(points[:, 1])
    wide, high = np.abs(np.diff(np.radians(points[:, 0]))), np.abs(np.diff(lats))
    vectors = unit_vectors(points[:, 1], points[:, 0])
    halves = np.linalg.norm(np.diff(vectors, axis=0), axis=1) / 2.0
    lengths = 2.0 * EARTH_RADIUS_KM * np.arcsin(np.minimum(halves, 1.0))
    # Second order in the edge's extent: how far a great circle bulges beyond a parallel, and how unevenly it
    # gains longitude on the way to a pole. Never less than was measured on edges of 3 to 400 km.
    poleward = np.sin(np.maximum(np.abs(lats[:-1]), np.abs(lats[1:])))
    parting = EARTH_RADIUS_KM * poleward * wide * (wide * _widest(lats) / 8.0 + high / 4.0)
    found: list[float] = np.where((wide <= math.pi) & (parting > PARTING_KM), lengths, 0.0).tolist()
    return found


def _widest(lats: Floats) -> Floats:
    """The cosine of the lowest latitude of every edge."""
    crossing = lats[:-1] * lats[1:] < 0.0
    return np.where(crossing, 1.0, np.maximum(np.cos(lats[:-1]), np.cos(lats[1:])))


def _bent(path: tuple[Lonlat, ...], lengths: list[float], along: Along) -> tuple[Lonlat, ...]:
    """The ring with those edges that have a length bent to great circles or to lines on the screen."""
    bent: list[Lonlat] = [path[0]]
    for (start, end), length in zip(pairwise(path), lengths, strict=True):
        if length:
            bent.extend(along(*start, *end, length))
        bent.append(end)
    return tuple(bent)


def _bend(lon: float, lat: float, to_lon: float, to_lat: float, length: float) -> list[Lonlat]:
    """Points between both ends of an edge, close enough that straight pieces follow the great circle."""
    start, end = (lat, wrap_longitude(lon)), (to_lat, wrap_longitude(to_lon))
    count = _pieces(length, float(abs(waypoints(start, end, 64)[0]).max()))
    lats, lons = waypoints(start, end, count)
    step = to_lon - lon
    points = []
    for here_lat, here_lon in zip(lats[1:-1].tolist(), lons[1:-1].tolist(), strict=True):
        turned = (here_lon - lon) % 360.0 if step > 0 else -((lon - here_lon) % 360.0)
        if abs(turned) > 270.0:  # rounding on the wrong side of the start
            turned = 0.0
        points.append((lon + math.copysign(min(abs(turned), abs(step)), step), here_lat))
    return points


def _rhumb(lon: float, lat: float, to_lon: float, to_lat: float, length: float) -> list[Lonlat]:
    """The same for a straight line on the officer's screen, which is a Mercator map."""
    highest = max(abs(lat), abs(to_lat))
    if highest > SCREEN_LATITUDE:
        return []
    count = _pieces(length, highest)
    low, high = (math.asinh(math.tan(math.radians(end))) for end in (lat, to_lat))
    tops = np.linspace(low, high, count + 1)[1:-1]
    lats, lons = np.degrees(np.arctan(np.sinh(tops))), np.linspace(lon, to_lon, count + 1)[1:-1]
    return list(zip(lons.tolist(), lats.tolist(), strict=True))


def _pieces(length: float, highest: float) -> int:
    """Into how many straight pieces an edge is cut that reaches a latitude."""
    # A chord of s km at latitude p bends away from the great circle by s^2 tan(p) / 8R.
    steep = max(0.05, math.tan(math.radians(min(89.9, highest))))
    return max(2, math.ceil(length / min(50.0, math.sqrt(8.0 * 6371.0 * BEND_KM / steep))))


def wrap(area: BaseGeometry) -> BaseGeometry:
    """`area` cut at the antimeridian and brought into -180..180."""
    if area.is_empty:
        return area
    west, _, east, _ = area.bounds
    if west >= -180.0 and east <= 180.0:
        return area
    first, last = math.floor((west + 180.0) / 360.0), math.ceil((east - 180.0) / 360.0)
    pieces: list[BaseGeometry] = []
    for turn in range(first, last + 1):
        left = 360.0 * turn - 180.0
        piece = shapely.intersection(area, shapely.box(left, -90.0, left + 360.0, 90.0))
        pieces.extend(translate(part, xoff=-360.0 * turn) for part in polygons(piece))
    return shapely.union_all(pieces)


def polygons(area: BaseGeometry) -> list[BaseGeometry]:
    """The polygons of any geometry; nothing else."""
    return [
        part for part in shapely.get_parts(area).tolist() if part.geom_type == "Polygon" and not part.is_empty
    ]
