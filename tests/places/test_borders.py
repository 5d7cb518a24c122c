import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from places.borders import Borders, assemble, pieces
from places.gazetteer import Gazetteer

SQUARE, NEXT = shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)


def two_and_a_claim() -> Borders:
    claim = shapely.box(8, 0, 12, 10)
    return assemble(
        [SQUARE, NEXT, claim],
        np.array([0, 1, 2], dtype=np.uint16),
        np.array([False, False, True]),
        [("AA",), ("BB",), ("BB", "AA")],
    )


def test_land_belongs_to_who_holds_it_and_then_to_who_claims_it() -> None:
    lands = two_and_a_claim()
    assert lands.within(5, 5) == ("AA",)
    assert lands.within(5, 9) == ("AA", "BB")
    assert lands.within(5, 11) == ("BB", "AA")
    assert lands.within(50, 50) == ()


def test_a_little_beyond_a_border_both_sides_are_possible() -> None:
    lands = two_and_a_claim()
    assert lands.within(10.01, 5) == ()
    assert lands.around(10.01, 5) == ("AA",)
    assert lands.around(10.1, 5) == ()


DEGREES = st.integers(-9_000, 9_000).map(lambda thousandths: thousandths / 1_000)


@given(st.lists(st.tuples(DEGREES, DEGREES), min_size=70, max_size=90, unique=True))
@settings(deadline=None, max_examples=10)
def test_cutting_loses_no_land(corners: list[tuple[float, float]]) -> None:
    middle = np.array(corners).mean(axis=0)
    around = sorted(corners, key=lambda corner: np.arctan2(corner[1] - middle[1], corner[0] - middle[0]))
    area = shapely.make_valid(shapely.Polygon(around))
    parts = pieces(area)
    assert shapely.union_all(parts).symmetric_difference(area).area < 1e-6
    assert all(
        shapely.get_num_coordinates(part) <= 64 or part.bounds[2] - part.bounds[0] <= 0.25 for part in parts
    )


@pytest.mark.parametrize(
    ("lat", "lon", "both"),
    [
        (44.95, 34.10, {"UA", "RU"}),
        (34.08, 74.80, {"IN", "PK"}),
        (27.15, -13.20, {"EH", "MA"}),
        (42.66, 21.17, {"XK", "RS"}),
        (14.39, 104.68, {"TH", "KH"}),
        (16.83, 112.34, {"VN", "CN"}),
        (31.78, 35.23, {"IL", "PS"}),
        (24.44, 118.32, {"TW", "CN"}),
    ],
)
def test_disputed_land_belongs_to_both_for_warning(
    world: Gazetteer, lat: float, lon: float, both: set[str]
) -> None:
    assert both <= set(world.at(lat, lon).countries)
