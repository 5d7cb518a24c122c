"""One replaceable file says what belongs to whom and what it is called."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from places.build_atlas import write_borders
from places.build_names import add_own_names
from places.builder import Builder
from places.compile import stamp
from places.errors import GazetteerError
from places.gazetteer import Gazetteer
from places.locate import locate
from places.schema import TABLES, Kind
from places.source_cities import read_lands
from places.worldview import OURS, read_worldview

KASHMIR = (34.08, 74.80)
PRISTINA = (42.66, 21.17)
WORLD: dict[str, Any] = {
    "name": "another reading",
    "source": "this test",
    "borders": [
        {"countries": ["PK"], "polygons": [[[72, 32, 79, 32, 79, 37, 72, 37]]]},
        {"countries": ["XK"], "polygons": [[[20, 41.8, 21.9, 41.8, 21.9, 43.3, 20, 43.3]]]},
    ],
    "disputed": [
        {"name": "north", "countries": ["PK", "AF"], "polygons": [[[72, 35, 79, 35, 79, 37, 72, 37]]]}
    ],
    "part_of": {"XK": "RS"},
    "names": {"PK": {"vi": "Pa-ki-xtan Thử"}},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "worldview.json"
    path.write_text(json.dumps(WORLD), "utf-8")
    return path


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as opened:
        opened.executescript(TABLES)
        yield opened


def test_another_file_moves_the_borders(world: Gazetteer, connection: sqlite3.Connection, file: Path) -> None:
    assert {"IN", "PK", "CN"} <= set(world.at(*KASHMIR).countries)  # ours: claimed by three
    assert world.at(*PRISTINA).country == "XK"
    atlas = replace(world.atlas, borders=write_borders(connection, read_worldview(file)))
    assert locate(atlas, *KASHMIR).country == "PK"
    assert "CN" not in locate(atlas, *KASHMIR).countries
    assert locate(atlas, 36.0, 74.80).countries[:2] == ("PK", "AF")
    assert locate(atlas, *PRISTINA).country == "RS"


def test_another_file_takes_countries_out_of_the_list(file: Path) -> None:
    view = read_worldview(file)
    assert (view.country("XK"), view.country("PK")) == ("RS", "PK")
    assert all("XK" not in land.countries for land in (*view.borders, *view.disputed))


def test_another_file_names_countries_anew(connection: sqlite3.Connection, file: Path) -> None:
    builder = Builder(connection, {})
    place = builder.place(Kind.COUNTRY, "Pakistan", "PK", position=(33.7, 73.0), population=1, radius_km=1)
    builder.label(place, "vi", "Pakistan")
    add_own_names(builder, {"PK": place}, read_worldview(file).names)
    builder.write()
    assert connection.execute("SELECT text FROM label WHERE language = 'vi'").fetchone() == (
        "Pa-ki-xtan Thử",
    )
    assert builder.known_as("pakixtan thu") == [place]
    with pytest.raises(GazetteerError, match="unknown country"):
        add_own_names(builder, {}, read_worldview(file).names)


def test_another_file_makes_the_compiled_one_old(file: Path, tmp_path: Path) -> None:
    assert stamp(file) != stamp()
    with pytest.raises(GazetteerError, match="cannot be read"):
        stamp(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("borders", [{"countries": ["pk"], "polygons": []}]),
        ("borders", [{"countries": [], "polygons": []}]),
        ("borders", [{"countries": ["PK"], "polygons": [[[1, 2, 3]]]}]),
        ("borders", [{"countries": ["PK"], "polygons": [[[1, 2]]]}]),
        ("borders", None),
        ("part_of", []),
        ("names", "none"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(file: Path, key: str, value: Any) -> None:
    file.write_text(json.dumps({**WORLD, key: value}), "utf-8")
    with pytest.raises(GazetteerError):
        read_worldview(file)


def test_ours_knows_every_country(world: Gazetteer) -> None:
    view = read_worldview(OURS)
    drawn = {code for land in view.borders for code in land.countries}
    assert {land.iso for land in read_lands()} <= drawn
    assert drawn <= set(world.countries())
    assert len(view.disputed) > 30
    assert all(len(land.countries) > 1 for land in view.disputed)
