"""Beside a circle a cell counts only where its outline reaches in, and whoever stands in the circle is in one
that does."""

import math
from typing import Any

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from places.cells import CELL_CIRCUMRADIUS_KM, CELL_RADIUS_KM, cell_of, centre
from places.hexagons import LONGEST_KM, MOST_POLAR, SURE_KM, can_tell, reaching
from places.matcher import matcher
from places.shapes import Circle

Floats = NDArray[np.float64]
PENTAGONS = [h3.cell_to_latlng(cell) for cell in sorted(h3.get_pentagons(7))]
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
A, F = 6378.137, 1 / 298.257223563


def vincenty(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    """Kilometres on the WGS84 ellipsoid (Vincenty's inverse formula), for ends less than half way round."""
    b = A * (1 - F)
    u, v = (math.atan((1 - F) * math.tan(math.radians(end))) for end in (lat, to_lat))
    span = turn = math.radians((to_lon - lon + 180.0) % 360.0 - 180.0)
    for _ in range(100):
        sin_s = math.hypot(
            math.cos(v) * math.sin(turn),
            math.cos(u) * math.sin(v) - math.sin(u) * math.cos(v) * math.cos(turn),
        )
        if sin_s == 0:
            return 0.0
        cos_s = math.sin(u) * math.sin(v) + math.cos(u) * math.cos(v) * math.cos(turn)
        s = math.atan2(sin_s, cos_s)
        alpha = math.cos(u) * math.cos(v) * math.sin(turn) / sin_s
        cos2 = 1 - alpha * alpha
        mid = cos_s - 2 * math.sin(u) * math.sin(v) / cos2 if cos2 > 1e-15 else 0.0
        c = F / 16 * cos2 * (4 + F * (4 - 3 * cos2))
        before, turn = (
            turn,
            span + (1 - c) * F * alpha * (s + c * sin_s * (mid + c * cos_s * (-1 + 2 * mid * mid))),
        )
        if abs(turn - before) < 1e-13:
            break
    k = cos2 * (A * A - b * b) / (b * b)
    big = 1 + k / 16384 * (4096 + k * (-768 + k * (320 - 175 * k)))
    small = k / 1024 * (256 + k * (-128 + k * (74 - 47 * k)))
    delta = (
        small
        * sin_s
        * (
            mid
            + small
            / 4
            * (cos_s * (-1 + 2 * mid * mid) - small / 6 * mid * (-3 + 4 * sin_s**2) * (-3 + 4 * mid**2))
        )
    )
    return b * big * (s - delta)


def ring(circle: Circle, shares: Floats, turns: Floats) -> tuple[Floats, Floats]:
    """Positions at some shares of the radius from a circle's centre, on the sphere."""
    angle, phi = shares * circle.radius_km / 6371.0088, math.radians(circle.lat)
    up = math.sin(phi) * np.cos(angle) + math.cos(phi) * np.sin(angle) * np.cos(turns)
    lats = np.arcsin(np.clip(up, -1, 1))
    aside = np.arctan2(
        np.sin(turns) * np.sin(angle) * math.cos(phi), np.cos(angle) - math.sin(phi) * np.sin(lats)
    )
    return np.degrees(lats), (circle.lon + np.degrees(aside) + 180.0) % 360.0 - 180.0


def edge_of(cell: int) -> Floats:
    """Positions all along a cell's outline."""
    corners = np.array(h3.cell_to_boundary(cell))
    ends = np.roll(corners, -1, axis=0)
    ends[:, 1] = corners[:, 1] + (ends[:, 1] - corners[:, 1] + 180.0) % 360.0 - 180.0
    steps = np.linspace(0, 1, 21)[:, None, None]
    return (corners * (1 - steps) + ends * steps).reshape(-1, 2)


CENTRES = (
    st.tuples(st.floats(-90, 90), st.floats(-180, 180))
    | st.tuples(st.sampled_from([-89.99, -85.0, 0.0, 84.999, 90.0]), st.sampled_from([-180.0, 0.0, 179.9999]))
    | st.sampled_from(PENTAGONS).flatmap(
        lambda at: st.tuples(
            st.floats(max(-90, at[0] - 0.3), min(90, at[0] + 0.3)),
            st.floats(at[1] - 0.3, at[1] + 0.3).map(lambda lon: (lon + 180) % 360 - 180),
        )
    )
)


@given(CENTRES, st.floats(0, 40) | st.floats(0, LONGEST_KM + 20), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=120, phases=PHASES)
def test_whoever_stands_in_a_circle_is_in_a_cell_it_reaches(
    judge: Any, at: tuple[float, float], radius_km: float, seed: int
) -> None:
    """By the sphere or by the ellipsoid."""
    circle, rng = Circle(*at, radius_km), np.random.default_rng(seed)
    lats, lons = ring(circle, rng.uniform(0.992, 1.008, 60), rng.uniform(0, math.tau, 60))
    inside = judge.distance(*at, lats, lons) <= radius_km
    pairs = list(zip(lats.tolist(), lons.tolist(), strict=True))
    inside |= np.array([vincenty(*at, *pair) <= radius_km for pair in pairs])
    centres = np.array([centre(cell_of(*pair)) for pair in pairs])
    assert not (inside & ~matcher([circle]).cells(centres[:, 0], centres[:, 1])).any()


@given(CENTRES, st.floats(0, LONGEST_KM), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60, phases=PHASES)
def test_no_cell_is_kept_that_a_circle_does_not_come_near(
    judge: Any, at: tuple[float, float], radius_km: float, seed: int
) -> None:
    """Wherever in the cell one looks, the circle is farther off than the slack and the ellipsoid explain."""
    circle, rng = Circle(*at, radius_km), np.random.default_rng(seed)
    if not can_tell(circle):
        return
    far = 1.0 + rng.uniform(0.0, CELL_RADIUS_KM, 20) / max(radius_km, 0.01)
    pairs = zip(*(axis.tolist() for axis in ring(circle, far, rng.uniform(0, math.tau, 20))), strict=True)
    cells = sorted({cell_of(*pair) for pair in pairs})
    centres = np.array([centre(cell) for cell in cells])
    kept = reaching(circle, centres[:, 0], centres[:, 1])
    for cell, one in zip(np.array(cells)[kept].tolist(), centres[kept], strict=True):
        edge = edge_of(cell)
        nearest = judge.distance(*at, edge[:, 0], edge[:, 1]).min()
        middle = judge.distance(*at, one[:1], one[1:]).min()
        assert cell == cell_of(*at) or min(nearest, middle) <= radius_km * 1.0058 + 0.1


def test_a_circle_of_25_km_leaves_out_what_a_margin_would_take() -> None:
    circle = Circle(22.62, 120.31, 25.0)
    rng = np.random.default_rng(3)
    spots = zip(
        *(axis.tolist() for axis in ring(circle, rng.uniform(1, 1.07, 4000), rng.uniform(0, 7, 4000))),
        strict=True,
    )
    centres = np.array([centre(cell) for cell in sorted({cell_of(*spot) for spot in spots})])
    kept = reaching(circle, centres[:, 0], centres[:, 1])
    assert 0 < kept.sum() < len(centres)


@pytest.mark.parametrize("at", PENTAGONS[:4])
def test_every_cell_reaches_farther_than_what_is_taken_for_sure(judge: Any, at: tuple[float, float]) -> None:
    for cell in h3.grid_disk(cell_of(*at), 2):
        edge = edge_of(cell)
        apart = judge.distance(*h3.cell_to_latlng(cell), edge[:, 0], edge[:, 1])
        assert apart.min() > SURE_KM
        assert apart.max() <= CELL_CIRCUMRADIUS_KM


def test_only_circles_are_asked_about_for_which_the_rule_holds() -> None:
    assert can_tell(Circle(0, 0, LONGEST_KM))
    assert not can_tell(Circle(0, 0, LONGEST_KM + 1))
    assert not can_tell(Circle(MOST_POLAR + 0.1, 0, 10))
    assert reaching(Circle(0, 0, 1), np.empty(0), np.empty(0)).size == 0
