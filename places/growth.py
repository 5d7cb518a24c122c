"""Growing and shrinking areas by kilometres, and asking which positions lie near them.

Pure shapely and numpy on degrees within longitudes -180..180. Growing never under-reaches: areas are cut into
latitude bands and each band is widened by the longitude its most polar edge needs; close to a pole every
longitude is taken.
"""

import itertools
import math

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import scale
from shapely.geometry.base import BaseGeometry

from places.distance import KM_PER_DEGREE, Floats
from places.repair import polygons, wrap

Mask = NDArray[np.bool_]

BANDS = (
    -90.0,
    -85.0,
    -80.0,
    -75.0,
    -70.0,
    -60.0,
    -45.0,
    -30.0,
    0.0,
    30.0,
    45.0,
    60.0,
    70.0,
    75.0,
    80.0,
    85.0,
    90.0,
)
POLAR_COSINE = 0.002
"""cos(89.89 degrees): nearer a pole than 13 km a few kilometres are many degrees, so all longitudes count."""
QUARTER = 4
ROUND_CORNER = 1.025
"""A buffer's corners are polygons inside the true circle (4 segments a quarter: 2 %); the rest is for
rounding. More of them cost time with outlines of thousands of corners."""

MANY_CORNERS = 2_000
ROUGHLY_KM = 1.0
MOST_MORE = 0.02
"""Growing takes as long as an outline has corners, and most of a coast's lie within a kilometre of a plainer
line. That line is grown instead, a kilometre farther, where this adds no more than so much of the area."""


def grow(area: BaseGeometry, margin_km: float) -> tuple[BaseGeometry, ...]:
    """Prepared parts that together hold every point within `margin_km` (> 0) of `area`."""
    pad = margin_km / KM_PER_DEGREE
    parts: list[BaseGeometry] = []
    for piece in _banded(area):
        _, south, _, north = piece.bounds
        cosine = _cosine(max(abs(south), abs(north)) + pad)
        if cosine < POLAR_COSINE:
            parts.append(_all_round(south - pad, north + pad))
            continue
        flat = scale(piece, xfact=cosine, yfact=1.0, origin=(0.0, 0.0))
        plain, moved = _plainer(flat)
        wide = scale(
            plain.buffer((pad + moved) * ROUND_CORNER, quad_segs=QUARTER),
            xfact=1.0 / cosine,
            yfact=1.0,
            origin=(0.0, 0.0),
        )
        parts.extend(polygons(wrap(wide)))
    for part in parts:
        shapely.prepare(part)
    return tuple(parts)


def _plainer(piece: BaseGeometry) -> tuple[BaseGeometry, float]:
    """The piece with fewer corners, and how far (degrees of latitude) its outline moved at most. Whatever it
    held lies no farther than that from what it holds now."""
    far = ROUGHLY_KM / KM_PER_DEGREE
    if shapely.get_num_coordinates(piece) < MANY_CORNERS or piece.length * far > MOST_MORE * piece.area:
        return piece, 0.0
    return shapely.simplify(piece, far, preserve_topology=True), far


def within(parts: tuple[BaseGeometry, ...], lats: Floats, lons: Floats) -> Mask:
    """Which positions lie in any of the parts; each part only sees the positions inside its bounds."""
    found = np.zeros(lats.size, dtype=np.bool_)
    for part in parts:
        west, south, east, north = part.bounds
        near = np.flatnonzero((lats >= south) & (lats <= north) & (lons >= west) & (lons <= east) & ~found)
        if near.size:
            found[near] = shapely.intersects_xy(part, lons[near], lats[near])
    return found


def near(area: BaseGeometry, lats: Floats, lons: Floats, radii_km: Floats) -> Mask:
    """Which discs (centre, radius each) may touch `area`. Over-inclusive, more so near the poles."""
    found = np.zeros(lats.size, dtype=np.bool_)
    if lats.size == 0 or area.is_empty:
        return found
    copies = [(piece, shift) for piece in _banded(area) for shift in (-360.0, 0.0, 360.0)]
    classes = np.ceil(np.log2(np.maximum(radii_km, 1.0)))
    for step in np.unique(classes):
        members = np.flatnonzero(classes == step)
        for piece, shift in copies:
            open_ = members[~found[members]]
            if open_.size:
                found[open_] = _disc_near(piece, lats[open_], lons[open_] + shift, radii_km[open_])
    return found


def _disc_near(piece: BaseGeometry, lats: Floats, lons: Floats, radii_km: Floats) -> Mask:
    """One latitude band against discs of similar size."""
    west, south, east, north = piece.bounds
    pads = radii_km * ROUND_CORNER / KM_PER_DEGREE
    largest = float(pads.max())
    found: Mask = (lats >= south - pads) & (lats <= north + pads)
    cosine = _cosine(max(abs(south), abs(north)) + largest)
    if cosine < POLAR_COSINE:
        return found
    found &= (lons >= west - pads / cosine) & (lons <= east + pads / cosine)
    rows = np.flatnonzero(found)
    if rows.size:
        flat = scale(piece, xfact=cosine, yfact=1.0, origin=(0.0, 0.0))
        shapely.prepare(flat)
        centres = np.asarray(shapely.points(lons[rows] * cosine, lats[rows]))
        for pad in np.unique(pads[rows]):
            same = pads[rows] == pad
            found[rows[same]] = shapely.dwithin(flat, centres[same], float(pad))
    return found


def _banded(area: BaseGeometry) -> list[BaseGeometry]:
    pieces: list[BaseGeometry] = []
    for polygon in polygons(area):
        _, south, _, north = polygon.bounds
        for low, high in itertools.pairwise(BANDS):
            if high < south or low > north:
                continue
            inside = low <= south and north <= high
            pieces.extend(
                [polygon] if inside else polygons(shapely.intersection(polygon, _all_round(low, high)))
            )
    return pieces


def _all_round(south: float, north: float) -> BaseGeometry:
    return shapely.box(-180.0, max(-90.0, south), 180.0, min(90.0, north))


def _cosine(lat: float) -> float:
    return math.cos(math.radians(lat)) if lat < 90.0 else 0.0
