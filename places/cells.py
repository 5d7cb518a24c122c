"""H3 cells: how precisely Muster knows where somebody is when they only asked to be warned.

Pure; touches h3 and numpy only. Coordinates are WGS84 degrees, cells are resolution-7 H3 indexes. The top
bit of an H3 index is always 0, so a cell fits a signed 64-bit column. 0 is no cell and means "none".
"""

import math

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import ArrayLike, NDArray

from places.errors import CoordinateError

CELL_RESOLUTION = 7
CELL_CIRCUMRADIUS_KM = 1.5482
"""Farthest any point of a cell lies from its centre: the largest found over 60,000 random cells, a hill
climb from the worst of them and the surroundings of all twelve pentagons."""
CELL_RADIUS_KM = 1.75
"""Margin added to every shape tested against cell centres: the circumradius plus 0.2 km for rounding."""
MAX_DRAWN_LONGITUDE = 540.0
"""A shape drawn across the antimeridian may arrive unwrapped (183 for -177); one whole turn is the limit."""


def check_latitude(lat: float, where: str = "") -> float:
    """`lat` when it is a latitude in [-90, 90]; CoordinateError otherwise."""
    if not math.isfinite(lat):
        raise CoordinateError("not_a_number", "latitude is not a number", where)
    if not -90.0 <= lat <= 90.0:
        raise CoordinateError(
            "latitude_range",
            "latitude is outside -90..90; it comes before the longitude: are they swapped?",
            where,
        )
    return float(lat)


def check_longitude(lon: float, where: str = "", *, limit: float = 180.0) -> float:
    """`lon` when it lies in [-limit, limit]; CoordinateError otherwise."""
    if not math.isfinite(lon):
        raise CoordinateError("not_a_number", "longitude is not a number", where)
    if not -limit <= lon <= limit:
        raise CoordinateError("longitude_range", f"longitude is outside -{limit:.0f}..{limit:.0f}", where)
    return float(lon)


def wrap_longitude(lon: float) -> float:
    """The same meridian in [-180, 180)."""
    return (lon + 180.0) % 360.0 - 180.0


def cell_of(lat: float, lon: float) -> int:
    """The res-7 cell of a position (lat in [-90, 90], lon in [-180, 180]). Raises CoordinateError."""
    return int(h3.latlng_to_cell(check_latitude(lat), check_longitude(lon), CELL_RESOLUTION))


def centre(cell: int) -> tuple[float, float]:
    """(lat, lon) of the middle of `cell`. Raises CoordinateError when it is not a res-7 cell."""
    if cell <= 0 or not h3.is_valid_cell(cell) or h3.get_resolution(cell) != CELL_RESOLUTION:
        raise CoordinateError("not_a_cell", "not a resolution-7 H3 cell")
    lat, lon = h3.cell_to_latlng(cell)
    return float(lat), float(lon)


def snap(lat: float, lon: float) -> tuple[float, float]:
    """The centre of the cell a position lies in: all that is kept of a pin sent to be warned."""
    return centre(cell_of(lat, lon))


def centres(cells: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(lats, lons) of an array of valid cells, about 1.2 microseconds each. Raises CoordinateError on 0 or
    junk."""
    wanted = np.asarray(cells, dtype=np.int64)
    found = np.empty((wanted.size, 2), dtype=np.float64)
    for row, cell in enumerate(wanted.tolist()):
        if cell <= 0 or not h3.is_valid_cell(cell):
            raise CoordinateError("not_a_cell", "not a resolution-7 H3 cell", f"cells[{row}]")
        found[row] = h3.cell_to_latlng(cell)
    return found[:, 0].copy(), found[:, 1].copy()
