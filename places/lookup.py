"""Lookup: the ways to find a place by name, from exact to far-fetched, in the gazetteer's tables.

Reads the connection it is given.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass

from places.folding import bridge, exact_key, fold, tidy
from places.fuzzy import NameIndex
from places.phrasing import Reading, readings, splits
from places.ranking import (
    BRIDGED_TEXT,
    EXACT_TEXT,
    FOLDED_TEXT,
    FUZZY_TEXT,
    HEARD_LATIN_TEXT,
    HEARD_TEXT,
    WIDER_TEXT,
    Match,
    score,
)
from places.schema import Kind

_NAMED = """
SELECT n.folded, n.exact, n.grade, p.id, p.kind, p.name, p.country, p.admin1, p.lat, p.lon, p.population,
       p.radius_km, p.timezone
FROM name n JOIN place p ON p.id = n.place WHERE n.folded = ?
"""
_PLACE = "SELECT id, kind, name, country, admin1, lat, lon, population, radius_km, timezone FROM place"

CLEAR = 0.8
"""A hit this likely (a town of 20,000 under its own name) needs no guesses beside it."""
ENOUGH = 3
CODED = ("US", "CA", "AU")
"""Where people write a region by its code: "Seattle, WA"."""
KNOWN_FROM = 50_000
"""One word of several names a city only when it is this large."""
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

    def __init__(
        self, connection: sqlite3.Connection, index: NameIndex, simplified: Mapping[int, str]
    ) -> None:
        self._connection = connection
        self._index = index
        self._simplified = simplified

    def find(self, text: str) -> list[Found]:
        """Every place the text may mean, likeliest first, each once."""
        ways = readings(text)
        plain = text.translate(self._simplified)
        if plain != text:  # all names are there in simplified characters too
            ways += readings(plain)
        for way in ways:
            found = self._read(way)
            if found:
                break
        else:
            found = self._named(bridge(tidy(text)), BRIDGED_TEXT, "")
        if found and (way.within or len(found) >= ENOUGH or max(hit.score for hit in found) >= CLEAR):
            return _ranked(found)
        names = list(dict.fromkeys(way.name for way in ways if not way.within))
        close = [hit for name in {names[0], names[-1]} for hit in self._guessed(name)] if names else []
        if found:
            return _ranked([*found, *close])
        return _ranked(self._by_parts(text)) or _ranked(close)

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
        regions.update(f"{country}-{within.upper()}" for country in CODED)
        if not countries and outer and not any(hit.place.admin1 in regions for hit in found):
            countries = {outer[0].place.country}  # "Hoan Kiem, Hanoi": near that city, so in its country
        return [hit for hit in found if hit.place.country in countries or hit.place.admin1 in regions]

    def _guessed(self, name: str) -> list[Found]:
        """Misspelt, written down by ear, or in another script than we know the place in."""
        hits: list[Found] = []
        for key, weight in ((fold(name), FUZZY_TEXT), (bridge(name), BRIDGED_TEXT * FUZZY_TEXT)):
            for folded, similarity in self._index.close(key):
                hits.extend(self._named(folded, weight * similarity, ""))
        alike = dict(self._index.alike(name))
        weight = HEARD_LATIN_TEXT if fold(name).isascii() else HEARD_TEXT
        hits.extend(
            Found(place, Match.FUZZY, score(weight * alike[place.id], place.kind, place.population, 0))
            for place in self._places(list(alike))
        )
        return hits

    def _by_parts(self, text: str) -> list[Found]:
        """The wider place of "unknown street, Lima", or the one known word of a few."""
        for head, tail in splits(text):
            outer = [hit for hit in self._named(fold(tail), WIDER_TEXT, "") if _is_known(hit.place)]
            if outer:
                return [*self._inside(self._guessed(head), tail), *outer]
        for head, tail in splits(text):
            first = [hit for hit in self._named(fold(head), WIDER_TEXT, "") if _is_known(hit.place)]
            if first:
                return [*first, *self._inside(self._guessed(tail), head)]
        for head, tail in splits(text):
            first, last = self._named(fold(head), WIDER_TEXT, ""), self._named(fold(tail), WIDER_TEXT, "")
            shared = {hit.place.country for hit in first} & {hit.place.country for hit in last}
            if shared:
                return [hit for hit in (*first, *last) if hit.place.country in shared]
        return []

    def _named(self, folded: str, text: float, exact: str) -> list[Found]:
        """Places with exactly this folded name; `text` is how well that fits unless `exact` is one of its
        keys."""
        if not folded:
            return []
        with closing(self._connection.execute(_NAMED, (folded,))) as rows:
            return [_found(row, text, exact) for row in rows]

    def _places(self, ids: list[int]) -> list[Place]:
        query = f"{_PLACE} WHERE id IN ({','.join('?' * len(ids))})"
        with closing(self._connection.execute(query, ids)) as rows:
            return [Place(row[0], Kind(row[1]), *row[2:]) for row in rows]


def _is_known(place: Place) -> bool:
    """Whether one word of several may well mean this place."""
    return place.kind is not Kind.CITY or place.population >= KNOWN_FROM


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
