"""Missed = 0: whoever truly stands inside a shape, by any reading of it, is matched by their cell or city
alone."""

import math
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import Phase, assume, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from places import growth
from places.cells import cell_of, centre
from places.matcher import Matcher, matcher
from places.repair import unwrap
from places.shapes import Circle, Polygon

Floats = NDArray[np.float64]
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Shrinking hundreds of positions takes minutes and says no more."""
SEEDS = st.integers(0, 2**32 - 1)


def snapped(lats: Floats, lons: Floats) -> tuple[Floats, Floats]:
    """What Muster knows of true positions."""
    wrapped = (lons + 180.0) % 360.0 - 180.0
    found = [centre(cell_of(lat, lon)) for lat, lon in zip(lats.tolist(), wrapped.tolist(), strict=True)]
    return np.array([lat for lat, _ in found]), np.array([lon for _, lon in found])


def path_of(polygon: Polygon) -> list[tuple[float, float]]:
    return [(lat, lon) for lon, lat in unwrap(polygon.exterior)]


def truly_inside(judge: Any, shape: Circle | Polygon, lats: Floats, lons: Floats) -> Any:
    if isinstance(shape, Circle):
        return judge.distance(shape.lat, shape.lon, lats, lons) <= shape.radius_km
    path = path_of(shape)
    return judge.inside_planar(path, lats, lons) | judge.inside_geodesic(path, lats, lons)


def around(shape: Circle | Polygon, seed: int, count: int) -> tuple[Floats, Floats]:
    """Random true positions in and round a shape, half of them close to its edge."""
    rng = np.random.default_rng(seed)
    if isinstance(shape, Circle):
        edge = rng.uniform(0, 2 * math.pi, count)
        reach = shape.radius_km * np.where(
            rng.random(count) < 0.5, rng.uniform(0.98, 1.02, count), rng.random(count)
        )
        angle = reach / 6371.0088
        phi = math.radians(shape.lat)
        lats = np.arcsin(
            np.clip(math.sin(phi) * np.cos(angle) + math.cos(phi) * np.sin(angle) * np.cos(edge), -1, 1)
        )
        lons = np.radians(shape.lon) + np.arctan2(
            np.sin(edge) * np.sin(angle) * math.cos(phi), np.cos(angle) - math.sin(phi) * np.sin(lats)
        )
        return np.degrees(lats), np.degrees(lons)
    path = np.array(path_of(shape))
    leg = rng.integers(0, len(path) - 1, count)
    share = rng.random((count, 1))
    on_edge = path[leg] * (1 - share) + path[leg + 1] * share
    low, high = path.min(axis=0), path.max(axis=0)
    free = rng.uniform(low - 0.02 * (high - low) - 0.01, high + 0.02 * (high - low) + 0.01, (count, 2))
    jitter = rng.normal(0, 0.005, (count, 2))
    points = np.where(rng.random((count, 1)) < 0.5, on_edge + jitter, free)
    return np.clip(points[:, 0], -90, 90), points[:, 1]


def missed_and_matched(judge: Any, shape: Circle | Polygon, seed: int, count: int = 400) -> tuple[int, int]:
    lats, lons = around(shape, seed, count)
    inside = truly_inside(judge, shape, lats, lons)
    matched = matcher([shape]).cells(*snapped(lats, lons))
    return int((inside & ~matched).sum()), int((inside & matched).sum())


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 6000) | st.floats(0, 30), SEEDS)
@settings(deadline=None, phases=PHASES, max_examples=60)
def test_circles_miss_nobody(judge: Any, lat: float, lon: float, radius_km: float, seed: int) -> None:
    assert missed_and_matched(judge, Circle(lat, lon, radius_km), seed)[0] == 0


@st.composite
def rings(draw: st.DrawFn) -> Polygon:
    """Any ring: small or continental, crossing itself, the antimeridian or a pole's neighbourhood."""
    lat, lon = draw(st.floats(-89, 89) | st.floats(60, 89)), draw(st.floats(-200, 200))
    size = draw(st.sampled_from([0.001, 0.05, 0.4, 1.0, 2.5, 8.0, 40.0, 85.0]))
    offsets = draw(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=1, max_size=9))
    ring = [(max(-90.0, min(90.0, lat + size * dy)), lon + size * dx) for dy, dx in offsets]
    return Polygon(tuple([*ring, ring[0]] if draw(st.booleans()) else ring))


