"""Which cells a circle truly reaches into. Pure h3 and numpy.

A cell's centre may lie up to 1.55 km from whoever is in it, but most cells beside a circle end well before:
their own outline says so. Cells are hexagons (a few pentagons) whose edges are great circles.
"""

from collections.abc import Sequence

import h3.api.basic_int as h3
import numpy as np

from places.cells import CELL_RESOLUTION
from places.distance import EARTH_RADIUS_KM, Floats, unit_vectors
from places.growth import Mask
from places.shapes import Circle

LONGEST_KM = 300.0
"""Of circles with a longer radius the ring beside them is a small part, and the rule for the ellipsoid below
is no longer good to metres."""
MOST_POLAR = 85.0
SLACK_KM = 0.03
"""For rounding, for edges of cells that cross an edge of H3's icosahedron, and for the ellipsoid's rule."""
EQUATOR_KM = 6378.137
FLATTENING2 = 0.00669437999014
"""Of WGS84: a, and e squared."""


SURE_KM = 0.8
"""Less than from any cell's centre to its edge: 0.864 km is the least of 20,000 cells and of those round all
twelve pentagons. A cell whose centre lies so far outside a circle need not be looked at: it reaches in."""


def can_tell(circle: Circle) -> bool:
    """Whether `reaching` may be asked about this circle."""
    return circle.radius_km <= LONGEST_KM and abs(circle.lat) <= MOST_POLAR


def reaching(circle: Circle, lats: Floats, lons: Floats) -> Mask:
    """Which cells, given by their centres, may hold somebody within the circle, be the earth taken for a
    sphere or an ellipsoid. For cells whose centre lies outside it; about 5 microseconds each."""
    if not lats.size:
        return np.zeros(0, dtype=np.bool_)
    cells = [
        h3.latlng_to_cell(lat, lon, CELL_RESOLUTION)
        for lat, lon in zip(lats.tolist(), lons.tolist(), strict=True)
    ]
    corners = _outlines(cells)
    ends = unit_vectors(corners[..., 0], corners[..., 1])
    legs = np.roll(ends, -1, axis=1) - ends
    middle = unit_vectors([circle.lat], [circle.lon])[0]
    along = ((middle - ends) * legs).sum(axis=-1) / np.maximum((legs * legs).sum(axis=-1), 1e-30)
    away = ends + np.clip(along, 0.0, 1.0)[..., None] * legs - middle
    chord2 = (away * away).sum(axis=-1).min(axis=1)
    apart = 2.0 * EARTH_RADIUS_KM * np.arcsin(np.minimum(np.sqrt(chord2) / 2.0, 1.0))
    around = np.array(cells) == h3.latlng_to_cell(circle.lat, circle.lon, CELL_RESOLUTION)
    return np.asarray(around | (apart * _shortest(circle, lats, lons) <= circle.radius_km + SLACK_KM))


def _outlines(cells: Sequence[int]) -> Floats:
    """Corners (lat, lon) of each cell, as many for all: the last one is repeated."""
    found = [h3.cell_to_boundary(cell) for cell in cells]
    most = max(map(len, found))
    return np.array([[*corners, *corners[-1:] * (most - len(corners))] for corners in found])


def _shortest(circle: Circle, lats: Floats, lons: Floats) -> Floats:
    """How much shorter than on the sphere the way to each position may be on the ellipsoid; at most 1."""
    half_way = np.radians((lats + circle.lat) / 2.0)
    north = np.radians(lats - circle.lat)
    east = np.radians((lons - circle.lon + 180.0) % 360.0 - 180.0) * np.cos(half_way)
    whole = np.maximum(north * north + east * east, 1e-30)
    bulge = 1.0 - FLATTENING2 * np.sin(half_way) ** 2
    across = EQUATOR_KM / np.sqrt(bulge) / EARTH_RADIUS_KM
    upward = across * (1.0 - FLATTENING2) / bulge
    return np.asarray(np.minimum(np.sqrt(((upward * north) ** 2 + (across * east) ** 2) / whole), 1.0))
