"""Populations: the same from the same seed, where they say they are, and in the shares asked for."""

import re
from pathlib import Path

import pytest

from simulator.cities import CITIES, COUNTRIES
from simulator.citizen import Answer, Citizen, Fate, Telling, citizen_from
from simulator.geometry import Area, distance_km, outside_km
from simulator.mixes import two_channels
from simulator.placing import Shares, circle_area
from simulator.population import Population, generate, load_population

AREA = circle_area(64.147, -21.94, 30.0)


def test_a_seed_makes_the_same_people_again() -> None:
    one, same, other = (generate(50, seed, AREA, country="IS") for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_people_stand_where_their_share_says() -> None:
    people = generate(2000, 7, AREA, country="IS")
    away = [outside_km(AREA, one.lat, one.lon) for one in people.citizens]
    assert sum(km < -1 for km in away) / 2000 == pytest.approx(0.5, abs=0.08)
    assert sum(-7 <= km <= 7 for km in away) > 100
    assert sum(10 <= km <= 80 for km in away) > 200
    far = [one for one, km in zip(people.citizens, away, strict=True) if km > 100]
    assert len(far) > 300
    assert all(one.country != "IS" for one in far)


def test_channels_languages_and_behaviour_have_their_shares() -> None:
    people = generate(3000, 11, AREA, country="IS").citizens
    share = {kind: sum(one.channels == kind for one in people) / 3000 for kind, _ in two_channels(0.25, 0.15)}
    assert list(share.values()) == pytest.approx([0.25, 0.15, 0.6], abs=0.04)
    answering = [one for one in people if one.answer is not Answer.NONE]
    assert len(answering) / 3000 == pytest.approx(0.35, abs=0.04)
    assert sum(one.answer is Answer.HELP for one in answering) / len(answering) == pytest.approx(
        0.06, abs=0.03
    )
    assert all(0 < one.answer_s <= 600 for one in people)
    on_telegram = [one for one in people if one.on_telegram]
    assert sum(one.fate is not Fate.ACTIVE for one in on_telegram) / len(on_telegram) == pytest.approx(
        0.15, abs=0.03
    )
    assert sum(one.language != one.client_language for one in people) / 3000 == pytest.approx(0.06, abs=0.02)
    assert all(one.telegram_id is None or one.telegram_id >= 10_000_000_000 for one in people)


def test_who_types_a_city_is_in_it() -> None:
    by_name = {city.name: city for city in CITIES}
    typed = [one for one in generate(800, 3, AREA, country="IS").citizens if one.telling is Telling.CITY]
    assert len(typed) > 100
    assert any(one.place == "Reykjavik" for one in typed)
    assert all(
        distance_km(one.lat, one.lon, by_name[one.place].lat, by_name[one.place].lon) <= 1.01 for one in typed
    )
    told = generate(300, 3, AREA, country="IS", shares=Shares(cities=0, countries=1)).citizens
    assert {one.place for one in told if one.country == "TH"} == {"Thailand"}
    assert all(re.fullmatch(r"[A-Z]{2}", code) for code in COUNTRIES)


def test_polygons_get_people_too_and_nothing_else_will_do() -> None:
    area = Area(polygons=((((19.0, 94.0), (19.0, 98.0), (23.0, 98.0), (23.0, 94.0)),),))
    people = generate(200, 5, area, country="MM")
    assert sum(outside_km(area, one.lat, one.lon) < 0 for one in people.citizens) > 80
    with pytest.raises(ValueError, match="circles or polygons"):
        generate(1, 1, Area(countries=("IS",)), country="IS")
    with pytest.raises(ValueError, match="too small"):
        generate(50, 1, circle_area(0, 0, 0.5), country="GA")


def test_a_file_keeps_everything(tmp_path: Path) -> None:
    people = generate(100, 9, AREA, country="IS", drill=True, first=500)
    people.dump(tmp_path / "people.jsonl")
    assert load_population(tmp_path / "people.jsonl") == people
    assert people.citizens[0].id == "c-000500"
    assert all(one.drill for one in people.citizens)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"channels": "pigeon"},
        {"channels": []},
        {"channels": ["sms"]},
        {"lat": 91.0},
        {"telegram_id": None},
        {"telling": "city"},
        {"unknown": 1},
    ],
)
def test_bad_citizens_are_refused(data: dict[str, object]) -> None:
    good: dict[str, object] = {
        "id": "c-1",
        "channels": "telegram",
        "language": "vi",
        "client_language": "vi",
        "lat": 64.0,
        "lon": -21.0,
        "country": "IS",
        "telegram_id": 10_000_000_001,
    }
    assert isinstance(citizen_from(good), Citizen)
    with pytest.raises(ValueError, match=r".+"):
        citizen_from(good | data if data else {})


def test_two_of_one_id_are_refused() -> None:
    one = generate(1, 1, AREA, country="IS").citizens[0]
    with pytest.raises(ValueError, match="share an id"):
        Population((one, one))