@given(rings(), SEEDS)
# Edges of 120 to 175 km near a pole: on the ground they run 5 km beside where they run in degrees.
@example(
    Polygon(
        (
            (-88.36499785621685, 4.37818392697498),
            (-84.21630955330136, 0.0),
            (-83.38016703585868, 6.15899401876629),
            (-84.6784795735319, -2.444193629055035),
            (-83.38016703585868, 4.210573325756986),
            (-83.38016703585868, 0.0),
        )
    ),
    8388607,
)
@settings(deadline=None, phases=PHASES, max_examples=60)
def test_polygons_miss_nobody_by_any_reading(judge: Any, polygon: Polygon, seed: int) -> None:
    assert missed_and_matched(judge, polygon, seed, 200)[0] == 0


def coast(rng: np.random.Generator, lat: float, lon: float) -> Polygon:
    """Thousands of corners, as ragged as a coast or more, round some hundred kilometres."""
    turn = np.linspace(0.0, math.tau, 2_400, endpoint=False)
    rough, size = rng.choice([0.001, 0.003, 0.006]), rng.uniform(1.5, 5.0)
    reach = 1.0 + 0.2 * np.sin(rng.integers(2, 9) * turn) + rng.uniform(-rough, rough, turn.size)
    lats = lat + size * reach * np.sin(turn)
    lons = lon + size / math.cos(math.radians(lat)) * reach * np.cos(turn)
    return Polygon(tuple(zip(lats.tolist(), lons.tolist(), strict=True)))


@given(st.floats(-75, 75), st.floats(-180, 180), SEEDS)
@settings(deadline=None, phases=PHASES, max_examples=12)
def test_coasts_miss_nobody_though_they_are_drawn_plainer(
    judge: Any, lat: float, lon: float, seed: int
) -> None:
    drawn = coast(np.random.default_rng(seed), lat, lon)
    lats, lons = around(drawn, seed, 600)
    inside = judge.inside_planar(path_of(drawn), lats, lons)
    assert not (inside & ~matcher([drawn]).cells(*snapped(lats, lons))).any()


