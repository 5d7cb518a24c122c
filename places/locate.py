"""From a position to country, region, nearest city, time zone and cell.

Pure numpy over the atlas. Where a position may lie in several countries or regions all are named: borders are
rough and cities are points, so what either says counts.
"""

import math
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
    """Some 0.2 ms on land, a few on the open ocean. Raises CoordinateError."""
    check_latitude(lat)
    check_longitude(lon)
    rows, apart = nearby(atlas, lat, lon, BORDER_KM)
    countries = countries_at(atlas, lat, lon, _distinct(atlas.country[rows], atlas.countries))
    named_row, named_apart = _nearest_named(atlas, lat, lon, float(apart[0]))
    home = _row_in(atlas, rows, lat, lon, countries[0])
    return Spot(
        country=countries[0],
        countries=countries,
        admin1=tuple(code for code in _distinct(atlas.admin[[home, *rows]], atlas.admins) if code),
        place=int(atlas.place[named_row]),
        distance_km=named_apart,
        timezone=atlas.zones[int(atlas.zone[home])],
        cell=cell_of(lat, lon),
    )


def countries_at(atlas: Atlas, lat: float, lon: float, by_city: tuple[str, ...]) -> tuple[str, ...]:
    """All that borders and the cities around name, likeliest first: the border's own where there is just one,
    else the nearest city's."""
    turned = (lon + 180.0) % 360.0 - 180.0
    inside = atlas.borders.within(lat, turned)
    near = atlas.borders.around(lat, turned)
    first = inside if len(inside) == 1 or by_city[0] not in inside else by_city[:1]
    treaty = ANTARCTICA[:1] if lat < ANTARCTICA[1] else ()
    return tuple(dict.fromkeys((*treaty, *first, *inside, *by_city, *near)))


def _row_in(atlas: Atlas, rows: NDArray[np.int64], lat: float, lon: float, country: str) -> int:
    """Of `rows` (nearest first) the first in that country, else the country's nearest, else the nearest."""
    number = atlas.countries.index(country) if country in atlas.countries else -1
    here = rows[atlas.country[rows] == number]
    if not here.size:
        here = np.flatnonzero(atlas.country == number)
        here = here[np.argsort(distance_km(lat, lon, atlas.lat[here], atlas.lon[here]))[:1]]
    return int(here[0] if here.size else rows[0])


def nearby(atlas: Atlas, lat: float, lon: float, extra_km: float) -> tuple[NDArray[np.int64], Floats]:
    """Rows of the nearest point and of all not farther than it plus `extra_km`, nearest first, and
    distances."""
    reach = 2.0 * extra_km
    while True:
        rows = _square_rows(atlas, lat, lon, reach)
        apart = distance_km(lat, lon, atlas.lat[rows], atlas.lon[rows])
        nearest = float(apart.min()) if apart.size else MAX_DISTANCE_KM
        if nearest + extra_km <= reach or reach >= MAX_DISTANCE_KM:
            break
        reach = min(MAX_DISTANCE_KM, nearest + extra_km if apart.size else reach * 4.0)
    near = np.flatnonzero(apart <= nearest + extra_km)
    near = near[np.argsort(apart[near], kind="stable")]
    return rows[near], apart[near]


def _nearest_named(atlas: Atlas, lat: float, lon: float, at_least_km: float) -> tuple[int, float]:
    """The nearest city of 5,000 people; none is nearer than the nearest place of all."""
    reach = max(20.0, 2.0 * at_least_km)
    while True:
        rows = _square_rows(atlas, lat, lon, reach)
        rows = rows[atlas.place[rows] > 0]
        apart = distance_km(lat, lon, atlas.lat[rows], atlas.lon[rows])
        if apart.size and float(apart.min()) <= reach:
            best = int(apart.argmin())
            return int(rows[best]), float(apart[best])
        reach = min(MAX_DISTANCE_KM, float(apart.min()) + 1.0 if apart.size else reach * 3.0)


def _square_rows(atlas: Atlas, lat: float, lon: float, reach_km: float) -> NDArray[np.int64]:
    """Rows of every square degree that a circle touches, and some more."""
    pad = reach_km / KM_PER_DEGREE
    south, north = max(-90.0, lat - pad), min(90.0, lat + pad)
    level = math.cos(math.radians(max(abs(south), abs(north))))
    across = pad / level if level > 1e-3 else 360.0
    spans = [(0, 359)]
    if across < 179.0:
        west, east = math.floor(lon - across + 180.0), math.floor(lon + across + 180.0)
        first, last = west % 360, east % 360
        spans = [(first, last)] if first <= last and east - west < 360 else [(first, 359), (0, last)]
    found = [
        np.arange(int(atlas.square[band * 360 + first]), int(atlas.square[band * 360 + last + 1]))
        for band in range(min(179, math.floor(south + 90.0)), min(179, math.floor(north + 90.0)) + 1)
        for first, last in spans
    ]
    return np.concatenate(found)


def _distinct(numbers: NDArray[np.uint16], words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of the numbers, each once, in order of first appearance."""
    return tuple(dict.fromkeys(words[number] for number in numbers.tolist()))
