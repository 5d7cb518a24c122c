"""Distances on the earth: great circles, their waypoints, and how far the sphere errs from the ellipsoid.

Pure numpy. Degrees in, kilometres out.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]

EARTH_RADIUS_KM = 6371.0088
"""Mean radius R1 of WGS84 (IUGG)."""
SPHERE_ERROR = 0.0057
"""A great circle on the mean sphere and the geodesic on the WGS84 ellipsoid differ by at most 0.56 %."""
MAX_DISTANCE_KM = math.pi * EARTH_RADIUS_KM
KM_PER_DEGREE = 110.57
"""Kilometres in the shortest degree of latitude (at the equator): dividing by it never under-reaches."""


def distance_km(lat: float, lon: float, lats: ArrayLike, lons: ArrayLike) -> Floats:
    """Great-circle distance from one point to many."""
    phi = math.radians(lat)
    phis = np.radians(np.asarray(lats, dtype=np.float64))
    half_lat = (phis - phi) * 0.5
    half_lon = np.radians(np.asarray(lons, dtype=np.float64) - lon) * 0.5
    h = np.sin(half_lat) ** 2 + math.cos(phi) * np.cos(phis) * np.sin(half_lon) ** 2
    return np.asarray(2.0 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(h, 1.0))))


def between_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Great-circle distance between two points."""
    return float(distance_km(lat, lon, [other_lat], [other_lon])[0])


def unit_vectors(lats: ArrayLike, lons: ArrayLike) -> Floats:
    """Points on the unit sphere, shape (n, 3)."""
    phi, lam = np.radians(np.asarray(lats, dtype=np.float64)), np.radians(np.asarray(lons, dtype=np.float64))
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)


def to_degrees(vectors: Floats) -> tuple[Floats, Floats]:
    """(lats, lons) of vectors of any length except 0; longitudes in [-180, 180]."""
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def waypoints(start: tuple[float, float], end: tuple[float, float], count: int) -> tuple[Floats, Floats]:
    """`count` + 1 points (lats, lons) along the great circle between two (lat, lon), both ends included.

    Antipodal ends have no single great circle: the straight mixture of both is used, which passes some of
    them.
    """
    a, b = unit_vectors([start[0], end[0]], [start[1], end[1]])
    angle = math.acos(max(-1.0, min(1.0, float(a @ b))))
    share = np.linspace(0.0, 1.0, count + 1)[:, None]
    if angle < 1e-12 or math.pi - angle < 1e-9:
        return to_degrees(a * (1.0 - share) + b * share + 1e-15)
    return to_degrees((np.sin((1.0 - share) * angle) * a + np.sin(share * angle) * b) / math.sin(angle))


def reach_km(radius_km: float, margin_km: float, rounding_km: float = 0.2) -> float:
    """`radius_km` widened by `margin_km` and by the sphere's error, so nobody inside on the ellipsoid is
    missed.

    `rounding_km` is the part of the margin that is already slack and covers the error of short radii.
    """
    return radius_km + margin_km + max(0.0, radius_km * SPHERE_ERROR - rounding_km)


def bearing(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Degrees clockwise from north in which `end` lies, seen from `start` (lat, lon); 0..360."""
    a, b, turn = math.radians(start[0]), math.radians(end[0]), math.radians(end[1] - start[1])
    east = math.sin(turn) * math.cos(b)
    north = math.cos(a) * math.sin(b) - math.sin(a) * math.cos(b) * math.cos(turn)
    return math.degrees(math.atan2(east, north)) % 360.0


def chord2_to(centre: tuple[float, float], x: Floats32, y: Floats32, z: Floats32) -> Floats32:
    """Squared straight line through a sphere of radius 1 from (lat, lon) to points on it, good to 1 m or
    two millionths of the distance: orders and compares like the distance along the ground, at a tenth of the
    cost."""
    a, b, c = (np.float32(axis) for axis in unit_vectors([centre[0]], [centre[1]])[0])
    return np.asarray((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2)


def chord2_of_km(kilometres: float) -> float:
    """The square of the straight line that spans so many kilometres of ground, rounded up by more than
    `chord2_to` may err."""
    half = min((kilometres + 0.002) / (2.0 * EARTH_RADIUS_KM), math.pi / 2.0)
    return (2.0 * math.sin(half)) ** 2 * (1.0 + 4e-6)


def km_of_chord2(chord2: Floats32) -> Floats32:
    """Kilometres along the ground; infinite stays infinite."""
    with np.errstate(invalid="ignore"):
        ground = np.float32(2.0 * EARTH_RADIUS_KM) * np.arcsin(np.minimum(np.sqrt(chord2) / 2, np.float32(1)))
    return np.where(np.isinf(chord2), np.float32(np.inf), ground)
