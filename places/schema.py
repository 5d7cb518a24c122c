"""The gazetteer file: its tables, and the stamp that says which rules it was compiled by.

Pure. One SQLite file, written once by `places.compile`, read by `places.gazetteer` and `places.atlas`.
"""

from enum import StrEnum

SCHEMA_VERSION = 3
"""Raise it when tables or keys change: readers refuse a file of another one."""
RULES_VERSION = 3
"""Raise it when other compile rules change: old files stay readable, but are compiled anew."""

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE place (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, country TEXT NOT NULL,
    admin1 TEXT NOT NULL, lat REAL NOT NULL, lon REAL NOT NULL, population INTEGER NOT NULL,
    radius_km INTEGER NOT NULL, timezone TEXT NOT NULL
);
-- exact: the exact keys that fold to `folded`, one a line, "" when the folded key is the only one.
-- grade: 0 a name of its own (main name, translation, alias), 1 one of GeoNames' alternates.
CREATE TABLE name (
    folded TEXT NOT NULL, place INTEGER NOT NULL, exact TEXT NOT NULL, grade INTEGER NOT NULL,
    PRIMARY KEY (folded, place)
) WITHOUT ROWID;
CREATE TABLE label (
    place INTEGER NOT NULL, language TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (place, language)
) WITHOUT ROWID;
CREATE TABLE blob (name TEXT PRIMARY KEY, kind TEXT NOT NULL, data BLOB NOT NULL) WITHOUT ROWID;
"""


class Kind(StrEnum):
    """What a place is."""

    CITY = "city"
    ADMIN1 = "admin1"
    COUNTRY = "country"
