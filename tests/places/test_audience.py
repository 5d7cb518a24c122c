from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from places.area import Area
from places.audience import CONFIDENCES, Audience, AudienceIndex, Confidence
from places.cells import cell_of
from places.errors import CoordinateError, ShapeError
from places.people import EVER, FOREVER, Rows, country_code, country_of, pack_countries
from places.shapes import Circle, Polygon
from tests.places.reading import unpacked

NOW = 1_800_000_000
TRUJILLO = (-8.11, -79.03)
NOBODY = frozenset[str]()


def rows(*people: tuple[Any, ...]) -> Rows:
    """(id, (lat, lon) or None, radius_km, country[, from, to])."""
    padded = [(*person, None, None)[:6] for person in people]
    cells = [None if where is None else cell_of(*where) for _, where, *_ in padded]
    columns = list(zip(*padded, strict=True))
    return Rows.of(columns[0], cells, columns[2], columns[3], columns[4], columns[5])


def answer(audience: Audience) -> dict[int, Confidence]:
    pairs = zip(audience.person_ids.tolist(), audience.confidence.tolist(), strict=True)
    return {person: CONFIDENCES[code] for person, code in pairs}


def near_trujillo(radius_km: float = 25.0, **more: Any) -> Area:
    return Area(circles=(Circle(*TRUJILLO, radius_km),), **more)


PEOPLE = rows(
    (1, (-8.10, -79.02), 0, "PE"),
    (2, (-8.30, -79.03), 0, "PE"),
    (3, (-12.05, -77.04), 0, "PE"),
    (4, (-8.5, -79.03), 30.0, "PE"),
    (5, (-12.05, -77.04), 40.0, "PE"),
    (6, None, 0, "PE"),
    (7, None, 0, "EC"),
    (8, None, 0, "VN"),
)


def test_a_circle_finds_people_nearest_first_with_their_confidence() -> None:
    index = AudienceIndex.build(PEOPLE)
    found = index.resolve(near_trujillo(), at=NOW, touched=frozenset({"PE"}))
    assert found.person_ids.tolist() == [1, 2, 4, 6]
    assert answer(found) == {1: "area", 2: "area", 4: "city", 6: "maybe"}
    assert found.distance_km[:3].tolist() == sorted(found.distance_km[:3].tolist())
    assert np.isinf(found.distance_km[3])
    assert found.counts() == {"area": 2, "city": 1, "country": 0, "maybe": 1}
    assert found.distance_km.dtype == np.float32
    assert len(found) == 4


def test_maybe_is_left_out_on_request() -> None:
    index = AudienceIndex.build(PEOPLE)
    found = index.resolve(near_trujillo(), at=NOW, touched=frozenset({"PE", "EC"}), include_maybe=False)
    assert set(answer(found)) == {1, 2, 4}


def test_a_country_takes_everybody_known_to_be_in_it() -> None:
    found = AudienceIndex.build(PEOPLE).resolve(Area(countries=("PE",)), at=NOW, touched=NOBODY)
    assert answer(found) == {1: "area", 2: "area", 3: "area", 4: "city", 5: "city", 6: "country"}


def test_a_country_and_a_circle_count_nobody_twice() -> None:
    area = near_trujillo(countries=("PE", "VN"))
    found = AudienceIndex.build(PEOPLE).resolve(area, at=NOW, touched=frozenset({"PE", "EC"}))
    assert found.person_ids.size == np.unique(found.person_ids).size == 8
    assert answer(found)[6] == "country"
    assert answer(found)[7] == "maybe"
    assert answer(found)[8] == "country"
    assert found.person_ids[0] == 1


def test_an_exclusion_also_cuts_a_country() -> None:
    lima = Circle(-12.05, -77.04, 80.0)
    found = AudienceIndex.build(PEOPLE).resolve(
        Area(countries=("PE",), exclusions=(lima,)), at=NOW, touched=NOBODY
    )
    assert set(answer(found)) == {1, 2, 4, 6}


