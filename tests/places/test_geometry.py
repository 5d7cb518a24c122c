from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from places.errors import CoordinateError, PlaceError, ShapeError
from places.geometry import parse_cap_circle, parse_cap_polygon, parse_geojson
from places.repair import Fault, faults
from places.shapes import Circle, Polygon


def test_a_cap_polygon_is_latitude_first() -> None:
    polygon = parse_cap_polygon(" 64.17,-22.04\n64.19,-21.7 64.15,-21.68 64.17,-22.04 ")
    assert polygon == Polygon(((64.17, -22.04), (64.19, -21.7), (64.15, -21.68), (64.17, -22.04)))


def test_a_cap_circle_is_a_point_and_kilometres() -> None:
    assert parse_cap_circle("-35.3888,147.0598 25.0") == Circle(-35.3888, 147.0598, 25.0)
    assert parse_cap_circle("12.747,-88.783 0.0").radius_km == 0.0


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("", "empty", ""),
        ("1,2 3", "pair_form", "pair[1]"),
        ("1,2 3,x", "not_a_number", "pair[1]"),
        ("1,2 3,nan", "not_a_number", "pair[1]"),
        ("1,2 1_0,3", "not_a_number", "pair[1]"),
        ("1,2 91,3 4,5", "latitude_range", "exterior[1]"),
        ("1,2 3,541 4,5", "longitude_range", "exterior[1]"),
        ("1,2 3,4,5", "pair_form", "pair[1]"),
    ],
)
def test_a_faulty_cap_polygon_is_refused_by_name(text: str, code: str, where: str) -> None:
    with pytest.raises(PlaceError) as fault:
        parse_cap_polygon(text)
    assert (fault.value.code, fault.value.where) == (code, where)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1,2", "circle_form"),
        ("1,2 3 4", "circle_form"),
        ("1,2 far", "not_a_number"),
        ("1,2 -3", "radius_range"),
        ("1,2 30000", "radius_range"),
        ("1,2 inf", "not_a_number"),
    ],
)
def test_a_faulty_cap_circle_is_refused_by_name(text: str, code: str) -> None:
    with pytest.raises(PlaceError) as fault:
        parse_cap_circle(text)
    assert fault.value.code == code


@given(st.text(alphabet="0123456789.,- e+nainf\n", max_size=60))
def test_no_text_breaks_the_parsers_otherwise(text: str) -> None:
    for parse in (parse_cap_polygon, parse_cap_circle):
        with suppress(PlaceError):
            parse(text)


SQUARE = [[10.0, 50.0], [11.0, 50.0], [11.0, 51.0], [10.0, 51.0], [10.0, 50.0]]
HOLE = [[10.4, 50.4], [10.6, 50.4], [10.6, 50.6], [10.4, 50.4]]


def test_geojson_is_longitude_first_and_keeps_holes() -> None:
    (polygon,) = parse_geojson({"type": "Polygon", "coordinates": [SQUARE, HOLE]})
    assert isinstance(polygon, Polygon)
    assert polygon.exterior[1] == (50.0, 11.0)
    assert polygon.holes[0][0] == (50.4, 10.4)


