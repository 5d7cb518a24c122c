import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from places.cells import cell_of, centre
from places.countries import countries_of
from places.errors import CoordinateError
from places.gazetteer import Gazetteer
from tests.places.reading import unpacked

SPOTS = [
    (64.147, -21.942, "IS", "IS-1", "Atlantic/Reykjavik"),
    (21.028, 105.854, "VN", "VN-HN", "Asia/Ho_Chi_Minh"),
    (10.776, 106.701, "VN", "VN-SG", "Asia/Ho_Chi_Minh"),
    (13.756, 100.502, "TH", "TH-10", "Asia/Bangkok"),
    (-8.409, 115.189, "ID", "ID-BA", "Asia/Makassar"),
    (21.307, -157.858, "US", "US-HI", "Pacific/Honolulu"),
    (35.682, 139.759, "JP", "JP-13", "Asia/Tokyo"),
    (-8.112, -79.029, "PE", "PE-LAL", "America/Lima"),
    (51.507, -0.128, "GB", "GB-ENG", "Europe/London"),
    (-33.868, 151.209, "AU", "AU-NSW", "Australia/Sydney"),
    (17.967, 102.6, "LA", "LA-VT", "Asia/Vientiane"),
    (43.738, 7.425, "MC", "", "Europe/Monaco"),
    (22.281, 114.158, "HK", "", "Asia/Hong_Kong"),
    (-77.85, 166.67, "AQ", "", ""),
]


@pytest.mark.parametrize(("lat", "lon", "country", "region", "zone"), SPOTS)
def test_a_position_has_country_region_and_zone(
    world: Gazetteer, lat: float, lon: float, country: str, region: str, zone: str
) -> None:
    spot = world.at(lat, lon)
    assert spot.country == spot.countries[0] == country
    assert not region or region in spot.admin1
    assert not zone or spot.timezone == zone
    assert spot.cell == cell_of(lat, lon)


def test_a_position_at_a_border_may_lie_on_either_side(world: Gazetteer) -> None:
    by_the_mekong = world.at(17.96, 102.61)
    assert by_the_mekong.country == "LA"
    assert set(by_the_mekong.countries) == {"TH", "LA"}


def test_the_nearest_city_is_named(world: Gazetteer) -> None:
    spot = world.at(64.13, -21.89)
    assert world.name(spot.place, "en") in {"Reykjavík", "Reykjavik"}
    assert spot.distance_km < 5


@pytest.mark.parametrize(
    ("lat", "lon"), [(0, -140), (-48.9, -123.4), (90, 0), (-90, 0), (0, 180), (0, -180), (85, 120)]
)
def test_every_position_on_earth_has_an_answer(world: Gazetteer, lat: float, lon: float) -> None:
    spot = world.at(lat, lon)
    assert spot.countries
    assert spot.timezone
    assert world.name(spot.place)


def test_no_position_is_refused(world: Gazetteer) -> None:
    with pytest.raises(CoordinateError):
        world.at(91, 0)
    with pytest.raises(CoordinateError):
        world.at(0, float("nan"))


def test_every_city_lies_in_its_own_country_and_region(world: Gazetteer) -> None:
    atlas = world.atlas
    for row in np.random.default_rng(3).choice(atlas.lat.size, 150, replace=False).tolist():
        spot = world.at(float(atlas.lat[row]), float(atlas.lon[row]))
        assert atlas.countries[int(atlas.country[row])] in spot.countries
        code = atlas.admins[int(atlas.admin[row])]
        assert not code or code in spot.admin1


def test_positions_are_found_within_a_millisecond_on_land(world: Gazetteer) -> None:
    spent = []
    for lat, lon, *_ in SPOTS[:-1] * 5:
        start = time.thread_time()
        world.at(lat, lon)
        spent.append(time.thread_time() - start)
    assert sorted(spent)[len(spent) // 2] < 0.001


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=5)
def test_many_cells_at_once_get_the_same_countries(world: Gazetteer, seed: int) -> None:
    rng = np.random.default_rng(seed)
    atlas = world.atlas
    rows = rng.choice(atlas.lat.size, 40)
    lats = np.clip(atlas.lat[rows] + rng.normal(0, 0.2, 40), -90, 90)
    lons = (atlas.lon[rows] + rng.normal(0, 0.2, 40) + 180) % 360 - 180
    cells = np.array([0, *(cell_of(lat, lon) for lat, lon in zip(lats.tolist(), lons.tolist(), strict=True))])
    packed = countries_of(atlas, cells)
    assert packed[0] == 0
    for cell, number in zip(cells[1:].tolist(), packed[1:].tolist(), strict=True):
        expected = world.at(*centre(cell)).countries[:4]
        assert set(unpacked(number)) == set(expected)
