"""Which places the gazetteer knows, and under which names: cities, subdivisions, countries, CLDR and our
aliases.

Used when the gazetteer is compiled, only then. Reads package data and `aliases.tsv` beside this file.
"""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from places.builder import ALTERNATE, OWN, Builder
from places.distance import between_km, distance_km
from places.errors import GazetteerError
from places.folding import fold
from places.schema import Kind
from places.source_admin1 import Subdivision
from places.source_cities import NAMED_FROM, City, Land, city_radius_km
from places.source_cldr import languages, territory_names, zone_cities, zone_keys

ALIASES = Path(__file__).with_name("aliases.tsv")
DISTRICTS = Path(__file__).with_name("districts.tsv")
SAME_KM = 6.0
_ASIDE = re.compile(r"\s*[(\[（].*?[)\]）]|\s+SAR China$")
_VIETNAMESE = re.compile(
    "[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹàáãèéìíòóõùúýĩũ]", re.IGNORECASE
)


def add_cities(builder: Builder, cities: Sequence[City], codes: Sequence[str]) -> list[int]:
    """Every city; returns the id of each of 5,000 people or more, 0 for the small ones."""
    ids = []
    for city, code in zip(cities, codes, strict=True):
        large = city.population >= NAMED_FROM
        place = builder.place(
            Kind.CITY,
            city.name,
            city.country,
            admin1=code,
            position=(city.lat, city.lon),
            population=city.population,
            radius_km=city_radius_km(city.population),
            timezone=city.timezone,
            guessed=large,
        )
        for text in city.names:
            builder.name(place, text, ALTERNATE, guessed=large)
        if large:
            builder.labels_by_script(place, city.country, city.names)
            if city.country == "VN":
                _label_vietnamese(builder, place, city)
        ids.append(place if large else 0)
    return ids


def _label_vietnamese(builder: Builder, place: int, city: City) -> None:
    own = fold(city.name)
    written = [text for text in (city.name, *city.names) if _VIETNAMESE.search(text) and fold(text) == own]
    if written:
        builder.label(place, "vi", written[0])


def add_subdivisions(
    builder: Builder, subdivisions: Sequence[Subdivision], cities: Sequence[City], codes: Sequence[str]
) -> dict[str, int]:
    """Every ISO 3166-2 subdivision by code; its radius reaches its farthest city."""
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, (city, code) in enumerate(zip(cities, codes, strict=True)):
        rows_of[code].append(row)
        rows_of[city.country].append(row)
    ids = {}
    for entry in subdivisions:
        rows = rows_of.get(entry.code) or _nearest_cities(entry, rows_of.get(entry.country, []), cities)
        members = [cities[row] for row in rows]
        ids[entry.code] = place = builder.place(
            Kind.ADMIN1,
            entry.name,
            entry.country,
            admin1=entry.code,
            position=(entry.lat, entry.lon),
            population=sum(city.population for city in members),
            radius_km=_reach(entry.lat, entry.lon, members, 10.0),
            timezone=max(members, key=lambda city: city.population).timezone if members else "",
        )
        for text in entry.other_names:
            builder.name(place, text, ALTERNATE)
        for language, text in entry.labels:
            builder.name(place, text, OWN)
            builder.label(place, language, text)
    return ids


def _nearest_cities(entry: Subdivision, rows: list[int], cities: Sequence[City]) -> list[int]:
    """For a level GeoNames does not have: the cities of the country within 30 km of the subdivision's
    point."""
    if not rows:
        return []
    apart = distance_km(entry.lat, entry.lon, [cities[r].lat for r in rows], [cities[r].lon for r in rows])
    return [rows[int(n)] for n in np.flatnonzero(apart <= 10.0)]


def _reach(lat: float, lon: float, cities: Sequence[City], margin_km: float) -> int:
    if not cities:
        return 50
    apart = distance_km(lat, lon, [city.lat for city in cities], [city.lon for city in cities])
    return math.ceil(float(apart.max()) + margin_km)


