"""Atlas: the gazetteer's arrays. Every place of 500 people as a point, every country's borders, and every
piece of the earth's countries.

Reads one SQLite file when it is opened, then pure numpy; 25 MB of memory.
"""

import json
import sqlite3
import zlib
from dataclasses import dataclass
from typing import Any
from zlib import decompress

import numpy as np
import shapely
from numpy.typing import NDArray

from places.borders import Borders, assemble
from places.errors import GazetteerError
from places.fuzzy import NameIndex

FIELD_RESOLUTION = 4
FIELD_RADIUS_KM = 30.0
"""No point of a resolution-4 cell lies farther from its centre (28.7 km: 7**1.5 times that of resolution
7)."""


@dataclass(frozen=True, slots=True)
class Atlas:
    """Points sorted by their square degree, `square` says where each begins (`country`, `admin`, `zone` are
    indexes into the word lists; `place` is the gazetteer's id, or 0 below 5,000 people), and the resolution-4
    cells of the earth sorted by cell (`field_set`: index into `sets`)."""

    square: NDArray[np.uint32]

    lat: NDArray[np.float32]
    lon: NDArray[np.float32]
    country: NDArray[np.uint16]
    admin: NDArray[np.uint16]
    zone: NDArray[np.uint16]
    place: NDArray[np.int32]
    population: NDArray[np.int32]
    field_cell: NDArray[np.int64]
    field_lat: NDArray[np.float32]
    field_lon: NDArray[np.float32]
    field_set: NDArray[np.uint16]
    countries: tuple[str, ...]
    admins: tuple[str, ...]
    zones: tuple[str, ...]
    sets: tuple[frozenset[str], ...]
    borders: Borders


def square_of(lats: NDArray[np.float64], lons: NDArray[np.float64]) -> NDArray[np.int64]:
    """The number of the square degree each position lies in: rows of 360 from the south pole and 180 W on."""
    rows = np.clip(np.floor(lats + 90.0), 0, 179)
    return np.asarray(rows * 360 + np.floor(lons + 180.0) % 360, dtype=np.int64)


def read_atlas(connection: sqlite3.Connection) -> Atlas:
    """The arrays of a gazetteer file. Raises GazetteerError when one is missing or damaged."""
    try:
        rows = {
            name: (kind, data)
            for name, kind, data in connection.execute(
                "SELECT name, kind, data FROM blob WHERE kind NOT IN ('lines', 'table')"
            )
        }
        values: dict[str, Any] = {name: _value(kind, data) for name, (kind, data) in rows.items()}
        values["borders"] = _borders({name: values.pop(name) for name in rows if name.startswith("border_")})
        values["sets"] = tuple(frozenset(countries) for countries in values["sets"])
        return Atlas(**values)
    except (
        sqlite3.DatabaseError,
        KeyError,
        TypeError,
        ValueError,
        zlib.error,
        shapely.errors.ShapelyError,
    ) as fault:
        raise GazetteerError("damaged", "gazetteer file is damaged; compile it again") from fault


def _value(kind: str, data: bytes) -> Any:
    if kind == "bytes":
        return decompress(data)
    return tuple(json.loads(data)) if kind == "json" else np.frombuffer(data, dtype=kind)


def _borders(parts: dict[str, Any]) -> Borders:
    ends = np.cumsum(parts["border_size"]).tolist()
    starts = [0, *ends[:-1]]
    data = parts["border_shape"]
    shapes = list(shapely.from_wkb([data[start:end] for start, end in zip(starts, ends, strict=True)]))
    return assemble(shapes, parts["border_owner"], parts["border_claimed"], parts["border_sets"])


def read_simplified(connection: sqlite3.Connection) -> dict[int, str]:
    """Traditional -> simplified characters, for `str.translate`."""
    row = connection.execute("SELECT data FROM blob WHERE name = 'simplified'").fetchone()
    if row is None:
        raise GazetteerError("damaged", "gazetteer file is damaged; compile it again")
    return str.maketrans(json.loads(row[0]))


def read_index(connection: sqlite3.Connection) -> NameIndex:
    """The lists that misspelt names are looked up in. Raises GazetteerError when one is missing."""
    rows = connection.execute("SELECT name, data FROM blob WHERE kind = 'lines'")
    try:
        return NameIndex(**{name: decompress(data) for name, data in rows})
    except (sqlite3.DatabaseError, TypeError, zlib.error) as fault:
        raise GazetteerError("damaged", "gazetteer file is damaged; compile it again") from fault
