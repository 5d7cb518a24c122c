import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from places.area import Area, of_shapes
from places.area_words import Phrases, describe
from places.errors import PlaceError, ShapeError
from places.gazetteer import Gazetteer
from places.geometry import parse_cap_polygon
from places.region import FORM
from places.shapes import Circle, Polygon
from tests.places.reading import looks_swapped

REYKJAVIK = parse_cap_polygon(
    "64.17,-22.04 64.19,-21.7 64.15,-21.68 64.09,-21.78 64.05,-21.93 64.04,-22.04 64.09,-22.07 64.17,-22.04"
)
TRUJILLO = Circle(-8.11, -79.03, 25.0)
POINTS = st.tuples(st.floats(-90, 90), st.floats(-540, 540))
CIRCLES = st.builds(Circle, st.floats(-90, 90), st.floats(-540, 540), st.floats(0, 20_000))
POLYGONS = st.builds(
    lambda ring, holes: Polygon(tuple(ring), tuple(map(tuple, holes))),
    st.lists(POINTS, min_size=1, max_size=6),
    st.lists(st.lists(POINTS, min_size=1, max_size=4), max_size=2),
)


@given(
    st.lists(CIRCLES, max_size=2),
    st.lists(POLYGONS, max_size=2),
    st.sets(st.sampled_from(["PE", "VN", "TH"])),
    st.lists(CIRCLES, max_size=1),
    st.sets(st.from_regex(FORM, fullmatch=True), max_size=2),
)
@settings(deadline=None, max_examples=60)
def test_json_there_and_back_is_the_same_area(
    circles: list[Circle],
    polygons: list[Polygon],
    countries: set[str],
    exclusions: list[Circle],
    regions: set[str],
) -> None:
    if not (circles or polygons or countries or regions):
        return
    area = Area(tuple(circles), tuple(polygons), tuple(countries), tuple(exclusions), tuple(regions))
    assert Area.from_json(area.to_json()) == area
    assert Area.from_json(json.dumps(area.to_json())) == area


def test_an_area_without_regions_is_written_as_it_always_was() -> None:
    assert "regions" not in Area(countries=("PE",)).to_json()
    assert Area.from_json({"countries": ["PE"]}).regions == ()
    with pytest.raises(ShapeError) as fault:
        Area(regions=("VN-13", "vn-13"))
    assert (fault.value.code, fault.value.where) == ("region_form", "regions[1]")


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({}, ""),
        ("{", ""),
        ([], ""),
        ({"circles": [{"lat": 1, "lon": 2}]}, "circles[0].radius_km"),
        ({"circles": [{"lat": 91, "lon": 2, "radius_km": 1}]}, "circles[0].lat"),
        ({"circles": [{"lat": "1", "lon": 2, "radius_km": 1}]}, "circles[0].lat"),
        ({"circles": [{"lat": 1, "lon": 2, "radius_km": -1}]}, "circles[0].radius_km"),
        ({"polygons": [{"exterior": []}]}, "polygons[0].exterior"),
        ({"polygons": [{"exterior": [[1, 2], [3, 999]]}]}, "polygons[0].exterior[1]"),
        ({"polygons": [{"exterior": [[1, 2], [3]]}]}, "polygons[0].exterior[1]"),
        ({"countries": ["Peru"]}, "countries[0]"),
        ({"regions": ["Lima"]}, "regions[0]"),
        ({"regions": ["PE-LIM", "PE-LIMA"]}, "regions[1]"),
        ({"countries": ["PE"], "radius": 3}, "radius"),
        ({"countries": ["PE"], "exclusions": {"circles": [{"lat": 1, "lon": 2, "radius_km": -1}]}},
         "exclusions.circles[0].radius_km"),
    ],
)  # fmt: skip
def test_faulty_json_is_refused_by_path(document: object, where: str) -> None:
    with pytest.raises(PlaceError) as fault:
        Area.from_json(document)
    assert fault.value.where.startswith(where)
    assert fault.value.reason


def test_an_area_names_some_place() -> None:
    with pytest.raises(ShapeError, match="no circle"):
        Area()
    with pytest.raises(ShapeError, match="two-letter"):
        Area(countries=("pe",))
    bow_tie = Polygon(((10.0, 20.0), (10.5, 21.0), (10.5, 20.0), (10.0, 21.0)))
    with pytest.raises(ShapeError, match="crosses itself"):
        Area(countries=("PE",), exclusions=(bow_tie,))


def test_the_epicentre_is_the_first_circle_else_the_middle() -> None:
    assert Area(circles=(TRUJILLO, Circle(1, 1, 1))).epicentre() == (-8.11, -79.03)
    middle = Area(polygons=(REYKJAVIK,)).epicentre()
    assert middle is not None
    assert abs(middle[0] - 64.12) < 0.05
    assert Area(countries=("PE",)).epicentre() is None
    over = Polygon(((-19.0, 178.0), (-19.0, 182.0), (-15.0, 182.0), (-15.0, 178.0)))
    middle = Area(polygons=(over,)).epicentre()
    assert middle is not None
    assert abs(abs(middle[1]) - 180.0) < 0.2


def test_cells_and_cities_are_asked_in_bulk() -> None:
    ready = Area(circles=(TRUJILLO,)).matcher()
    assert ready.cells(np.array([-8.1, -12.0]), np.array([-79.0, -77.0])).tolist() == [True, False]
    lats, lons = np.array([-8.5, -8.5]), np.array([-79.03, -79.03])
    assert ready.discs(lats, lons, np.array([20.0, 5.0])).tolist() == [True, False]
    assert not Area(countries=("PE",)).matcher().cells(np.array([-8.1]), np.array([-79.0])).any()


