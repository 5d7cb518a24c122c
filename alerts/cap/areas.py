"""One `<area>` of a CAP alert: words, shapes and codes. Pure; shapes are read by `places.geometry`.

A shape that cannot be read is left out, said so and counted: whoever takes the alert as a source must not
mistake the rest for the whole.
"""

from collections.abc import Callable

from alerts.cap.model import CapArea, Geocode
from alerts.cap.xml import Element, children, text_of
from places.errors import PlaceError
from places.geometry import parse_cap_circle, parse_cap_polygon
from places.shapes import Circle, Polygon

Note = Callable[[str], None]


def read_area(element: Element, where: str, note: Note) -> CapArea:
    """Read one area; `where` names it in what `note` is told."""
    desc = text_of(element, "areaDesc")
    if not desc:
        note(f"{where}: areaDesc is missing")
    polygons: list[Polygon] = []
    circles: list[Circle] = []
    unreadable = 0
    for number, shape in enumerate(children(element, "polygon"), 1):
        name = f"{where} polygon {number}"
        words = (shape.text or "").strip()
        if not words:
            continue  # some senders write <polygon/> for "none"
        try:
            polygon = parse_cap_polygon(words)
        except PlaceError as fault:
            unreadable += 1
            note(f"{name} was left out: {fault}")
            continue
        _check_ring(polygon, name, note)
        polygons.append(polygon)
    for number, shape in enumerate(children(element, "circle"), 1):
        words = (shape.text or "").strip()
        if not words:
            continue
        try:
            circles.append(parse_cap_circle(words))
        except PlaceError as fault:
            unreadable += 1
            note(f"{where} circle {number} was left out: {fault}")
    return CapArea(desc or "", tuple(polygons), tuple(circles), _geocodes(element, where, note), unreadable)


def _check_ring(polygon: Polygon, name: str, note: Note) -> None:
    ring = polygon.exterior
    if len(ring) < 4:
        note(f"{name} has fewer than 4 points")
    if ring[0] != ring[-1]:
        note(f"{name} is not closed")


def _geocodes(element: Element, where: str, note: Note) -> tuple[Geocode, ...]:
    found = []
    for code in children(element, "geocode"):
        name, value = text_of(code, "valueName"), text_of(code, "value")
        if name is None and value is None and (code.text or "").strip():
            # CAP 1.0: <geocode>FIPS6=006109</geocode>
            name, _, value = (code.text or "").strip().partition("=")
        if not name or value is None:
            note(f"{where}: a geocode is incomplete")
            continue
        found.append(Geocode(name, value))
    return tuple(found)
