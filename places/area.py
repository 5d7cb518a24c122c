"""Area: whom an alert is for, in space. Shapes and countries added together, less the exclusions.

Pure. Everything errs on the side of including: see `places.matcher` for how far.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike

from places.area_json import read_model, shapes_of, written
from places.cells import wrap_longitude
from places.errors import ShapeError
from places.growth import Mask
from places.matcher import Matcher, centroid, matcher
from places.repair import area_of, core_of
from places.shapes import Circle, Polygon, Shape, swapped

Touch = Callable[[Matcher], frozenset[str]]
"""Which countries (ISO 3166-1 alpha-2) a shape may touch; `places.countries.touched` bound to an atlas."""


@dataclass(frozen=True, slots=True)
class Area:
    """Circles, polygons and countries (ISO 3166-1 alpha-2, upper case). Raises ShapeError when it names no
    place, a country code is malformed, or an exclusion has no clear inside."""

    circles: tuple[Circle, ...] = ()
    polygons: tuple[Polygon, ...] = ()
    countries: tuple[str, ...] = ()
    exclusions: tuple[Shape, ...] = ()

    def __post_init__(self) -> None:
        if not (self.circles or self.polygons or self.countries):
            raise ShapeError("empty", "area names no circle, polygon or country")
        for number, code in enumerate(self.countries):
            if not (len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()):
                raise ShapeError("country_form", "not a two-letter country code", f"countries[{number}]")
        for number, shape in enumerate(self.exclusions):
            if isinstance(shape, Polygon) and core_of(shape).is_empty:
                raise ShapeError(
                    "exclusion_unclear", "excluded outline crosses itself", f"exclusions[{number}]"
                )

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Circles, then polygons."""
        return (*self.circles, *self.polygons)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready and exact: `from_json(to_json())` is the same area."""
        return {
            **written(self.shapes),
            "countries": list(self.countries),
            "exclusions": written(self.exclusions),
        }

    @classmethod
    def from_json(cls, document: object) -> "Area":
        """Read a decoded document, or JSON text. Raises ShapeError or CoordinateError with the faulty
        path."""
        if isinstance(document, (str, bytes)):
            try:
                document = json.loads(document)
            except (ValueError, RecursionError):
                raise ShapeError("json_form", "not JSON") from None
        model = read_model(document)
        shapes = shapes_of(model.circles, model.polygons)
        excluded = shapes_of(model.exclusions.circles, model.exclusions.polygons, "exclusions.")
        return of_shapes(shapes, countries=model.countries, exclusions=excluded)

    def matcher(self) -> Matcher:
        """The area made ready for many questions; keep it when asking more than once."""
        return matcher(self.shapes, self.exclusions)

    def epicentre(self) -> tuple[float, float] | None:
        """(lat, lon) that "nearest first" starts from: the middle of the first circle, else the centroid
        of the polygons; None for an area of countries only."""
        if self.circles:
            first = self.circles[0]
            return first.lat, wrap_longitude(first.lon)
        return centroid(shapely.union_all([area_of(polygon) for polygon in self.polygons]))

    def contains_cells(self, lats: ArrayLike, lons: ArrayLike) -> Mask:
        """Which cell centres may stand for somebody inside the shapes (countries are not considered)."""
        return self.matcher().cells(np.asarray(lats, dtype=np.float64), np.asarray(lons, dtype=np.float64))

    def contains_city(self, lat: float, lon: float, radius_km: float) -> bool:
        """Whether somebody known only to be within `radius_km` of a position may be inside the shapes."""
        return bool(self.matcher().discs(np.array([lat]), np.array([lon]), np.array([radius_km]))[0])

    def touches_countries(self, touch: Touch) -> frozenset[str]:
        """Countries named, and those the shapes may touch: whose people known only by country may be
        inside."""
        touched = touch(self.matcher()) if self.shapes else frozenset[str]()
        return touched | frozenset(self.countries)


def of_shapes(
    shapes: Collection[Shape], *, countries: Collection[str] = (), exclusions: Collection[Shape] = ()
) -> Area:
    """An Area from mixed shapes, e.g. those of `parse_geojson`. Raises ShapeError as Area does."""
    return Area(
        circles=tuple(shape for shape in shapes if isinstance(shape, Circle)),
        polygons=tuple(shape for shape in shapes if isinstance(shape, Polygon)),
        countries=tuple(countries),
        exclusions=tuple(exclusions),
    )


@dataclass(frozen=True, slots=True)
class Readings:
    """The countries an area's shapes may touch as given, and with latitude and longitude exchanged; the
    latter are none where that cannot exist or was not asked."""

    given: frozenset[str] = frozenset()
    turned: frozenset[str] = frozenset()

    def swapped_for(self, countries: Collection[str]) -> bool:
        """Whether the shapes touch none of these countries, but would the other way round. Always False
        without any: `countries` is where the area is known to be meant for (named, mission, issuer)."""
        expected = frozenset(countries)
        return not self.given & expected and bool(self.turned & expected)


def readings(area: Area, touch: Touch, countries: Collection[str]) -> Readings:
    """The readings of an area meant for some countries. The other way round is looked at only when the area
    touches none of them as given: near a pole, where it often falls, geometry takes long."""
    given = touch(matcher(area.shapes)) if area.shapes else frozenset[str]()
    turned = [swapped(shape) for shape in area.shapes]
    valid = [shape for shape in turned if shape is not None]
    if not countries or given & frozenset(countries) or not valid or len(valid) < len(turned):
        return Readings(given)
    return Readings(given, touch(matcher(valid)))


def looks_swapped(area: Area, countries: Collection[str], touch: Touch) -> bool:
    """Whether the shapes touch none of the countries they should, but would with latitude and longitude
    exchanged: see `Readings.swapped_for`."""
    return bool(countries) and readings(area, touch, countries).swapped_for(countries)
