"""From a position to country, region, nearest city, time zone and cell.

Pure numpy over the atlas. Where a position may lie in several countries or regions all are named.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from places.atlas import Atlas
from places.cells import cell_of, check_latitude, check_longitude
from places.distance import KM_PER_DEGREE, MAX_DISTANCE_KM, Floats, distance_km

BORDER_KM = 15.0
"""Countries and regions with a place within the nearest one's distance plus this are all possible: 99.8 %
of land positions have their true country and 98..100 % their true region among them."""
ANTARCTICA = ("AQ", -60.0)
"""South of 60 degrees south the Antarctic Treaty's area begins (article VI)."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a position is. `country` is the likeliest of `countries`, `admin1` are ISO 3166-2 codes,
    likeliest first; `place` is the gazetteer's id of the nearest city of 5,000 people, `distance_km` away."""

    country: str
    countries: tuple[str, ...]
    admin1: tuple[str, ...]
    place: int
    distance_km: float
    timezone: str
    cell: int


def locate(atlas: Atlas, lat: float, lon: float) -> Spot:
    """Below 1 ms on land, a few on the open ocean. Raises CoordinateError."""
    check_latitude(lat)
    check_longitude(lon)
    rows, apart = nearby(atlas, lat, lon, BORDER_KM)
    countries = _distinct(atlas.country[rows], atlas.countries)
    if lat < ANTARCTICA[1]:
        countries = (ANTARCTICA[0], *countries)
    named = np.flatnonzero(atlas.place[rows] > 0)
    if not named.size:
        named_row, named_apart = _nearest_named(atlas, lat, lon)
    else:
        named_row, named_apart = int(rows[named[0]]), float(apart[named[0]])
    return Spot(
        country=countries[0],
        countries=countries,
        admin1=tuple(code for code in _distinct(atlas.admin[rows], atlas.admins) if code),
        place=int(atlas.place[named_row]),
        distance_km=named_apart,
        timezone=atlas.zones[int(atlas.zone[rows[0]])],
        cell=cell_of(lat, lon),
    )


def nearby(atlas: Atlas, lat: float, lon: float, extra_km: float) -> tuple[NDArray[np.int64], Floats]:
    """Rows of the nearest point and of all not farther than it plus `extra_km`, nearest first, and
    distances."""
    reach = 50.0
    while True:
        rows, apart = _band(atlas, lat, lon, reach)
        nearest = float(apart.min()) if apart.size else MAX_DISTANCE_KM
        if nearest + extra_km <= reach or reach >= MAX_DISTANCE_KM:
            break
        reach = min(MAX_DISTANCE_KM, max(reach * 4.0, nearest + extra_km) if apart.size else reach * 4.0)
    near = np.flatnonzero(apart <= nearest + extra_km)
    near = near[np.argsort(apart[near], kind="stable")]
    return rows[near], apart[near]


def _nearest_named(atlas: Atlas, lat: float, lon: float) -> tuple[int, float]:
    apart = np.where(atlas.place > 0, distance_km(lat, lon, atlas.lat, atlas.lon), np.inf)
    row = int(apart.argmin())
    return row, float(apart[row])


def _band(atlas: Atlas, lat: float, lon: float, reach_km: float) -> tuple[NDArray[np.int64], Floats]:
    """Rows within `reach_km` of latitude, and their distances."""
    pad = reach_km / KM_PER_DEGREE
    first, last = np.searchsorted(atlas.lat, (np.float32(lat - pad), np.float32(lat + pad)))
    return np.arange(first, last), distance_km(lat, lon, atlas.lat[first:last], atlas.lon[first:last])


def _distinct(numbers: NDArray[np.uint16], words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of the numbers, each once, in order of first appearance."""
    return tuple(dict.fromkeys(words[number] for number in numbers.tolist()))
