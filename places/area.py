"""Area: whom an alert is for, in space. Shapes, countries and regions added together, less the exclusions.

Pure. Everything errs on the side of including: see `places.matcher` for how far.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import shapely

from places.area_json import read_model, shapes_of, written
from places.cells import wrap_longitude
from places.errors import ShapeError
from places.matcher import Matcher, centroid, matcher
from places.region import FORM, Regions, country_in, nowhere
from places.repair import area_of, core_of
from places.shapes import Circle, Polygon, Shape, swapped

Touch = Callable[[Matcher], frozenset[str]]
"""Which countries (ISO 3166-1 alpha-2) a shape may touch; `places.countries.touched` bound to an atlas."""


@dataclass(frozen=True, slots=True)
class Area:
    """Circles, polygons, countries (ISO 3166-1 alpha-2, upper case) and regions (ISO 3166-2). Raises
    ShapeError when it names no place, a code is malformed, or an exclusion has no clear inside."""

    circles: tuple[Circle, ...] = ()
    polygons: tuple[Polygon, ...] = ()
    countries: tuple[str, ...] = ()
    exclusions: tuple[Shape, ...] = ()
    regions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (self.circles or self.polygons or self.countries or self.regions):
            raise ShapeError("empty", "area names no circle, polygon, country or region")
        for number, code in enumerate(self.countries):
            if not (len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()):
                raise ShapeError("country_form", "not a two-letter country code", f"countries[{number}]")
        for number, code in enumerate(self.regions):
            if not FORM.fullmatch(code):
                raise ShapeError("region_form", "not an ISO 3166-2 code such as VN-13", f"regions[{number}]")
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
            **({"regions": list(self.regions)} if self.regions else {}),
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
        return of_shapes(shapes, countries=model.countries, exclusions=excluded, regions=model.regions)

    def matcher(self, regions: Regions = nowhere) -> Matcher:
        """The area made ready for many questions; keep it when asking more than once. Countries, and regions
        that are not known, are not in it: see `lands`."""
        known = [found for code in self.regions if (found := regions(code)) is not None]
        return matcher(self.shapes, self.exclusions, known)

    def lands(self, regions: Regions = nowhere) -> frozenset[str]:
        """The countries it is the whole of: those named, and those of regions nobody knows (any more)."""
        unknown = (code for code in self.regions if regions(code) is None)
        return frozenset(self.countries) | {country_in(code) for code in unknown}

    def homes(self) -> frozenset[str]:
        """The countries it names, and those its regions are in."""
        return frozenset(self.countries) | {country_in(code) for code in self.regions}

    def members(self, regions: Regions = nowhere) -> frozenset[str]:
        """Codes of all regions of which somebody "in" them is in the area."""
        found = (regions(code) for code in self.regions)
        return frozenset(code for region in found if region is not None for code in region.members)

    def epicentre(self) -> tuple[float, float] | None:
        """(lat, lon) that "nearest first" starts from: the middle of the first circle, else the centroid
        of the polygons; None for an area of countries and regions only."""
        if self.circles:
            first = self.circles[0]
            return first.lat, wrap_longitude(first.lon)
        return centroid(shapely.union_all([area_of(polygon) for polygon in self.polygons]))

    def touches_countries(self, touch: Touch, regions: Regions = nowhere) -> frozenset[str]:
        """Countries named, those of regions, and those the shapes may touch: whose people known only by
        country may be inside."""
        touched = touch(matcher(self.shapes, self.exclusions)) if self.shapes else frozenset[str]()
        found = (regions(code) for code in self.regions)
        claimed = frozenset(code for region in found if region is not None for code in region.countries)
        return touched | claimed | self.homes()


def of_shapes(
    shapes: Collection[Shape],
    *,
    countries: Collection[str] = (),
    exclusions: Collection[Shape] = (),
    regions: Collection[str] = (),
) -> Area:
    """An Area from mixed shapes, e.g. those of `parse_geojson`. Raises ShapeError as Area does."""
    return Area(
        circles=tuple(shape for shape in shapes if isinstance(shape, Circle)),
        polygons=tuple(shape for shape in shapes if isinstance(shape, Polygon)),
        countries=tuple(countries),
        exclusions=tuple(exclusions),
        regions=tuple(regions),
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