def test_a_place_on_a_border_belongs_to_every_country_it_may_lie_in() -> None:
    index = AudienceIndex.build(rows((1, (17.96, 102.6), 0, ("LA", "TH")), (2, (13.7, 100.5), 0, "TH")))
    assert set(answer(index.resolve(Area(countries=("TH",)), at=NOW, touched=NOBODY))) == {1, 2}
    assert set(answer(index.resolve(Area(countries=("LA",)), at=NOW, touched=NOBODY))) == {1}


@pytest.mark.parametrize(("at", "there"), [(99, False), (100, True), (150, True), (200, True), (201, False)])
def test_trips_count_from_their_first_to_their_last_second(at: int, there: bool) -> None:
    index = AudienceIndex.build(rows((1, TRUJILLO, 0, "PE", 100, 200), (2, (21.0, 105.8), 0, "VN")))
    found = index.resolve(near_trujillo(), at=at, touched=NOBODY)
    assert found.person_ids.tolist() == ([1] if there else [])


def test_the_best_of_several_whereabouts_counts_once() -> None:
    index = AudienceIndex.build(
        rows(
            (1, None, 0, "PE"),
            (1, (-8.4, -79.0), 40.0, "PE"),
            (1, (-8.12, -79.0), 0, "PE"),
            (2, TRUJILLO, 9.0, "PE"),
        )
    )
    found = index.resolve(near_trujillo(countries=("PE",)), at=NOW, touched=NOBODY)
    assert answer(found) == {1: "area", 2: "city"}
    assert found.person_ids.tolist() == [2, 1]
    assert found.distance_km[1] < 5.0


def test_a_delta_replaces_every_row_of_those_who_changed() -> None:
    index = AudienceIndex.build(PEOPLE)
    moved = index.with_delta(rows((3, TRUJILLO, 0, "PE"), (9, TRUJILLO, 0, "PE")), np.array([1]))
    area = near_trujillo()
    assert answer(moved.resolve(area, at=NOW, touched=NOBODY)) == {2: "area", 3: "area", 4: "city", 9: "area"}
    again = moved.with_delta(rows((3, None, 0, "VN"), (1, TRUJILLO, 0, "PE")), np.array([9]))
    assert answer(again.resolve(area, at=NOW, touched=NOBODY)) == {1: "area", 2: "area", 4: "city"}
    assert answer(index.resolve(area, at=NOW, touched=NOBODY)) == {1: "area", 2: "area", 4: "city"}


def test_delta_people_are_sorted_in_among_the_others() -> None:
    index = AudienceIndex.build(rows((1, (-8.11, -79.03), 0, "PE"), (2, (-8.25, -79.03), 0, "PE")))
    found = index.with_delta(rows((3, (-8.18, -79.03), 0, "PE")), np.empty(0, dtype=np.int64)).resolve(
        near_trujillo(), at=NOW, touched=NOBODY
    )
    assert found.person_ids.tolist() == [1, 3, 2]


def test_an_empty_index_answers_nobody() -> None:
    found = AudienceIndex.build(Rows.empty()).resolve(
        near_trujillo(countries=("PE",)), at=NOW, touched=NOBODY
    )
    assert len(found) == 0
    assert found.counts() == dict.fromkeys(Confidence, 0)


def test_junk_is_refused() -> None:
    one = np.array([1])
    with pytest.raises(CoordinateError):
        AudienceIndex.build(Rows(one, np.array([77]), np.array([0.0], dtype=np.float32), one, one, one))
    with pytest.raises(ShapeError):
        Rows(one, np.array([1, 2]), np.array([0.0], dtype=np.float32), one, one, one)
    with pytest.raises(ShapeError):
        Rows.of([1], [None], [0], ["Peru"])


def test_country_codes_pack_four_to_a_number() -> None:
    assert country_of(country_code("PE")) == "PE"
    assert unpacked(pack_countries(("TH", "LA", "MM", "CN", "VN"))) == ("TH", "LA", "MM", "CN")
    assert pack_countries(("ZZ",) * 4) < 2**63
    assert unpacked(pack_countries(())) == ()
    assert EVER < -(2**60) < 2**60 < FOREVER