def test_a_coast_is_grown_with_fewer_corners(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = coast(np.random.default_rng(1), 10.0, 10.0)

    def corners() -> int:
        return sum(int(shapely.get_num_coordinates(part)) for part in matcher([drawn]).grown)

    plainer = corners()
    monkeypatch.setattr(growth, "MANY_CORNERS", 10**9)
    assert plainer < 0.7 * corners()


@given(rings() | st.builds(Circle, st.floats(-89, 89), st.floats(-180, 180), st.floats(0, 3000)), SEEDS)
@settings(deadline=None, phases=PHASES, max_examples=60)
def test_city_people_are_matched_wherever_in_their_city_they_are(
    judge: Any, shape: Circle | Polygon, seed: int
) -> None:
    lats, lons = around(shape, seed, 60)
    inside = truly_inside(judge, shape, lats, lons)
    rng = np.random.default_rng(seed)
    radii = rng.choice([5.0, 12.0, 60.0, 700.0], 60)
    # Their city's centre lies up to its radius away, in any direction.
    cities = [
        around(
            Circle(max(-90.0, min(90.0, lat)), (lon + 180) % 360 - 180, radius), int(rng.integers(2**32)), 1
        )
        for lat, lon, radius in zip(lats.tolist(), lons.tolist(), (radii / 1.02).tolist(), strict=True)
    ]
    city_lats = np.array([float(lat[0]) for lat, _ in cities])
    city_lons = np.array([float(lon[0]) for _, lon in cities])
    matched = matcher([shape]).discs(*snapped(city_lats, city_lons), radii)
    assert not (inside & ~matched).any()


ANY = 1e9
STAR = Polygon(
    tuple((48 + 0.6 * math.sin(2.513274 * k), 16 + 0.9 * math.cos(2.513274 * k)) for k in range(6))
)
EDGE_CASES: dict[str, tuple[Circle | Polygon, float]] = {
    "25 km round Tokyo": (Circle(35.68, 139.76, 25), 0.25),
    "smaller than a cell": (Circle(21.03, 105.85, 1), 9.0),
    "50 km over the antimeridian": (Circle(-16.85, -179.97, 50), 0.15),
    "300 km over Chukotka": (Circle(66.5, 179.5, 300), 0.05),
    "100 km over the North Pole": (Circle(89.9, 20, 100), 0.1),
    "500 km over the South Pole": (Circle(-90, 0, 500), 0.05),
    "5,000 km": (Circle(10, 100, 5000), 0.03),
    "triangle of 200 m": (Polygon(((21.0, 105.8), (21.002, 105.8), (21.001, 105.802))), ANY),
    "sliver 3 m by 40 km": (Polygon(((10.0, 106.0), (10.4, 106.0), (10.4, 106.00003))), ANY),
    "bow-tie": (Polygon(((10.0, 20.0), (10.5, 21.0), (10.5, 20.0), (10.0, 21.0))), 0.35),
    "pentagram": (STAR, 0.35),
    "box 178..183": (Polygon(((-19.0, 178.0), (-19.0, 183.0), (-15.0, 183.0), (-15.0, 178.0))), 0.05),
    "the same written 178..-177": (
        Polygon(((-19.0, 178.0), (-19.0, -177.0), (-15.0, -177.0), (-15.0, 178.0))),
        0.05,
    ),
    "hull over Bering": (Polygon(((52.0, 170.0), (52.0, 190.0), (66.0, 190.0), (66.0, 170.0))), 0.15),
    "Arctic box": (Polygon(((80.0, -180.0), (80.0, 180.0), (90.0, 180.0), (90.0, -180.0))), 0.02),
    "Antarctica to -90": (
        Polygon(((-70.0, -180.0), (-75.0, 0.0), (-70.0, 180.0), (-90.0, 180.0), (-90.0, -180.0))),
        0.1,
    ),
    "ring round the pole without the pole": (
        Polygon(((75.0, -120.0), (75.0, 0.0), (75.0, 120.0), (75.0, -120.0))),
        0.6,
    ),
    "Africa and Europe": (Polygon(((-35.0, -20.0), (-35.0, 50.0), (70.0, 50.0), (70.0, -20.0))), 0.08),
    "East Asia": (Polygon(((-10.0, 95.0), (-10.0, 150.0), (45.0, 150.0), (45.0, 95.0))), 0.1),
    "one point": (Polygon(((21.0, 105.8),)), ANY),
    "a line": (Polygon(((21.0, 105.8), (21.5, 106.0))), ANY),
}


@pytest.mark.parametrize("name", EDGE_CASES)
def test_edge_cases_miss_nobody_and_do_not_balloon(judge: Any, name: str) -> None:
    shape, most_over = EDGE_CASES[name]
    rng = np.random.default_rng(7)
    lats, lons = around(shape, 7, 3000)
    inside = truly_inside(judge, shape, lats, lons)
    ready = matcher([shape])
    matched = ready.cells(*snapped(lats, lons))
    assert not (inside & ~matched).any()
    # Over-inclusion by area: uniform positions of a box well beyond the shape.
    low, high = (max(-90, lats.min() - 3), lons.min() - 3), (min(90, lats.max() + 3), lons.max() + 3)
    z = rng.uniform(math.sin(math.radians(low[0])), math.sin(math.radians(high[0])), 4000)
    wide_lats, wide_lons = np.degrees(np.arcsin(z)), rng.uniform(low[1], min(high[1], low[1] + 360), 4000)
    truth = truly_inside(judge, shape, wide_lats, wide_lons)
    over = int((ready.cells(*snapped(wide_lats, wide_lons)) & ~truth).sum())
    assert over <= most_over * truth.sum() + 12


def at(ready: Matcher, lat: float, lon: float) -> bool:
    return bool(ready.cells(np.array([lat]), np.array([lon]))[0])


def test_the_centre_of_a_pentagram_and_both_halves_of_a_bow_tie_are_inside() -> None:
    assert at(matcher([STAR]), 48.0, 16.0)
    tie = matcher([EDGE_CASES["bow-tie"][0]])
    assert at(tie, 10.1, 20.5)
    assert at(tie, 10.4, 20.5)


def test_a_wide_edge_goes_the_short_way() -> None:
    box = matcher([EDGE_CASES["the same written 178..-177"][0]])
    assert at(box, -17.0, 179.0)
    assert at(box, -17.0, -178.0)
    assert not at(box, -17.0, 0.0)


def test_a_hole_is_left_out_only_beyond_the_margin() -> None:
    donut = Polygon(
        ((10.0, 10.0), (10.0, 12.0), (12.0, 12.0), (12.0, 10.0)),
        (((10.5, 10.5), (10.5, 11.5), (11.5, 11.5), (11.5, 10.5)),),
    )
    ready = matcher([donut])
    assert at(ready, 10.2, 10.2)
    assert at(ready, 10.51, 11.0)
    assert not at(ready, 11.0, 11.0)


def test_long_edges_are_read_both_ways() -> None:
    box = Polygon(((50.0, -100.0), (50.0, -40.0), (45.0, -40.0), (45.0, -100.0)))
    ready = matcher([box])
    assert at(ready, 52.5, -70.0)  # the great circle between the northern corners bulges north
    assert at(ready, 45.2, -70.0)  # the straight line on the map lies south of its great circle


@given(
    st.floats(-80, 80), st.floats(-180, 180), st.floats(5, 800), st.floats(0, 1), st.floats(0.1, 0.9), SEEDS
)
@settings(deadline=None, phases=PHASES, max_examples=40)
def test_an_exclusion_never_takes_somebody_outside_it(
    judge: Any, lat: float, lon: float, radius_km: float, shift: float, share: float, seed: int
) -> None:
    area, inner = Circle(lat, lon, radius_km), Circle(lat, lon, radius_km * share)
    lats, lons = around(area, seed, 200)
    owed = truly_inside(judge, area, lats, lons) & ~truly_inside(judge, inner, lats, lons)
    assert not (owed & ~matcher([area], [inner]).cells(*snapped(lats, lons))).any()


@given(rings(), SEEDS)
@settings(deadline=None, phases=PHASES, max_examples=40)
def test_an_excluded_outline_never_takes_somebody_outside_it(judge: Any, hole: Polygon, seed: int) -> None:
    lats, lons = around(hole, seed, 200)
    everywhere = Circle(0.0, 0.0, 20_015.0)
    path = path_of(hole)
    owed = ~(judge.inside_planar(path, lats, lons) & judge.inside_geodesic(path, lats, lons))
    assert not (owed & ~matcher([everywhere], [hole]).cells(*snapped(lats, lons))).any()


def test_exclusions_do_take_people_out() -> None:
    ready = matcher(
        [Circle(10.0, 10.0, 200)],
        [Circle(10.0, 10.0, 50), Polygon(((10.6, 10.6), (10.6, 11.2), (11.2, 11.2), (11.2, 10.6)))],
    )
    assert not at(ready, 10.0, 10.0)
    assert not at(ready, 10.9, 10.9)
    assert at(ready, 10.0, 10.6)
    assert at(ready, 10.61, 10.9)
    # Somebody of a city that reaches out of the exclusion stays in.
    assert ready.discs(np.array([10.0]), np.array([10.0]), np.array([60.0]))[0]
    assert not ready.discs(np.array([10.0]), np.array([10.0]), np.array([20.0]))[0]


@given(rings() | st.builds(Circle, st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 500)), SEEDS)
@settings(deadline=None, phases=PHASES, max_examples=60)
def test_nothing_outside_the_latitudes_matches(shape: Circle | Polygon, seed: int) -> None:
    ready = matcher([shape])
    lats, lons = around(shape, seed, 200)
    assume(lats.size > 0)
    lats, lons = snapped(lats, lons)
    in_band = np.zeros(lats.size, dtype=np.bool_)
    for low, high in ready.latitudes():
        in_band |= (lats >= low) & (lats <= high)
    assert not (ready.cells(lats, lons) & ~in_band).any()
