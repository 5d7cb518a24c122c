"""An area in words, for the officer who approves it: "within 25 km of Trujillo; contains 14 cities: ...".

Pure; asks the gazetteer. The sentences are English unless the caller hands others; names are in any language.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from places.area import Area
from places.distance import MAX_DISTANCE_KM, bearing, between_km, distance_km
from places.gazetteer import Gazetteer
from places.locate import BORDER_KM
from places.matcher import Matcher, centroid
from places.region import country_in
from places.repair import Fault, area_of, faults
from places.shapes import Circle, Polygon, Shape
from places.territories import left_out

NAMED_CITIES = 5
_KNOWN_KM = 20.0


@dataclass(frozen=True, slots=True)
class Phrases:
    """Sentences with named slots; `directions` from north clockwise; `faults` per fault worth telling."""

    circle: str = "within {km} km of {place}"
    circle_off: str = "within {km} km of a point {away} km {direction} of {place}"
    shape: str = "an outline around {place}, {width} km across"
    country: str = "all of {country}"
    apart: str = "{whole}, but not {parts}"
    region: str = "all of {region} ({country}), and people up to some {km} km beyond it"
    excluded: str = "except {parts}"
    cities: str = "contains {count} cities: {names}"
    one_city: str = "contains one city: {names}"
    no_city: str = "contains no city"
    more: str = "{names} and {count} more"
    directions: tuple[str, ...] = (
        "north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west",
    )  # fmt: skip
    self_crossing: str = "its outline crosses itself: everything it encloses is counted"
    degenerate: str = "its outline encloses nothing: only people right beside it are counted"
    wide_edge: str = "one edge spans more than half the earth: the short way is taken"
    round_pole: str = "it runs round a pole: the pole is inside"


ENGLISH = Phrases()


def describe(
    area: Area, gazetteer: Gazetteer, language: str | None = None, phrases: Phrases = ENGLISH
) -> str:
    """One line, parts joined by "; ". Place names in `language` where known."""
    teller = _Teller(gazetteer, language, phrases)
    parts = [teller.shape(shape) for shape in area.shapes]
    apart = left_out(area.countries)
    parts += [teller.country(code, apart.get(code, ())) for code in area.countries]
    for code in area.regions:
        country = gazetteer.name_of(country_in(code), language) or country_in(code)
        name = gazetteer.name_of(code, language) or code
        parts.append(phrases.region.format(region=name, country=country, km=_short(BORDER_KM)))
    if area.exclusions:
        told = ", ".join(teller.shape(shape) for shape in area.exclusions)
        parts.append(phrases.excluded.format(parts=told))
    if area.shapes:
        parts.append(teller.cities(area.matcher()))
    return "; ".join(dict.fromkeys(parts))


@dataclass(frozen=True, slots=True)
class _Teller:
    gazetteer: Gazetteer
    language: str | None
    phrases: Phrases

    def country(self, code: str, apart: Collection[str]) -> str:
        """A country, and those of its territories that are entries of their own and not in the area."""
        names = [self.gazetteer.name_of(one, self.language) or one for one in (code, *apart)]
        whole = self.phrases.country.format(country=names[0])
        return self.phrases.apart.format(whole=whole, parts=", ".join(names[1:])) if apart else whole

    def shape(self, shape: Shape) -> str:
        return self._circle(shape) if isinstance(shape, Circle) else self._polygon(shape)

    def cities(self, ready: Matcher) -> str:
        """The largest cities inside, and how many there are."""
        atlas = self.gazetteer.atlas
        named = np.flatnonzero(atlas.place > 0)
        lats, lons = atlas.lat[named].astype(np.float64), atlas.lon[named].astype(np.float64)
        inside = named[ready.cells(lats, lons)]
        if not inside.size:
            return self.phrases.no_city
        largest = inside[np.argsort(-atlas.population[inside], kind="stable")][:NAMED_CITIES]
        names = ", ".join(self.gazetteer.name(int(atlas.place[row]), self.language) for row in largest)
        if inside.size > NAMED_CITIES:
            names = self.phrases.more.format(names=names, count=inside.size - NAMED_CITIES)
        wording = self.phrases.one_city if inside.size == 1 else self.phrases.cities
        return wording.format(count=inside.size, names=names)

    def _circle(self, circle: Circle) -> str:
        lon = (circle.lon + 180.0) % 360.0 - 180.0
        row = self._landmark(circle.lat, lon, min(_KNOWN_KM, max(2.0, circle.radius_km / 2.0)))
        atlas, km = self.gazetteer.atlas, _short(circle.radius_km)
        place = self.gazetteer.name(int(atlas.place[row]), self.language)
        at = float(atlas.lat[row]), float(atlas.lon[row])
        away = between_km(*at, circle.lat, lon)
        if away <= max(2.0, circle.radius_km / 5.0):
            return self.phrases.circle.format(km=km, place=place)
        direction = self.phrases.directions[round(bearing(at, (circle.lat, lon)) / 45.0) % 8]
        return self.phrases.circle_off.format(km=km, away=_short(away), direction=direction, place=place)

    def _polygon(self, polygon: Polygon) -> str:
        filled = area_of(polygon)
        middle = centroid(filled) or polygon.exterior[0]
        row = self._landmark(*middle, _KNOWN_KM)
        place = self.gazetteer.name(int(self.gazetteer.atlas.place[row]), self.language)
        corners = np.array(polygon.exterior)
        reach = float(distance_km(*middle, corners[:, 0], corners[:, 1]).max())
        told = [self.phrases.shape.format(place=place, width=_short(min(MAX_DISTANCE_KM, 2.0 * reach)))]
        sayings = {
            Fault.SELF_CROSSING: self.phrases.self_crossing,
            Fault.DEGENERATE: self.phrases.degenerate,
            Fault.WIDE_EDGE: self.phrases.wide_edge,
            Fault.ROUND_POLE: self.phrases.round_pole,
        }
        told += [sayings[fault] for fault in faults(polygon.exterior) if fault in sayings]
        return ", ".join(told)

    def _landmark(self, lat: float, lon: float, within_km: float) -> int:
        """The largest city within some kilometres, else the nearest."""
        atlas = self.gazetteer.atlas
        apart = np.where(atlas.place > 0, distance_km(lat, lon, atlas.lat, atlas.lon), np.inf)
        close: NDArray[np.int64] = np.flatnonzero(apart <= within_km)
        return int(close[atlas.population[close].argmax()]) if close.size else int(apart.argmin())


def _short(km: float) -> str:
    """Two figures that matter: 0.5, 25, 130, 2,100."""
    if km < 10:
        return f"{km:.1f}".removesuffix(".0")
    step = 10 ** max(0, len(str(int(km))) - 2)
    return f"{round(km / step) * step:,}"
