"""Atlas: the gazetteer's arrays. Every place of 500 people as a point, and every piece of the earth's
countries.

Reads one SQLite file when it is opened, then pure numpy; 20 MB of memory.
"""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from places.errors import GazetteerError

FIELD_RESOLUTION = 4
FIELD_RADIUS_KM = 30.0
"""No point of a resolution-4 cell lies farther from its centre (28.7 km: 7**1.5 times that of resolution
7)."""


@dataclass(frozen=True, slots=True)
class Atlas:
    """Points sorted by latitude (`country`, `admin`, `zone` are indexes into the word lists; `place` is the
    gazetteer's id or 0), and the resolution-4 cells of the earth sorted by cell (`field_set`: index into
    `sets`)."""

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


def read_atlas(connection: sqlite3.Connection) -> Atlas:
    """The arrays of a gazetteer file. Raises GazetteerError when one is missing or damaged."""
    try:
        rows = {
            name: (kind, data) for name, kind, data in connection.execute("SELECT name, kind, data FROM blob")
        }
        values: dict[str, Any] = {
            name: tuple(json.loads(data)) if kind == "json" else np.frombuffer(data, dtype=kind)
            for name, (kind, data) in rows.items()
        }
        values["sets"] = tuple(frozenset(countries) for countries in values["sets"])
        return Atlas(**values)
    except (sqlite3.DatabaseError, KeyError, TypeError, ValueError) as fault:
        raise GazetteerError("damaged", "gazetteer file is damaged; compile it again") from fault