@st.composite
def areas(draw: st.DrawFn) -> Area:
    lat, lon = draw(st.floats(-85, 85)), draw(st.floats(-180, 180))
    size = draw(st.sampled_from([0.05, 1.0, 10.0]))
    offsets = draw(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=3, max_size=7))
    ring = tuple((max(-90.0, min(90.0, lat + size * dy)), lon + size * dx) for dy, dx in offsets)
    circles = draw(st.lists(st.builds(Circle, st.just(lat), st.just(lon), st.floats(0, 300)), max_size=2))
    polygons = (Polygon(ring),) if draw(st.booleans()) or not circles else ()
    return Area(tuple(circles), polygons, tuple(draw(st.sets(st.sampled_from(["PE", "VN", "TH"])))))


@given(areas(), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=50, phases=(Phase.explicit, Phase.generate))
def test_nobody_inside_is_ever_missed(judge: Any, area: Area, seed: int) -> None:
    """Random people with pins, cities, countries, trips and changes; truth is their exact position and
    dates."""
    rng = np.random.default_rng(seed)
    size, people = 300, 150
    middle = area.epicentre() or (0.0, 0.0)
    lats = np.clip(middle[0] + rng.normal(0, 4, size) * rng.random(size) ** 3, -90, 90)
    lons = (middle[1] + rng.normal(0, 4, size) * rng.random(size) ** 3 + 180) % 360 - 180
    person = rng.integers(1, people, size)
    countries = rng.choice(["PE", "VN", "TH", "ID"], size)
    radius = rng.choice([0.0, 0.0, 12.0, 40.0], size)
    only_country = rng.random(size) < 0.1
    starts = np.where(rng.random(size) < 0.2, NOW + rng.integers(-5, 5, size), EVER)
    # The centre of their city is off by up to its radius.
    city_lats = np.clip(lats + rng.uniform(-0.7, 0.7, size) * radius / 111.2, -90, 90)
    cells = [
        0 if lost else cell_of(lat, lon)
        for lost, lat, lon in zip(only_country.tolist(), city_lats.tolist(), lons.tolist(), strict=True)
    ]
    everything = Rows(
        person,
        np.array(cells),
        radius.astype(np.float32),
        np.array([pack_countries((code,)) for code in countries]),
        starts,
        np.full(size, FOREVER),
    )
    late = person % 3 == 0
    index = AudienceIndex.build(everything.take(~late)).with_delta(everything.take(late), np.array([1]))
    found = index.resolve(area, at=NOW, touched=frozenset({"PE", "VN", "TH", "ID"}))

    inside = np.isin(countries, area.countries)
    for circle in area.circles:
        inside |= judge.distance(circle.lat, circle.lon, lats, lons) <= circle.radius_km
    for polygon in area.polygons:
        inside |= judge.inside_planar([*polygon.exterior, polygon.exterior[0]], lats, lons)
    owed = set(person[inside & (starts <= NOW)].tolist()) - {1}
    assert owed <= set(found.person_ids.tolist())
    assert 1 not in found.person_ids or 1 % 3 == 0
    assert found.person_ids.size == np.unique(found.person_ids).size
    assert (np.diff(found.distance_km[np.isfinite(found.distance_km)]) >= 0).all()
    # Nobody absurd: each has at least one valid row.
    assert set(found.person_ids.tolist()) <= set(person[starts <= NOW].tolist())


@pytest.mark.parametrize("touch", [lambda _: frozenset({"PE"})])
def test_the_area_names_the_countries_it_touches(touch: Callable[..., frozenset[str]]) -> None:
    assert near_trujillo(countries=("EC",)).touches_countries(touch) == {"PE", "EC"}
    assert Area(countries=("EC",)).touches_countries(touch) == {"EC"}
