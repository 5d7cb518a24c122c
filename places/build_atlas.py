"""The arrays of the gazetteer file: every place of 500 people as a point, and which countries each piece
of the earth may belong to. Used when the gazetteer is compiled, only then; touches the SQLite connection
it is given.
"""

import json
import sqlite3
from collections.abc import Sequence

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray

from places.atlas import FIELD_RADIUS_KM, FIELD_RESOLUTION
from places.distance import EARTH_RADIUS_KM, Floats, unit_vectors
from places.locate import ANTARCTICA, BORDER_KM
from places.source_cities import City

SLACK = (2.0 * FIELD_RADIUS_KM + BORDER_KM) / EARTH_RADIUS_KM
"""The same for every position of a cell, asked from its centre; radians."""


def write_points(
    connection: sqlite3.Connection, cities: Sequence[City], codes: Sequence[str], ids: Sequence[int]
) -> None:
    """Points sorted by latitude."""
    order = sorted(range(len(cities)), key=lambda row: cities[row].lat)
    rows = [cities[row] for row in order]
    countries = sorted({city.country for city in rows})
    zones = sorted({city.timezone for city in rows})
    admins = sorted(set(codes))
    country_at, zone_at, admin_at = (
        {name: n for n, name in enumerate(x)} for x in (countries, zones, admins)
    )
    _words(connection, "countries", countries)
    _words(connection, "zones", zones)
    _words(connection, "admins", admins)
    _array(connection, "lat", np.array([city.lat for city in rows], dtype=np.float32))
    _array(connection, "lon", np.array([city.lon for city in rows], dtype=np.float32))
    _array(connection, "country", np.array([country_at[city.country] for city in rows], dtype=np.uint16))
    _array(connection, "zone", np.array([zone_at[city.timezone] for city in rows], dtype=np.uint16))
    _array(connection, "admin", np.array([admin_at[codes[row]] for row in order], dtype=np.uint16))
    _array(connection, "place", np.array([ids[row] for row in order], dtype=np.int32))
    _array(connection, "population", np.array([city.population for city in rows], dtype=np.int32))


def write_field(connection: sqlite3.Connection, cities: Sequence[City]) -> None:
    """For every resolution-4 cell of the earth, all countries any of its positions may lie in."""
    places = np.asfortranarray(unit_vectors([city.lat for city in cities], [city.lon for city in cities]))
    names, country = np.unique(np.array([city.country for city in cities]), return_inverse=True)
    sets: dict[tuple[str, ...], int] = {}
    found: list[tuple[int, float, float, int]] = []
    for parent in _all_cells(2):
        family = _vectors(h3.cell_to_children(parent, FIELD_RESOLUTION))
        mine = _relevant(family, places)  # narrowed twice, because a family can matter to half of Europe
        for child in h3.cell_to_children(parent, 3):
            cells = h3.cell_to_children(child, FIELD_RESOLUTION)
            members = _countries(_vectors(cells), places[mine], country[mine])
            for cell, numbers in zip(cells, members, strict=True):
                lat, lon = h3.cell_to_latlng(cell)
                listed = {str(names[n]) for n in numbers}
                if lat < ANTARCTICA[1] + 1.0:
                    listed.add(ANTARCTICA[0])
                found.append((cell, lat, lon, sets.setdefault(tuple(sorted(listed)), len(sets))))
    found.sort()
    _words(connection, "sets", [list(countries) for countries in sets])
    _array(connection, "field_cell", np.array([row[0] for row in found], dtype=np.int64))
    _array(connection, "field_lat", np.array([row[1] for row in found], dtype=np.float32))
    _array(connection, "field_lon", np.array([row[2] for row in found], dtype=np.float32))
    _array(connection, "field_set", np.array([row[3] for row in found], dtype=np.uint16))


def _relevant(cells: Floats, places: Floats) -> NDArray[np.int64]:
    """Rows of the places that can matter to any position in any of these neighbouring cells."""
    middle = cells.mean(axis=0)
    middle /= np.linalg.norm(middle)
    spread = float(np.arccos(np.clip(cells @ middle, -1, 1)).max())
    # Not a matrix product: its threads would spin for so small a job.
    near = places[:, 0] * middle[0] + places[:, 1] * middle[1] + places[:, 2] * middle[2]
    nearest = float(np.arccos(np.clip(near.max(), -1, 1)))
    return np.flatnonzero(near >= np.cos(min(np.pi, nearest + 2.0 * spread + SLACK)))


def _countries(cells: Floats, places: Floats, country: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Country numbers of each cell of one family."""
    mine = np.arange(1) if (country == country[0]).all() else _relevant(cells, places)
    here = country[mine]
    if (here == here[0]).all():
        return [here[:1]] * len(cells)
    close = cells @ places[mine].T  # cosines: the larger, the nearer
    farthest = np.arccos(np.clip(close.max(axis=1, keepdims=True), -1.0, 1.0)) + SLACK
    reach = close >= np.cos(np.minimum(np.pi, farthest))
    return [np.unique(here[row]) for row in reach]


def _vectors(cells: Sequence[int]) -> Floats:
    positions = [h3.cell_to_latlng(cell) for cell in cells]
    return unit_vectors([lat for lat, _ in positions], [lon for _, lon in positions])


def _all_cells(resolution: int) -> list[int]:
    return [cell for base in h3.get_res0_cells() for cell in h3.cell_to_children(base, resolution)]


def _array(connection: sqlite3.Connection, name: str, data: NDArray[np.generic]) -> None:
    connection.execute("INSERT INTO blob VALUES (?,?,?)", (name, data.dtype.str, data.tobytes()))


def _words(connection: sqlite3.Connection, name: str, words: Sequence[object]) -> None:
    text = json.dumps(words, ensure_ascii=False).encode()
    connection.execute("INSERT INTO blob VALUES (?,?,?)", (name, "json", text))
