"""The world as this installation knows it: names, borders, time zones, emergency numbers. Reads one
compiled file."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from babel import Locale, UnknownLocaleError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.settings import Settings
from places.area import Touch
from places.compile import compile_gazetteer, is_current
from places.emergency import emergency_numbers
from places.errors import PlaceError
from places.gazetteer import Candidate, Gazetteer
from places.ranking import Match
from places.region import Regions
from places.worldview import OURS
from staff import emergency

_PARTS = re.compile(r"[,;:/|()\n]|\s[-\N{EN DASH}\N{EM DASH}]\s")
NAMESAKES = 200  # of "San Antonio" some 120 are known
MOST_NEAR = 3  # further countries a position at a border may lie in


@dataclass(frozen=True, slots=True)
class Found:
    """A place found by name; fulfils `handlers.kit.NamedPlace`."""

    name: str
    kind: str
    country: str
    admin1: str | None
    lat: float
    lon: float
    radius_km: float
    time_zone: str | None
    match: str


@dataclass(frozen=True, slots=True)
class Around:
    """What lies at a position; fulfils `handlers.kit.Surroundings`."""

    country: str
    near: tuple[str, ...]
    admin1: str | None
    city: str | None
    time_zone: str | None


@dataclass(frozen=True, slots=True)
class Geography:
    """Everything about places that the rest of the house is handed."""

    gazetteer: Gazetteer
    confirmed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Emergency numbers that officers confirmed, by country; read again by `learn`."""

    async def learn(self, connection: AsyncConnection) -> None:
        """Read what officers confirmed since."""
        fresh = {code: one.numbers for code, one in (await emergency.confirmed(connection)).items()}
        self.confirmed.clear()
        self.confirmed.update(fresh)

    @property
    def touch(self) -> Touch:
        """Which countries an area's shapes may touch."""
        return self.gazetteer.touch

    @property
    def region(self) -> Regions:
        """What is known of a region by its code."""
        return self.gazetteer.region

    def known(self, name: str) -> frozenset[str]:
        """Countries in which a place of that name is known, letter for letter or without its accents; of
        "Lima, Peru" those of either part. Nothing is guessed: () for words that name no place."""
        parts = dict.fromkeys(part.strip() for part in (name, *_PARTS.split(name)) if part.strip())
        found = (one for part in parts for one in self.gazetteer.find(part, limit=NAMESAKES))
        return frozenset(one.country for one in found if one.match is not Match.FUZZY and one.country)

    def find(self, text: str, language: str) -> Sequence[Found]:
        """Up to three places a typed text may mean, best first, named in `language` with their
        surroundings."""
        return [_found(candidate) for candidate in self.gazetteer.find(text, language)]

    def around(self, lat: float, lon: float, language: str) -> Around | None:
        """What lies at a position (degrees); None where that is no position on earth."""
        try:
            spot = self.gazetteer.at(lat, lon)
        except PlaceError:
            return None
        others = tuple(code for code in spot.countries if code != spot.country)
        return Around(
            country=spot.country,
            near=others[:MOST_NEAR],
            admin1=spot.admin1[0] if spot.admin1 else None,
            city=self.gazetteer.name(spot.place, language) or None,
            time_zone=spot.timezone,
        )

    def emergency_numbers(self, country: str) -> Sequence[str]:
        """Emergency numbers of a country (ISO 3166-1 alpha-2): those an officer confirmed, else those sources
        agree on; () = show the mission's phone."""
        return emergency_numbers(country, self.confirmed)

    def country_name(self, country: str, language: str) -> str:
        """A country's name in a language, its code where nobody knows better."""
        return self.gazetteer.name_of(country, language) or country

    def language_name(self, language: str) -> str:
        """A language's name in itself."""
        try:
            return str(Locale.parse(language.replace("-", "_")).get_display_name() or language)
        except (UnknownLocaleError, ValueError):
            return language

    def candidates(self, text: str, language: str) -> list[dict[str, Any]]:
        """`find` for scripts."""
        shown = ("name", "kind", "country", "admin1", "lat", "lon", "score", "match")
        return [
            {name: asdict(candidate)[name] for name in shown}
            for candidate in self.gazetteer.find(text, language)
        ]

    def spot(self, lat: float, lon: float) -> dict[str, Any]:
        """What lies at a position, for scripts; raises `PlaceError`."""
        spot = self.gazetteer.at(lat, lon)
        return {
            "country": spot.country,
            "admin1": list(spot.admin1),
            "nearest_city": self.gazetteer.name(spot.place),
            "time_zone": spot.timezone,
            "cell": spot.cell,
            "emergency_numbers": list(self.emergency_numbers(spot.country)),
        }


def gazetteer_is_current(settings: Settings) -> bool:
    """Whether the compiled file is there and as new as this version."""
    return is_current(settings.gazetteer_path, settings.worldview or OURS)


def ensure_gazetteer(settings: Settings) -> None:
    """Compile the gazetteer when it is missing or old; about a minute, once."""
    path, worldview = settings.gazetteer_path, settings.worldview or OURS
    if not is_current(path, worldview):
        path.parent.mkdir(parents=True, exist_ok=True)
        compile_gazetteer(path, worldview)


def open_geography(settings: Settings) -> Geography:
    """Open the compiled gazetteer, compiling it first when it is missing or old."""
    ensure_gazetteer(settings)
    return Geography(Gazetteer.open(settings.gazetteer_path))


def _found(candidate: Candidate) -> Found:
    around = [name for name in (candidate.region, candidate.land) if name and name != candidate.name]
    return Found(
        name=", ".join([candidate.name, *dict.fromkeys(around)]),
        kind=candidate.kind,
        country=candidate.country,
        admin1=candidate.admin1 or None,
        lat=candidate.lat,
        lon=candidate.lon,
        radius_km=candidate.radius_km,
        time_zone=candidate.timezone or None,
        match=candidate.match.value,
    )
