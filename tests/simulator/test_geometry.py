"""The audit's own geometry, against known distances and against a second way to reckon."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.geometry import (
    Area,
    Circle,
    area_from,
    border_km,
    distance_km,
    in_polygon,
    moved,
    outside_km,
)

LATS, LONS = st.floats(-85, 85), st.floats(-180, 180)
SQUARE = (((0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)),)


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        ((64.147, -21.94), (65.684, -18.09), 249.0),  # Reykjavik to Akureyri
        ((0.0, 0.0), (0.0, 1.0), 111.195),
        ((0.0, 179.5), (0.0, -179.5), 111.195),
        ((90.0, 0.0), (-90.0, 0.0), 20015.1),
    ],
)
def test_known_distances(one: tuple[float, float], other: tuple[float, float], km: float) -> None:
    assert distance_km(*one, *other) == pytest.approx(km, rel=0.003)


@given(LATS, LONS, st.floats(0, 360), st.floats(0, 500))
def test_moving_goes_as_far_as_asked(lat: float, lon: float, bearing: float, km: float) -> None:
    there = moved(lat, lon, bearing, km)
    assert distance_km(lat, lon, *there) == pytest.approx(km, abs=0.01)
    assert -180 <= there[1] <= 180


@given(st.floats(-0.5, 1.5), st.floats(-0.5, 1.5))
def test_a_square_holds_what_lies_between_its_sides(lat: float, lon: float) -> None:
    if min(abs(lat), abs(lat - 1), abs(lon), abs(lon - 1)) < 1e-9:
        return
    assert in_polygon(SQUARE, lat, lon) == (0 < lat < 1 and 0 < lon < 1)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_depth_in_a_square_is_the_nearest_side(lat: float, lon: float) -> None:
    area = Area(polygons=(SQUARE,))
    across = math.cos(math.radians(lat))
    nearest = min(lat, 1 - lat, lon * across, (1 - lon) * across) * 111.195
    assert outside_km(area, lat, lon) == pytest.approx(-nearest, rel=0.01, abs=0.01)


def test_holes_and_the_antimeridian() -> None:
    hole = ((0.4, 0.4), (0.4, 0.6), (0.6, 0.6), (0.6, 0.4))
    assert not in_polygon((*SQUARE, hole), 0.5, 0.5)
    assert in_polygon((*SQUARE, hole), 0.2, 0.5)
    fiji = (((-20.0, 177.0), (-20.0, -178.0), (-15.0, -178.0), (-15.0, 177.0)),)
    assert in_polygon(fiji, -17.0, 179.0)
    assert in_polygon(fiji, -17.0, -179.0)
    assert not in_polygon(fiji, -17.0, 0.0)
    assert not in_polygon(fiji, -17.0, 170.0)
    assert border_km(fiji, -17.0, -179.0) == pytest.approx(106.3, rel=0.02)


def test_areas_join_and_survive_json() -> None:
    area = Area((Circle(64.0, -21.0, 10.0), Circle(65.0, -18.0, 10.0)), (SQUARE,), ("IS",))
    assert outside_km(area, 65.0, -18.0) == pytest.approx(-10.0)
    assert outside_km(area, 64.0, -21.0) == pytest.approx(-10.0)
    assert outside_km(area, 0.5, 0.5) < -50
    assert area_from(area.to_json()) == area
    assert outside_km(Area(countries=("IS",)), 64.0, -21.0) == math.inf