def add_countries(builder: Builder, lands: Sequence[Land], cities: Sequence[City]) -> dict[str, int]:
    """Every country by ISO code, under its names in all languages of CLDR."""
    members: dict[str, list[City]] = defaultdict(list)
    for city in cities:
        members[city.country].append(city)
    ids = {}
    for land in lands:
        inside = members.get(land.iso, [])
        capitals = [city for city in inside if fold(city.name) == fold(land.capital)]
        seat = max(capitals or inside, key=lambda city: city.population, default=None)
        ids[land.iso] = builder.place(
            Kind.COUNTRY,
            land.name,
            land.iso,
            position=(seat.lat, seat.lon) if seat else (0.0, 0.0),
            population=land.population,
            radius_km=_reach(seat.lat, seat.lon, inside, 50.0) if seat else 50,
            timezone=seat.timezone if seat else "",
        )
    for language in languages():
        for iso, text in territory_names(language).items():
            if iso in ids and text != iso:
                plain = _ASIDE.sub("", text)
                for name in {text, plain, *re.findall(r"\((.*?)\)", text)}:
                    builder.name(ids[iso], name, OWN)
                builder.label(ids[iso], language, plain)
    return ids


def add_zone_cities(builder: Builder) -> None:
    """CLDR's names of the city that stands for each time zone, in every language."""
    target: dict[tuple[str, str], int] = {}
    for zone in [*zone_keys(), *zone_cities("en")]:
        found = _city(builder, zone.country, zone.name)
        if found:
            target.setdefault((zone.country, zone.key), found)
    for language in languages():
        for zone in zone_cities(language):
            place = target.get((zone.country, zone.key))
            if place:
                builder.name(place, zone.name, OWN)
                builder.label(place, language, zone.name, replace=True)


def _city(builder: Builder, country: str, name: str) -> int:
    """The largest city of the country known by that name, 0 when there is none."""
    rows = [builder.places[place - 1] for place in builder.known_as(name)]
    cities = [row for row in rows if row[1] == Kind.CITY and row[3] == country]
    return max(cities, key=lambda row: (fold(row[2]) == fold(name), row[7]))[0] if cities else 0


def add_aliases(builder: Builder, countries: dict[str, int], subdivisions: dict[str, int]) -> None:
    """Our own names. Raises GazetteerError when one names a place that is not there."""
    for number, line in enumerate(ALIASES.read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        target, language, names = line.split("\t")
        country, _, city = target.partition("/")
        place = (
            _city(builder, country, city) if city else countries.get(target) or subdivisions.get(target, 0)
        )
        if not place:
            raise GazetteerError("alias", "alias of an unknown place", f"aliases.tsv:{number}")
        listed = names.split("|")
        for text in listed:
            builder.name(place, text, OWN)
        if language:
            builder.label(place, language, listed[0], replace=True)


def add_districts(builder: Builder) -> None:
    """Quarters, campuses and resorts that GeoNames' cities lack, from our own list."""
    for line in DISTRICTS.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        country, lat, lon, radius_km, population, zone, names = line.split("\t")
        position = float(lat), float(lon)
        listed = names.split("|")
        place = _same(builder, country, position, listed) or builder.place(
            Kind.CITY,
            listed[0],
            country,
            position=position,
            population=int(population),
            radius_km=int(radius_km),
            timezone=zone,
        )
        for text in listed:
            builder.name(place, text, OWN)


def _same(builder: Builder, country: str, position: tuple[float, float], names: Sequence[str]) -> int:
    """The largest city near by that GeoNames knows under one of these names, 0 when there is none."""
    known = [builder.places[place - 1] for name in names for place in builder.known_as(name)]
    here = [
        row
        for row in known
        if row[1] == Kind.CITY and row[3] == country and between_km(*position, row[5], row[6]) <= SAME_KM
    ]
    return max(here, key=lambda row: row[7])[0] if here else 0


def add_own_names(
    builder: Builder, countries: Mapping[str, int], names: Mapping[str, Mapping[str, str]]
) -> None:
    """What the worldview calls countries."""
    for code, texts in names.items():
        if code not in countries:
            raise GazetteerError("worldview", f"names of an unknown country {code}")
        for language, text in texts.items():
            builder.name(countries[code], text, OWN)
            builder.label(countries[code], language, text, replace=True)
