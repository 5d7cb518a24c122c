"""The arrays of the gazetteer file: every place of 500 people as a point, the borders in pieces, and which
countries each piece of the earth may belong to. Used when the gazetteer is compiled, only then; touches the
SQLite connection it is given.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from zlib import compress

import h3.api.basic_int as h3
import numpy as np
import shapely
from numpy.typing import NDArray

from places.atlas import FIELD_RADIUS_KM, FIELD_RESOLUTION, square_of
from places.borders import Borders, assemble, pieces
from places.distance import EARTH_RADIUS_KM, KM_PER_DEGREE, Floats, unit_vectors
from places.locate import ANTARCTICA, BORDER_KM
from places.source_cities import City
from places.worldview import Worldview

SLACK = (2.0 * FIELD_RADIUS_KM + BORDER_KM) / EARTH_RADIUS_KM
"""The same for every position of a cell, asked from its centre; radians."""
AT_ONCE = 20_000


def write_points(
    connection: sqlite3.Connection, cities: Sequence[City], codes: Sequence[str], ids: Sequence[int]
) -> None:
    """Points sorted by the square degree they lie in."""
    squares = square_of(np.array([city.lat for city in cities]), np.array([city.lon for city in cities]))
    order = np.argsort(squares, kind="stable").tolist()
    rows = [cities[row] for row in order]
    _array(connection, "square", np.searchsorted(squares[order], np.arange(180 * 360 + 1)).astype(np.uint32))
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


def write_borders(connection: sqlite3.Connection, view: Worldview) -> Borders:
    """The worldview's lands in pieces; returns them ready to be asked."""
    shapes, owner, claimed = [], [], []
    sets: dict[tuple[str, ...], int] = {}
    for lands, is_claim in ((view.borders, False), (view.disputed, True)):
        for land in lands:
            parts = pieces(land.area)
            shapes.extend(parts)
            owner.extend([sets.setdefault(land.countries, len(sets))] * len(parts))
            claimed.extend([is_claim] * len(parts))
    data = [shapely.to_wkb(shape) for shape in shapes]
    numbers, claims = np.array(owner, dtype=np.uint16), np.array(claimed, dtype=np.bool_)
    connection.execute("INSERT INTO blob VALUES (?,?,?)", ("border_shape", "bytes", compress(b"".join(data))))
    _array(connection, "border_size", np.array([len(piece) for piece in data], dtype=np.uint32))
    _array(connection, "border_owner", numbers)
    _array(connection, "border_claimed", claims)
    _words(connection, "border_sets", [list(countries) for countries in sets])
    return assemble(shapes, numbers, claims, sets)


def write_field(connection: sqlite3.Connection, cities: Sequence[City], borders: Borders) -> None:
    """For every resolution-4 cell of the earth, all countries any of its positions may lie in."""
    field = _Field(cities)
    for base in sorted(h3.get_res0_cells()):
        cells = np.array(h3.cell_to_children(base, FIELD_RESOLUTION), dtype=np.int64)
        field.descend(base, 0, cells, _vectors(cells.tolist()), np.arange(len(cities)))
    cells = np.concatenate(field.cells)
    order = np.argsort(cells)
    positions = np.array([h3.cell_to_latlng(cell) for cell in cells[order].tolist()])
    members = [{str(field.names[number]) for number in field.members[row]} for row in order.tolist()]
    for row in np.flatnonzero(positions[:, 0] < ANTARCTICA[1] + 1.0).tolist():
        members[row].add(ANTARCTICA[0])
    _add_borders(members, positions, borders)
    sets: dict[tuple[str, ...], int] = {}
    numbers = [sets.setdefault(tuple(sorted(listed)), len(sets)) for listed in members]
    _words(connection, "sets", [list(countries) for countries in sets])
    _array(connection, "field_cell", cells[order])
    _array(connection, "field_lat", positions[:, 0].astype(np.float32))
    _array(connection, "field_lon", positions[:, 1].astype(np.float32))
    _array(connection, "field_set", np.array(numbers, dtype=np.uint16))


def _add_borders(members: list[set[str]], positions: Floats, borders: Borders) -> None:
    """Countries whose borders come within a cell's radius of its centre."""
    up = 1.1 * FIELD_RADIUS_KM / KM_PER_DEGREE
    across = up / np.maximum(0.02, np.cos(np.radians(positions[:, 0])))
    for first in range(0, len(members), AT_ONCE):
        rows = slice(first, first + AT_ONCE)
        lats, lons, wide = positions[rows, 0], positions[rows, 1], across[rows]
        for turn in (-360.0, 0.0, 360.0):
            west, east = lons - wide + turn, lons + wide + turn
            here = np.flatnonzero((west <= 180.0) & (east >= -180.0))
            boxes = shapely.box(west[here], lats[here] - up, east[here], lats[here] + up)
            for row, hit in zip(*borders.tree.query(boxes, predicate="intersects").tolist(), strict=True):
                members[first + int(here[row])].update(borders.sets[int(borders.owner[hit])])


class _Field:
    """Descends from the 122 largest cells to the smallest, with ever fewer cities that can matter."""

    def __init__(self, cities: Sequence[City]) -> None:
        self.places = np.asfortranarray(
            unit_vectors([city.lat for city in cities], [city.lon for city in cities])
        )
        self.names, self.country = np.unique(np.array([city.country for city in cities]), return_inverse=True)
        self.cells: list[NDArray[np.int64]] = []
        self.members: list[NDArray[np.int64]] = []

    def descend(
        self, cell: int, resolution: int, cells: NDArray[np.int64], vectors: Floats, rows: NDArray[np.int64]
    ) -> None:
        """`cells`: the smallest cells within `cell`, in order; `rows`: the cities that can matter to it."""
        if resolution == FIELD_RESOLUTION - 1:
            self.cells.append(cells)
            self.members.extend(_countries(vectors, self.places[rows], self.country[rows]))
            return
        mine = rows[_relevant(vectors, self.places[rows])]
        if (self.country[mine] == self.country[mine[0]]).all():
            self.cells.append(cells)
            self.members.extend([self.country[mine[:1]]] * len(cells))
            return
        first = 0
        for child in h3.cell_to_children(cell, resolution + 1):
            last = first + h3.cell_to_children_size(child, FIELD_RESOLUTION)
            self.descend(child, resolution + 1, cells[first:last], vectors[first:last], mine)
            first = last


def write_table(connection: sqlite3.Connection, name: str, table: Mapping[str, str]) -> None:
    """A small table of words."""
    text = json.dumps(table, ensure_ascii=False).encode()
    connection.execute("INSERT INTO blob VALUES (?,?,?)", (name, "table", text))


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


def _array(connection: sqlite3.Connection, name: str, data: NDArray[np.generic]) -> None:
    connection.execute("INSERT INTO blob VALUES (?,?,?)", (name, data.dtype.str, data.tobytes()))


def _words(connection: sqlite3.Connection, name: str, words: Sequence[object]) -> None:
    text = json.dumps(words, ensure_ascii=False).encode()
    connection.execute("INSERT INTO blob VALUES (?,?,?)", (name, "json", text))
