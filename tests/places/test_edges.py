"""Every shape that breaks other resolvers: random people known by cell, by city or by a dated pin are asked
of the index, and nobody who truly stands inside is missed, whichever line an edge is."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from places.area import of_shapes
from places.audience import AudienceIndex
from places.cells import cell_of
from places.people import EVER, FOREVER, Rows, pack_countries
from places.repair import unwrap
from places.shapes import Circle, Polygon, Position, Shape

NOW = 1_800_000_000
Floats = NDArray[np.float64]


def ring(*points: Position) -> Polygon:
    return Polygon((*points, points[0]))


def star(lat: float, lon: float, high: float, wide: float) -> Polygon:
    turns = [4 * math.pi * corner / 5 for corner in range(6)]
    return Polygon(tuple((lat + high * math.sin(t), lon + wide * math.cos(t)) for t in turns))


EDGES: dict[str, tuple[Shape, ...]] = {
    "25 km round Tokyo": (Circle(35.68, 139.76, 25),),
    "1 km, smaller than a cell": (Circle(21.03, 105.85, 1),),
    "a point": (Circle(21.03, 105.85, 0),),
    "50 km over the antimeridian": (Circle(-16.85, -179.97, 50),),
    "300 km over Chukotka": (Circle(66.5, 179.5, 300),),
    "100 km over the North Pole": (Circle(89.9, 20, 100),),
    "500 km over the South Pole": (Circle(-90, 0, 500),),
    "2,000 km": (Circle(-30, 25, 2_000),),
    "5,000 km": (Circle(10, 100, 5_000),),
    "nearly the whole earth": (Circle(10, 100, 19_900),),
    "triangle of 200 m": (ring((21.0, 105.8), (21.002, 105.8), (21.001, 105.802)),),
    "sliver 3 m by 40 km": (ring((10.0, 106.0), (10.4, 106.0), (10.4, 106.00003)),),
    "bow-tie": (ring((10.0, 20.0), (10.5, 21.0), (10.5, 20.0), (10.0, 21.0)),),
    "pentagram": (star(48, 16, 0.6, 0.9),),
    "box 178..183, unwrapped": (ring((-19.0, 178.0), (-19.0, 183.0), (-15.0, 183.0), (-15.0, 178.0)),),
    "box 178..-177": (ring((-19.0, 178.0), (-19.0, -177.0), (-15.0, -177.0), (-15.0, 178.0)),),
    "box -182..-177": (ring((-19.0, -182.0), (-19.0, -177.0), (-15.0, -177.0), (-15.0, -182.0)),),
    "hull over Bering": (ring((52.0, 170.0), (52.0, 190.0), (66.0, 190.0), (66.0, 170.0)),),
    "Arctic cap": (ring((80.0, -180.0), (80.0, 180.0), (90.0, 180.0), (90.0, -180.0)),),
    "Antarctica": (ring((-70.0, -180.0), (-75.0, 0.0), (-70.0, 180.0), (-90.0, 180.0), (-90.0, -180.0)),),
    "Africa and Europe": (ring((-35.0, -20.0), (-35.0, 50.0), (70.0, 50.0), (70.0, -20.0)),),
    "East Asia": (ring((-10.0, 95.0), (-12.0, 150.0), (45.0, 152.0), (47.0, 93.0)),),
    "four corners of one hemisphere": (ring((5.0, 60.0), (8.0, 140.0), (60.0, 150.0), (62.0, 70.0)),),
    "donut": (
        Polygon(
            ((10.0, 10.0), (10.0, 12.0), (12.0, 12.0), (12.0, 10.0), (10.0, 10.0)),
            (((10.5, 10.5), (10.5, 11.5), (11.5, 11.5), (11.5, 10.5), (10.5, 10.5)),),
        ),
    ),
    "Fiji": (
        ring((-18.3, 177.2), (-18.2, 178.7), (-17.3, 178.5), (-17.3, 177.4)),
        ring((-17.0, 178.5), (-16.9, 180.1), (-16.1, 180.2), (-16.4, 178.6)),
        ring((-16.9, -180.0), (-17.1, -179.8), (-16.7, -179.8)),
        ring((-19.2, 177.9), (-19.1, 178.5), (-18.9, 178.3)),
    ),
    "Russia": (
        ring((41.2, 48.0), (50.0, 87.0), (42.3, 131.0), (51.0, 157.0), (62.0, 190.0), (72.0, 180.0),
             (77.0, 104.0), (68.0, 45.0), (69.0, 30.0), (54.5, 20.0)),
    ),
    "one corner": (Polygon(((21.0, 105.8),)),),
    "two corners": (Polygon(((21.0, 105.8), (21.5, 106.0))),),
    "the same corner three times": (Polygon(((21.0, 105.8),) * 3),),
    "there and back": (Polygon(((21.0, 105.8), (21.4, 105.9), (21.0, 105.8), (21.4, 105.9))),),
}  # fmt: skip


def on_screen(path: list[Position]) -> list[Position]:
    """Edges as straight lines of a Mercator map, in pieces of a hundredth."""
    fine: list[Position] = [path[0]]
    for (lat, lon), (to_lat, to_lon) in itertools.pairwise(path):
        if max(abs(lat), abs(to_lat)) < 85:
            low, high = (math.log(math.tan(math.pi / 4 + math.radians(end) / 2)) for end in (lat, to_lat))
            for step in range(1, 100):
                y = low + (high - low) * step / 100
                up = math.degrees(2 * math.atan(math.exp(y)) - math.pi / 2)
                fine.append((up, lon + (to_lon - lon) * step / 100))
        fine.append((to_lat, to_lon))
    return fine


def inside_of(judge: Any, shape: Shape, lats: Floats, lons: Floats) -> Any:
    """Who is inside by any reading of the outline, and outside the holes by every reading of them."""
    if isinstance(shape, Circle):
        return judge.distance(shape.lat, shape.lon, lats, lons) <= shape.radius_km
    readings = []
    for outline in (shape.exterior, *shape.holes):
        path = [(lat, lon) for lon, lat in unwrap(outline)]
        planar, ground = judge.inside_planar(path, lats, lons), judge.inside_geodesic(path, lats, lons)
        readings.append((planar, ground, judge.inside_planar(on_screen(path), lats, lons)))
    within = np.any(readings[0], axis=0)
    for hole in readings[1:]:
        within &= ~np.all(hole, axis=0)
    return within


def positions(shapes: tuple[Shape, ...], rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """True positions: in the box round the shapes, beside their edges, and anywhere on earth."""
    points: list[Position] = []
    for shape in shapes:
        if isinstance(shape, Circle):
            high = min(90.0, shape.radius_km / 111.2)
            wide = min(180.0, high / max(0.02, math.cos(math.radians(min(89.0, abs(shape.lat) + high)))))
            points += [(shape.lat - high, shape.lon - wide), (shape.lat + high, shape.lon + wide)]
        else:
            points += [(lat, lon) for lon, lat in unwrap(shape.exterior)]
    path = np.array(points)
    low, high_ = path.min(axis=0), path.max(axis=0)
    free = rng.uniform(low - 0.02, high_ + 0.02, (count, 2))
    leg, share = rng.integers(0, len(path) - 1, count), rng.random((count, 1))
    edge = path[leg] * (1 - share) + path[leg + 1] * share
    edge += rng.normal(0, 0.004 + 0.03 * np.ptp(path, axis=0).max() * rng.random((count, 1)) ** 6, (count, 2))
    drawn = np.where(rng.random((count, 1)) < 0.5, free, edge)
    return np.clip(drawn[:, 0], -90, 90), (drawn[:, 1] + 180.0) % 360.0 - 180.0


def known(lats: Floats, lons: Floats, rng: np.random.Generator) -> tuple[Rows, Any]:
    """What is known of people: the cell, a city whose circle holds them, or a pin for some days; and who is
    there now."""
    size = lats.size
    radius = np.where(rng.random(size) < 0.4, rng.choice([5.0, 12.0, 40.0], size), 0.0)
    away, turn = radius * rng.random(size) * 0.97 / 6371.0088, rng.uniform(0, 2 * math.pi, size)
    phi = np.radians(lats)
    city = np.arcsin(np.clip(np.sin(phi) * np.cos(away) + np.cos(phi) * np.sin(away) * np.cos(turn), -1, 1))
    across = np.arctan2(np.sin(turn) * np.sin(away) * np.cos(phi), np.cos(away) - np.sin(phi) * np.sin(city))
    city_lons = (lons + np.degrees(across) + 180.0) % 360.0 - 180.0
    pairs = zip(np.degrees(city).tolist(), city_lons.tolist(), strict=True)
    cells = np.array([cell_of(*pair) for pair in pairs], dtype=np.int64)
    dated = rng.random(size) < 0.3
    begins = np.where(dated, NOW + rng.integers(-3, 3, size), EVER)
    ends = np.where(dated, NOW + rng.integers(-1, 5, size), FOREVER)
    nations = np.full(size, pack_countries(("TH",)))
    rows = Rows(np.arange(1, size + 1), cells, radius.astype(np.float32), nations, begins, ends)
    return rows, (begins <= NOW) & (ends >= NOW)


def missed(judge: Any, shapes: tuple[Shape, ...], seed: int, count: int) -> tuple[set[int], int]:
    """Who is inside now and not found; and how many are inside now."""
    rng = np.random.default_rng(seed)
    lats, lons = positions(shapes, rng, count)
    rows, here = known(lats, lons, rng)
    inside = np.any([inside_of(judge, shape, lats, lons) for shape in shapes], axis=0) & here
    late = rows.person_id % 4 == 0  # some came after the index was built
    index = AudienceIndex.build(rows.take(~late)).with_delta(rows.take(late), np.empty(0, dtype=np.int64))
    found = index.resolve(of_shapes(shapes), at=NOW, touched=frozenset())
    ids = found.person_ids.tolist()
    assert len(ids) == len(set(ids))
    assert set(ids) <= set(rows.person_id[here].tolist()), "nobody whose stay is over or to come"
    return set(rows.person_id[inside].tolist()) - set(ids), int(inside.sum())


@pytest.mark.parametrize("name", EDGES)
def test_nobody_inside_is_missed(judge: Any, name: str) -> None:
    gone, inside = missed(judge, EDGES[name], 11, 500)
    assert not gone
    assert inside or "corner" in name or name in {"a point", "sliver 3 m by 40 km", "there and back"}


@given(
    st.lists(st.tuples(st.floats(-70, 70), st.floats(-100, 100)), min_size=3, max_size=5),
    st.floats(-180, 180),
    st.integers(0, 2**32 - 1),
)
@settings(deadline=None, max_examples=15, phases=(Phase.explicit, Phase.reuse, Phase.generate))
def test_long_edges_are_read_as_degrees_as_ground_and_as_screen(
    judge: Any, corners: list[Position], shift: float, seed: int
) -> None:
    shape = ring(*((lat, lon + shift) for lat, lon in corners))
    assert not missed(judge, (shape,), seed, 200)[0]


def test_an_edge_across_the_equator_is_also_read_as_the_officer_saw_it() -> None:
    south, north = (-47.8, 10.0), (56.1, 128.1)
    seen = on_screen([south, north])[1:-1]
    lats, lons = np.array([lat for lat, _ in seen]), np.array([lon for _, lon in seen])
    for far in (170.0, -40.0):  # on either side of the edge
        shape = ring(south, north, (56.1, far), (-47.8, far))
        assert of_shapes([shape]).matcher().cells(lats, lons).all()
