"""ISO 3166-2 subdivisions (package iso3166-2, MIT), and which of them each GeoNames city lies in.

Used when the gazetteer is compiled, only then. There are no free admin-1 outlines in any package, so
membership comes from GeoNames' own admin-1 codes, joined to ISO's by position: the subdivision's point
lies among its cities.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from iso3166_2 import Subdivisions

from places.distance import Floats, distance_km
from places.source_cities import City

_OTHER_NAME = re.compile(r"([^(),]+?)\s*\(([^()]*)\)")
_LANGUAGES = {
    "tha": "th", "jpn": "ja", "zho": "zh", "kor": "ko", "ara": "ar", "rus": "ru", "mya": "my", "khm": "km",
    "lao": "lo", "ukr": "uk", "hin": "hi", "fas": "fa", "heb": "he",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subdivision:
    """One ISO 3166-2 entry. `labels`: (language, name) where the source names a language we know."""

    code: str
    country: str
    name: str
    lat: float
    lon: float
    parent: str
    other_names: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]


def read_subdivisions(country_of: Callable[[str], str]) -> list[Subdivision]:
    """All 5,000 of them; `country_of` says which country one of ISO's counts as."""
    found = []
    for country, entries in Subdivisions().all.items():
        for code, entry in entries.items():
            named = _OTHER_NAME.findall((entry["localOtherName"] or "").strip("'\""))
            pairs = [(text.strip(" '\""), language.strip()) for text, language in named]
            labels = {
                _LANGUAGES[language]: text for text, language in reversed(pairs) if language in _LANGUAGES
            }
            found.append(
                Subdivision(
                    code=code,
                    country=country_of(country),
                    name=entry["name"],
                    lat=float(entry["latLng"][0]),
                    lon=float(entry["latLng"][1]),
                    parent=entry["parentCode"] or "",
                    other_names=tuple(text for text, _ in pairs if text),
                    labels=tuple(labels.items()),
                )
            )
    return found


def assign(cities: Sequence[City], subdivisions: Sequence[Subdivision]) -> list[str]:
    """The ISO 3166-2 code of each city, "" where its country has none."""
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, city in enumerate(cities):
        rows_of[city.country].append(row)
    codes = [""] * len(cities)
    by_country: dict[str, list[Subdivision]] = defaultdict(list)
    for entry in subdivisions:
        by_country[entry.country].append(entry)
    for country, entries in by_country.items():
        rows = rows_of.get(country, [])
        if rows:
            found = _assign_country([cities[row] for row in rows], entries)
            for row, code in zip(rows, found, strict=True):
                codes[row] = code
    return codes


def _assign_country(cities: Sequence[City], entries: Sequence[Subdivision]) -> list[str]:
    groups = np.array([city.group for city in cities])
    lats, lons = np.array([city.lat for city in cities]), np.array([city.lon for city in cities])
    level = _level(entries, len(set(groups.tolist())))
    owners: dict[str, list[Subdivision]] = defaultdict(list)
    for entry in level:
        nearest = np.argsort(distance_km(entry.lat, entry.lon, lats, lons))[:3]
        owners[Counter(groups[nearest].tolist()).most_common(1)[0][0]].append(entry)
    found = np.empty(len(cities), dtype=object)
    for group in set(groups.tolist()):
        rows = np.flatnonzero(groups == group)
        candidates = owners.get(group) or level
        apart = np.stack([distance_km(e.lat, e.lon, lats[rows], lons[rows]) for e in candidates])
        if group not in owners:  # one subdivision for the whole group, the one nearest to most of its cities
            apart = np.broadcast_to(apart.mean(axis=1, keepdims=True), apart.shape)
        best: Floats = apart.argmin(axis=0)
        found[rows] = [candidates[int(n)].code for n in best]
    return [str(code) for code in found]


def _level(entries: Sequence[Subdivision], groups: int) -> list[Subdivision]:
    """ISO's top or bottom level, whichever is about as fine as GeoNames' admin-1."""
    parents = {entry.parent for entry in entries}
    roots = [entry for entry in entries if not entry.parent]
    leaves = [entry for entry in entries if entry.code not in parents]
    return min((roots, leaves), key=lambda level: abs(len(level) - groups)) or list(entries)