@pytest.mark.parametrize(
    ("area", "countries"),
    [
        (Area(circles=(TRUJILLO,)), {"PE"}),
        (Area(polygons=(REYKJAVIK,)), {"IS"}),
        (Area(circles=(Circle(17.95, 102.65, 10),)), {"TH", "LA"}),
        (Area(circles=(Circle(-16.85, -179.97, 50),)), {"FJ"}),
        (Area(circles=(Circle(66, -169, 200),)), {"US", "RU"}),
        (Area(circles=(Circle(20, 104, 900),)), {"VN", "LA", "TH", "CN", "MM", "KH"}),
        (Area(circles=(Circle(-80, 0, 100),)), {"AQ"}),
        (Area(polygons=(Polygon(((62.0, 100.0), (62.0, 101.0), (63.0, 101.0))),)), {"RU"}),
        (Area(countries=("VN",)), {"VN"}),
    ],
)
def test_the_countries_a_shape_touches_are_all_named(
    world: Gazetteer, area: Area, countries: set[str]
) -> None:
    touched = area.touches_countries(world.touch)
    assert countries <= touched
    assert len(touched) <= 14


def test_every_city_inside_a_shape_has_its_country_touched(world: Gazetteer) -> None:
    atlas, rng = world.atlas, np.random.default_rng(5)
    for _ in range(15):
        row = int(rng.integers(atlas.lat.size))
        circle = Circle(float(atlas.lat[row]), float(atlas.lon[row]), float(rng.choice([0.5, 30.0, 300.0])))
        ready = Area(circles=(circle,)).matcher()
        inside = ready.cells(atlas.lat.astype(np.float64), atlas.lon.astype(np.float64))
        owed = {atlas.countries[number] for number in np.unique(atlas.country[inside]).tolist()}
        assert owed <= world.touch(ready)


def test_swapped_coordinates_are_noticed(world: Gazetteer) -> None:
    wainfleet = parse_cap_polygon(
        "53.10569,0.24453 53.10593,0.24430 53.10601,0.24375 53.09,0.23 53.10569,0.24453"
    )
    turned = Polygon(tuple((lon, lat) for lat, lon in wainfleet.exterior))
    assert looks_swapped(of_shapes([turned]), ["GB"], world.touch)
    assert not looks_swapped(of_shapes([wainfleet]), ["GB"], world.touch)
    assert not looks_swapped(of_shapes([turned]), [], world.touch)
    assert not looks_swapped(of_shapes([turned]), ["PE"], world.touch)
    assert not looks_swapped(Area(countries=("GB",)), ["GB"], world.touch)
    assert not looks_swapped(of_shapes([Circle(35.68, 139.76, 25)]), ["PE"], world.touch)


@pytest.mark.parametrize(
    ("area", "language", "parts"),
    [
        (Area(circles=(TRUJILLO,)), "en", ["within 25 km of Trujillo", "cities: Trujillo"]),
        (Area(circles=(Circle(13.75, 100.5, 130),)), "th", ["within 130 km of กรุงเทพ"]),
        (
            Area(circles=(Circle(-8.6, -79.9, 10),)),
            "en",
            ["within 10 km of a point", "west of", "contains no city"],
        ),
        (Area(polygons=(REYKJAVIK,)), "en", ["an outline around Reykjav", "contains"]),
        (Area(countries=("FR", "RE")), "en", ["all of France, but not", "Guadeloupe", "; all of R"]),
        (Area(countries=("PE", "VN")), "vi", ["all of Peru", "all of Việt Nam"]),
        (
            Area(regions=("VN-13", "TH-83")),
            "vi",
            ["all of Quảng Ninh (Việt Nam), and people up to some 15 km beyond it", "(Thái Lan)"],
        ),
        (Area(regions=("XX-99",)), "en", ["all of XX-99 (XX)"]),
        (
            Area(countries=("PE",), exclusions=(TRUJILLO,)),
            "en",
            ["all of Peru", "except within 25 km of Trujillo"],
        ),
    ],
)
def test_an_area_is_described_in_words(world: Gazetteer, area: Area, language: str, parts: list[str]) -> None:
    told = describe(area, world, language)
    for part in parts:
        assert part in told


def test_odd_outlines_are_mentioned(world: Gazetteer) -> None:
    def told(*ring: tuple[float, float]) -> str:
        return describe(of_shapes([Polygon(ring)]), world, "en")

    assert "crosses itself" in told((10.0, 20.0), (10.5, 21.0), (10.5, 20.0), (10.0, 21.0))
    assert "encloses nothing" in told((10.0, 20.0), (10.5, 21.0))
    assert "short way" in told((-19.0, 178.0), (-19.0, -177.0), (-15.0, -177.0), (-15.0, 178.0))
    assert "pole" in told((75.0, -120.0), (75.0, 0.0), (75.0, 120.0))


def test_words_may_be_handed_in(world: Gazetteer) -> None:
    vi = Phrases(circle="trong vòng {km} km quanh {place}", cities="gồm {count} thành phố: {names}")
    told: Any = describe(Area(circles=(TRUJILLO,)), world, "vi", vi)
    assert told.startswith("trong vòng 25 km quanh Trujillo; gồm ")
