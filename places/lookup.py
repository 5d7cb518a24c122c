"""Lookup: the ways to find a place by name, from exact to far-fetched, in the gazetteer's tables.

Reads the connection it is given.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass

from places.folding import bridge, exact_key, fold, tidy
from places.fuzzy import close_names
from places.phrasing import Reading, readings, wider
from places.ranking import BRIDGED_TEXT, EXACT_TEXT, FOLDED_TEXT, FUZZY_TEXT, WIDER_TEXT, Match, score
from places.schema import Kind

_NAMED = """
SELECT n.folded, n.exact, n.grade, p.id, p.kind, p.name, p.country, p.admin1, p.lat, p.lon, p.population,
       p.radius_km, p.timezone
FROM name n JOIN place p ON p.id = n.place WHERE n.folded = ?
"""

FAR_BEHIND = 0.2
"""Candidates this much less likely than the first are not worth showing."""


@dataclass(frozen=True, slots=True)
class Place:
    """One row of the gazetteer."""

    id: int
    kind: Kind
    name: str
    country: str
    admin1: str
    lat: float
    lon: float
    population: int
    radius_km: int
    timezone: str


@dataclass(frozen=True, slots=True)
class Found:
    """A place, how its name fits the text, and how likely it is meant (0..1)."""

    place: Place
    match: Match
    score: float


class Lookup:
    """Questions to one open gazetteer file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def find(self, text: str) -> list[Found]:
        """Every place the text may mean, likeliest first, each once."""
        ways = readings(text)
        for way in ways:
            found = self._read(way)
            if found:
                return found
        found = self._named(bridge(tidy(text)), BRIDGED_TEXT, "")
        if found:
            return _ranked(found)
        close = [hit for way in ways if not way.within for hit in self._close(way.name)]
        parts = wider(text)
        if parts:
            within = [
                hit for way in ways if way.within for hit in self._inside(self._close(way.name), way.within)
            ]
            whole = [hit for part in parts for hit in self._named(fold(part), WIDER_TEXT, "")]
            close = [*within, *whole] or close
        return _ranked(close)

    def _read(self, way: Reading) -> list[Found]:
        found = self._named(fold(way.name), FOLDED_TEXT, exact_key(way.name))
        return _ranked(self._inside(found, way.within) if way.within else found)

    def _inside(self, found: list[Found], within: str) -> list[Found]:
        """Those that lie in the country or region called `within`; none when nothing is called so."""
        if not found:
            return []
        outer = _ranked(self._named(fold(within), FOLDED_TEXT, exact_key(within)))
        countries = {hit.place.country for hit in outer if hit.place.kind is Kind.COUNTRY}
        regions = {hit.place.admin1 for hit in outer if hit.place.kind is Kind.ADMIN1}
        if not countries and not regions and outer:
            countries = {outer[0].place.country}  # "Hoan Kiem, Hanoi": near that city, so in its country
        return [hit for hit in found if hit.place.country in countries or hit.place.admin1 in regions]

    def _close(self, name: str) -> list[Found]:
        """Misspelt: as typed, and transliterated when it is not Latin."""
        hits: list[Found] = []
        for key, weight in ((fold(name), FUZZY_TEXT), (bridge(name), BRIDGED_TEXT * FUZZY_TEXT)):
            for folded, similarity in close_names(self._connection, key) if key else ():
                hits.extend(self._named(folded, weight * similarity, ""))
        return hits

    def _named(self, folded: str, text: float, exact: str) -> list[Found]:
        """Places with exactly this folded name; `text` is how well that fits unless `exact` is one of its
        keys."""
        if not folded:
            return []
        with closing(self._connection.execute(_NAMED, (folded,))) as rows:
            return [_found(row, text, exact) for row in rows]


def _found(
    row: tuple[str, str, int, int, str, str, str, str, float, float, int, int, str], text: float, exact: str
) -> Found:
    folded, exacts, grade, id_, kind, name, country, admin1, lat, lon, population, radius_km, timezone = row
    place = Place(id_, Kind(kind), name, country, admin1, lat, lon, population, radius_km, timezone)
    if exact and exact in (exacts.split("\n") if exacts else (folded,)):
        fit, match = EXACT_TEXT, Match.EXACT
    else:
        fit, match = text, Match.FOLDED if text == FOLDED_TEXT else Match.FUZZY
    return Found(place, match, score(fit, place.kind, place.population, grade))


def _ranked(found: Iterable[Found]) -> list[Found]:
    """Best first, each place once."""
    best: dict[int, Found] = {}
    for hit in found:
        known = best.get(hit.place.id)
        if known is None or hit.score > known.score:
            best[hit.place.id] = hit
    listed = sorted(best.values(), key=lambda hit: (-hit.score, -hit.place.population, hit.place.id))
    return [hit for hit in listed if hit.score >= listed[0].score - FAR_BEHIND]
