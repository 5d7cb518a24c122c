"""Which countries a shape may touch, and which countries each cell may lie in.

Pure numpy over the atlas. Over-inclusive: there are no exact borders in here, see `places.build_atlas`.
"""

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray

from places.atlas import FIELD_RADIUS_KM, FIELD_RESOLUTION, Atlas
from places.cells import centre
from places.distance import KM_PER_DEGREE, distance_km
from places.locate import BORDER_KM, countries_at, nearby
from places.matcher import Matcher
from places.people import pack_countries


def touched(atlas: Atlas, ready: Matcher) -> frozenset[str]:
    """Countries (ISO 3166-1 alpha-2) the shapes may touch; 1..50 ms."""
    pad = 1.1 * FIELD_RADIUS_KM / KM_PER_DEGREE
    near = np.zeros(atlas.field_lat.size, dtype=np.bool_)
    for low, high in ready.latitudes():
        near |= (atlas.field_lat >= low - pad) & (atlas.field_lat <= high + pad)
    rows = np.flatnonzero(near)
    lats, lons = atlas.field_lat[rows].astype(np.float64), atlas.field_lon[rows].astype(np.float64)
    mask = ready.discs(lats, lons, np.full(lats.size, FIELD_RADIUS_KM))
    found: frozenset[str] = frozenset()
    for number in np.unique(atlas.field_set[rows[mask]]).tolist():
        found |= atlas.sets[number]
    return found


def countries_of(atlas: Atlas, cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Per resolution-7 cell the packed countries (`places.people`) its people may be in, likeliest first;
    0 for no cell. Milliseconds for cells far from any border, a few seconds for 100,000 near one."""
    distinct, at = np.unique(cells, return_inverse=True)
    packed = np.zeros(distinct.size, dtype=np.int64)
    families: dict[int, list[int]] = {}
    for row, cell in enumerate(distinct.tolist()):
        if cell:
            families.setdefault(h3.cell_to_parent(cell, FIELD_RESOLUTION), []).append(row)
    numbers = np.searchsorted(atlas.field_cell, np.array(list(families), dtype=np.int64))
    for number, rows in zip(numbers.tolist(), families.values(), strict=True):
        countries = atlas.sets[int(atlas.field_set[number])]
        if len(countries) == 1:
            packed[rows] = pack_countries(countries)
        else:
            packed[rows] = _near_border(atlas, number, distinct[rows])
    return np.asarray(packed[at])


def _near_border(atlas: Atlas, number: int, cells: NDArray[np.int64]) -> list[int]:
    """The same rule as `locate`, for cells of one family that share their candidates."""
    lat, lon = float(atlas.field_lat[number]), float(atlas.field_lon[number])
    # A cell's centre may lie a little outside its parent: hence three radii, not two.
    rows, _ = nearby(atlas, lat, lon, BORDER_KM + 3.0 * FIELD_RADIUS_KM)
    lats, lons, names = atlas.lat[rows], atlas.lon[rows], atlas.country[rows]
    found = []
    for cell in cells.tolist():
        here = centre(cell)
        apart = distance_km(*here, lats, lons)
        order = np.argsort(apart, kind="stable")
        close = order[: int(np.searchsorted(apart[order], float(apart.min()) + BORDER_KM, side="right"))]
        by_city = tuple(atlas.countries[n] for n in dict.fromkeys(names[close].tolist()))
        found.append(pack_countries(countries_at(atlas, *here, by_city)))
    return found
