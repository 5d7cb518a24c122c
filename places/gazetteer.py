"""Gazetteer: from a name in any language to places, and from a position to the place it is in.

Reads the one SQLite file it is opened with; safe to ask from several threads. Asking costs 0.1 ms for a known
name, a few for a misspelt one; memory about 30 MB.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from places.atlas import Atlas, read_atlas, read_index, read_simplified
from places.countries import touched
from places.errors import GazetteerError
from places.locate import Spot, locate
from places.lookup import Found, Lookup
from places.matcher import Matcher
from places.ranking import Match
from places.region import Region
from places.regions import AtlasRegions
from places.schema import SCHEMA_VERSION, Kind


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place somebody may have meant. `name`, `region` (of admin1) and `land` (of country) are in the
    asker's language where known; `country` is ISO 3166-1 alpha-2, `admin1` ISO 3166-2 or ""; `score` 0..1,
    higher is likelier; somebody "there" is within `radius_km` of (lat, lon), for a country that means
    nearly anywhere."""

    id: int
    name: str
    kind: Kind
    country: str
    admin1: str
    lat: float
    lon: float
    score: float
    match: Match
    population: int
    radius_km: float
    timezone: str
    region: str
    land: str


class Gazetteer:
    """An open gazetteer file. Make it with `open`; close it when done."""

    def __init__(self, connection: sqlite3.Connection, atlas: Atlas, lookup: Lookup) -> None:
        self.atlas = atlas
        self._connection = connection
        self._lookup = lookup
        self._regions = AtlasRegions(atlas, self._subdivisions)
        rows = connection.execute("SELECT id, kind, country, admin1 FROM place WHERE kind != ?", (Kind.CITY,))
        self._ids = {country if kind == Kind.COUNTRY else admin1: id_ for id_, kind, country, admin1 in rows}

    @classmethod
    def open(cls, path: Path) -> "Gazetteer":
        """Open a file written by `places.compile`. Raises GazetteerError when it is missing, damaged or of
        another schema; compiling again cures all three."""
        if not path.is_file():
            raise GazetteerError("missing", "gazetteer file is missing; compile it first")
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        try:
            row = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
            if row is None or row[0] != str(SCHEMA_VERSION):
                raise GazetteerError("version", "gazetteer file is of another version; compile it again")
            lookup = Lookup(connection, read_index(connection), read_simplified(connection))
            return cls(connection, read_atlas(connection), lookup)
        except sqlite3.DatabaseError as fault:
            connection.close()
            raise GazetteerError("damaged", "gazetteer file is damaged; compile it again") from fault
        except GazetteerError:
            connection.close()
            raise

    def close(self) -> None:
        """Let go of the file; the atlas stays usable."""
        self._connection.close()

    def find(self, text: str, language: str | None = None, limit: int = 3) -> tuple[Candidate, ...]:
        """The likeliest places for a typed name, best first; () when nothing comes near.

        `language` (BCP 47, "vi", "zh-Hant") only decides in which language the answers are named. A FUZZY
        candidate must be confirmed by the asker before anything is done with it.
        """
        return tuple(self._candidate(found, language) for found in self._lookup.find(text)[:limit])

    def at(self, lat: float, lon: float) -> Spot:
        """Where a position (degrees) is. Raises CoordinateError."""
        return locate(self.atlas, lat, lon)

    def touch(self, ready: Matcher) -> frozenset[str]:
        """Countries an area's shapes may touch; fits `Area.touches_countries` and `places.area.readings`."""
        return touched(self.atlas, ready)

    def region(self, code: str) -> Region | None:
        """What is known of a region (ISO 3166-2) that `Spot.admin1` may name; fits `Area.matcher`."""
        return self._regions(code)

    def regions(self) -> Mapping[str, tuple[str, ...]]:
        """The codes of all regions that `Spot.admin1` may name, by country."""
        return self._regions.by_country()

    def name(self, place: int, language: str | None = None) -> str:
        """The name of a place by id (`Candidate.id`, `Spot.place`), in `language` where known; "" for no
        place."""
        for wanted in _fallbacks(language):
            query = "SELECT text FROM label WHERE place = ? AND language = ?"
            with closing(self._connection.execute(query, (place, wanted))) as rows:
                row = rows.fetchone()
            if row:
                return str(row[0])
        with closing(self._connection.execute("SELECT name FROM place WHERE id = ?", (place,))) as rows:
            row = rows.fetchone()
        return str(row[0]) if row else ""

    def name_of(self, code: str, language: str | None = None) -> str:
        """The name of a country (ISO 3166-1 alpha-2) or region (ISO 3166-2); "" when unknown."""
        return self.name(self._ids[code], language) if code in self._ids else ""

    def countries(self) -> tuple[str, ...]:
        """Every country code the gazetteer knows, sorted."""
        return tuple(sorted(code for code in self._ids if len(code) == 2))

    def _subdivisions(self, country: str) -> list[tuple[str, float, float]]:
        query = "SELECT admin1, lat, lon FROM place WHERE kind = ? AND country = ?"
        with closing(self._connection.execute(query, (Kind.ADMIN1, country))) as rows:
            return [(str(code), float(lat), float(lon)) for code, lat, lon in rows]

    def _candidate(self, found: Found, language: str | None) -> Candidate:
        place = found.place
        return Candidate(
            id=place.id,
            name=self.name(place.id, language),
            kind=place.kind,
            country=place.country,
            admin1=place.admin1,
            lat=place.lat,
            lon=place.lon,
            score=round(found.score, 4),
            match=found.match,
            population=place.population,
            radius_km=float(place.radius_km),
            timezone=place.timezone,
            region=self.name_of(place.admin1, language),
            land=self.name_of(place.country, language),
        )


def _fallbacks(language: str | None) -> tuple[str, ...]:
    """ "zh-Hant-TW" -> zh_Hant, zh; None -> the main name."""
    if not language:
        return ()
    parts = language.replace("-", "_").split("_")
    if parts[0] == "zh" and {"TW", "HK", "MO", "Hant"} & set(parts[1:]):
        return ("zh_Hant", "zh")
    return (parts[0],)