def test_geojson_collections_are_flattened() -> None:
    circle = {
        "type": "Feature",
        "properties": {"radiusKilometers": 25},
        "geometry": {"type": "Point", "coordinates": [10, 50]},
    }
    multi = {"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}
    group = {"type": "GeometryCollection", "geometries": [multi]}
    found = parse_geojson(
        {
            "type": "FeatureCollection",
            "features": [circle, {"type": "Feature", "properties": None, "geometry": group}],
        }
    )
    assert [type(shape) for shape in found] == [Circle, Polygon, Polygon]
    assert found[0] == Circle(50.0, 10.0, 25.0)


@pytest.mark.parametrize(
    ("document", "code", "where"),
    [
        (None, "geojson_form", ""),
        ({"type": "Point", "coordinates": [1, 2]}, "no_area", ""),
        ({"type": "LineString", "coordinates": [[1, 2], [3, 4]]}, "no_area", ""),
        ({"type": "FeatureCollection", "features": []}, "empty", ""),
        ({"type": "Polygon", "coordinates": []}, "empty_ring", "coordinates"),
        ({"type": "Polygon", "coordinates": [[]]}, "empty_ring", "coordinates.exterior"),
        ({"type": "Polygon", "coordinates": [[[1, 2], [3, "4"]]]}, "not_a_number", "coordinates[0][1]"),
        ({"type": "Polygon", "coordinates": [[[1, 2], [3, True]]]}, "not_a_number", "coordinates[0][1]"),
        ({"type": "Polygon", "coordinates": [[[1, 2], [10**400, 4]]]}, "out_of_range", "coordinates[0][1]"),
        ({"type": "Polygon", "coordinates": [[[1, 2], [3]]]}, "position_form", "coordinates[0][1]"),
        (
            {"type": "Polygon", "coordinates": [[[1, 2], [3, 95]]]},
            "latitude_range",
            "coordinates.exterior[1]",
        ),
        (
            {"type": "FeatureCollection", "features": [{"type": "Polygon"}]},
            "geojson_form",
            "features[0].coordinates",
        ),
    ],
)
def test_faulty_geojson_is_refused_by_path(document: object, code: str, where: str) -> None:
    with pytest.raises(PlaceError) as fault:
        parse_geojson(document)
    assert (fault.value.code, fault.value.where) == (code, where)


def test_deep_nesting_is_refused() -> None:
    document: dict[str, Any] = {"type": "Polygon", "coordinates": [SQUARE]}
    for _ in range(50):
        document = {"type": "GeometryCollection", "geometries": [document]}
    with pytest.raises(ShapeError, match="nested"):
        parse_geojson(document)


def test_an_endless_polygon_is_refused() -> None:
    with pytest.raises(ShapeError, match="more than"):
        parse_cap_polygon("1,2 " * 200_001)


def shapes_of_cap(path: Path) -> list[Circle | Polygon]:
    found: list[Circle | Polygon] = []
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    for node in etree.fromstring(path.read_bytes(), parser).iter("{*}polygon", "{*}circle"):
        if node.text and node.text.strip():
            parse = parse_cap_polygon if str(node.tag).endswith("polygon") else parse_cap_circle
            found.append(parse(node.text))
    return found


def test_every_area_of_the_real_alerts_is_read(shared_data: Path) -> None:
    files = [
        p for p in sorted((shared_data / "cap" / "alerts").iterdir()) if p.suffix in {".cap", ".xml", ".txt"}
    ]
    read = {path.name: shapes_of_cap(path) for path in files}
    assert sum(map(len, read.values())) > 40
    (iceland,) = {shape for shape in read["kelv__iceland_met_office.cap"] if isinstance(shape, Polygon)}
    assert iceland.exterior[0] == (64.17, -22.04)
    crossing = read["gov__UK_INVALID_AREA_WITH_INTERSECTIONS.xml"][0]
    degenerate = read["gov__UK_INVALID_DEGENERATE_AREA.xml"][0]
    repeated = read["gov__UK_INVALID_AREA_WITH_DUPLICATED_VERTEX.xml"][0]
    assert isinstance(crossing, Polygon)
    assert isinstance(degenerate, Polygon)
    assert isinstance(repeated, Polygon)
    assert Fault.SELF_CROSSING in faults(crossing.exterior)
    assert Fault.DEGENERATE in faults(degenerate.exterior)
    assert Fault.REPEATED_POINT in faults(repeated.exterior) or Fault.SELF_CROSSING in faults(
        repeated.exterior
    )


def test_coordinate_errors_belong_to_the_family() -> None:
    assert issubclass(CoordinateError, PlaceError)
    assert issubclass(ShapeError, PlaceError)
