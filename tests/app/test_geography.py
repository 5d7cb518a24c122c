"""The world as the rest of the house is handed it: found by name, by position, named in a language."""

from datetime import date
from pathlib import Path

import pytest

from app.geography import Geography, ensure_gazetteer, gazetteer_is_current, open_geography
from app.settings import Settings
from places.area import Area
from places.errors import PlaceError
from places.gazetteer import Gazetteer
from places.shapes import Circle
from staff import emergency
from staff.emergency import Confirmed
from storage.database import Database
from tests.places.reading import looks_swapped


@pytest.fixture(scope="module")
def world(gazetteer: Path) -> Geography:
    return open_geography(Settings(gazetteer=gazetteer))


def test_a_place_by_name_with_its_surroundings(world: Geography) -> None:
    [found, *_] = world.find("Reykjavik", "en")
    assert found.name.startswith("Reykjav")
    assert found.name.endswith("Iceland")
    assert (found.kind, found.country, found.time_zone) == ("city", "IS", "Atlantic/Reykjavik")
    assert abs(found.lat - 64.14) < 0.1
    assert abs(found.lon + 21.9) < 0.2
    assert found.radius_km > 0
    assert len(world.find("San", "en")) <= 3
    assert world.find("kanarixyzzyq", "en") == []


def test_no_word_of_a_name_is_said_twice(world: Geography) -> None:
    for text in ("Singapore", "Luxembourg", "Iceland", "Mexico City"):
        parts = [part.strip() for part in world.find(text, "en")[0].name.split(",")]
        assert len(parts) == len(set(parts))


def test_a_country_in_the_readers_words(world: Geography) -> None:
    assert world.find("Băng Cốc", "vi")[0].country == "TH"
    assert world.country_name("TH", "vi") == "Thái Lan"
    assert world.country_name("TH", "th") == "ไทย"
    assert world.country_name("XX", "en") == "XX"  # nobody knows better


def test_what_lies_around(world: Geography) -> None:
    around = world.around(64.146, -21.942, "en")
    assert around is not None
    assert (around.country, around.near, around.time_zone) == ("IS", (), "Atlantic/Reykjavik")
    assert around.city is not None
    assert around.city.startswith("Reykjav")
    border = world.around(20.43, 99.88, "en")  # Mae Sai and Tachileik, a bridge apart
    assert border is not None
    assert {border.country, *border.near} >= {"TH", "MM"}
    assert len(border.near) <= 3
    assert world.around(91.0, 0.0, "en") is None
    assert world.around(float("nan"), 0.0, "en") is None


def test_emergency_numbers_of_a_country(world: Geography) -> None:
    assert "112" in world.emergency_numbers("IS")
    assert list(world.emergency_numbers("XX")) == []


async def test_what_an_officer_confirmed_comes_before_what_sources_say(
    world: Geography, database: Database
) -> None:
    mine = Geography(world.gazetteer)
    async with database.durable() as connection:
        await emergency.confirm(connection, Confirmed("TH", ("1155", "191"), "embassy", date(2026, 11, 22)))
        await emergency.confirm(connection, Confirmed("IS", (), "embassy", date(2026, 11, 22)))
        await mine.learn(connection)
        assert list(mine.emergency_numbers("TH")) == ["1155", "191"]
        assert list(mine.emergency_numbers("IS")) == []  # the mission's phone instead
        await emergency.forget(connection, "IS")
        await mine.learn(connection)
        assert "112" in mine.emergency_numbers("IS")
    assert "1155" not in world.emergency_numbers("TH")


def test_a_language_names_itself(world: Geography) -> None:
    assert world.language_name("vi") == "Tiếng Việt"
    assert world.language_name("pt-BR").startswith("português")
    assert world.language_name("kanari") == "kanari"


def test_for_scripts(world: Geography) -> None:
    [found, *_] = world.candidates("Reykjavik", "en")
    assert set(found) == {"name", "kind", "country", "admin1", "lat", "lon", "score", "match"}
    spot = world.spot(64.146, -21.942)
    assert spot["country"] == "IS"
    assert spot["nearest_city"].startswith("Reykjav")
    assert spot["emergency_numbers"] == list(world.emergency_numbers("IS"))
    assert spot["cell"]
    with pytest.raises(PlaceError):
        world.spot(91.0, 0.0)


def test_countries_an_area_touches(world: Geography) -> None:
    assert Area(circles=(Circle(64.14, -21.9, 30.0),)).touches_countries(world.touch) == {"IS"}


def test_a_gazetteer_that_is_there_is_not_made_again(
    gazetteer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    monkeypatch.setattr("app.geography.compile_gazetteer", lambda path, worldview: made.append(path))
    settings = Settings(gazetteer=gazetteer)
    assert gazetteer_is_current(settings)
    ensure_gazetteer(settings)
    assert made == []
    missing = Settings(data_dir=tmp_path / "new")
    assert not gazetteer_is_current(missing)
    ensure_gazetteer(missing)
    assert made == [tmp_path / "new" / "gazetteer.sqlite"]
    assert isinstance(open_geography(settings).gazetteer, Gazetteer)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Trujillo, Peru", {"PE"}),
        ("Bali", {"ID"}),
        ("Reykjavík; Höfuðborgarsvæðið", {"IS"}),
        ("Sài Gòn", {"VN"}),
    ],
)
def test_where_a_name_is_known(world: Geography, name: str, known: set[str]) -> None:
    assert known <= world.known(name)


@pytest.mark.parametrize("name", ["", " , ;", "an area at sea", "kanarixyzzyq", "the usual ships"])
def test_words_that_name_no_place_say_nothing(world: Geography, name: str) -> None:
    assert world.known(name) == frozenset()


def test_a_turned_area_is_noticed_by_its_name(world: Geography) -> None:
    for name, lat, lon in (
        ("Trujillo, Peru", -8.11, -79.03), ("Lima", -12.05, -77.04), ("Reykjavik", 64.14, -21.94),
        ("Istanbul", 41.01, 28.98), ("Nairobi", -1.29, 36.82), ("Mumbai", 19.08, 72.88),
    ):  # fmt: skip
        right, turned = (Area(circles=(Circle(*at, 25.0),)) for at in ((lat, lon), (lon, lat)))
        assert looks_swapped(turned, world.known(name), world.touch), name
        assert not looks_swapped(right, world.known(name), world.touch), name


def test_no_city_is_ever_refused_where_it_lies(world: Geography) -> None:
    """Whatever a place is called elsewhere: named as it is called and drawn where it is, it passes."""
    atlas = world.gazetteer.atlas
    for row in range(0, atlas.lat.size, 2_500):
        if atlas.place[row] > 0:
            name = world.gazetteer.name(int(atlas.place[row]))
            drawn = Area(circles=(Circle(float(atlas.lat[row]), float(atlas.lon[row]), 5.0),))
            assert not looks_swapped(drawn, world.known(name), world.touch), name
