"""Builder: collects places with all their names and labels, then writes the name tables of the gazetteer
file.

Used when the gazetteer is compiled, only then. Touches the SQLite connection it is given.
"""

import sqlite3
from collections.abc import Iterable

from places.folding import exact_key, fold, one_script, script_of, sound_key
from places.schema import Kind

MAX_NAME = 60
"""Longer alternates are ceremonial titles and descriptions, not something people type."""
OWN, ALTERNATE = 0, 1
_SCRIPT_LANGUAGE = {
    "Thai": "th", "Laoo": "lo", "Khmr": "km", "Mymr": "my", "Kore": "ko", "Jpan": "ja", "Hebr": "he",
    "Grek": "el", "Geor": "ka", "Armn": "hy", "Taml": "ta", "Sinh": "si",
}  # fmt: skip
"""Scripts that, for place names, mean one language; Arabic, Cyrillic and Han do not."""

_AT_HOME = {
    ("JP", "Hani"): "ja", ("CN", "Hani"): "zh", ("TW", "Hani"): "zh", ("HK", "Hani"): "zh",
    ("MO", "Hani"): "zh",
    ("RU", "Cyrl"): "ru", ("UA", "Cyrl"): "uk",
}  # fmt: skip
"""Scripts that mean one language only for places of that country."""
_TELLING = {*_SCRIPT_LANGUAGE, *(script for _, script in _AT_HOME)}


class Builder:
    """Rows of `place`, `name` and `label`, keyed as the file wants them."""

    def __init__(self) -> None:
        self.places: list[tuple[int, str, str, str, str, float, float, int, int, str]] = []
        self._names: dict[str, dict[int, tuple[set[str], int]]] = {}
        self._labels: dict[tuple[int, str], str] = {}

    def place(
        self,
        kind: Kind,
        name: str,
        country: str,
        *,
        admin1: str = "",
        position: tuple[float, float],
        population: int,
        radius_km: int,
        timezone: str = "",
    ) -> int:
        """Add a place and its main name; returns its id (from 1)."""
        number = len(self.places) + 1
        lat, lon = position
        self.places.append(
            (number, kind.value, name, country, admin1, lat, lon, population, radius_km, timezone)
        )
        self.name(number, name, OWN)
        return number

    def name(self, place: int, text: str, grade: int) -> None:
        """Let `place` be found as `text`."""
        folded = fold(text)
        if not folded or len(text) > MAX_NAME:
            return
        exact, before = self._names.setdefault(folded, {}).get(place, (set(), grade))
        exact.add(exact_key(text))
        self._names[folded][place] = (exact, min(before, grade))

    def label(self, place: int, language: str, text: str, *, replace: bool = False) -> None:
        """Show `place` as `text` to people who use `language`; the first label stays unless replaced."""
        if replace or (place, language) not in self._labels:
            self._labels[place, language] = text

    def labels_by_script(self, place: int, country: str, names: Iterable[str]) -> None:
        """Labels from untagged names whose script gives the language away; the shortest of each."""
        foreign = [text for text in names if len(text) <= MAX_NAME and not text.isascii()]
        telling = [text for text in sorted(foreign, key=len) if script_of(text) in _TELLING]
        for text in telling:
            language = _AT_HOME.get((country, one_script(text)))
            if language:
                self.label(place, language, text)
        for text in telling:
            language = _SCRIPT_LANGUAGE.get(one_script(text))
            if language:
                self.label(place, language, text)

    def known_as(self, text: str) -> list[int]:
        """Ids of the places found as `text`."""
        return list(self._names.get(fold(text), ()))

    def write(self, connection: sqlite3.Connection) -> None:
        """Fill the tables in key order, so that the file stays compact."""
        connection.executemany("INSERT INTO place VALUES (?,?,?,?,?,?,?,?,?,?)", self.places)
        connection.executemany(
            "INSERT INTO name VALUES (?,?,?,?)",
            (
                (folded, place, "" if exact == {folded} else "\n".join(sorted(exact)), grade)
                for folded, owners in sorted(self._names.items())
                for place, (exact, grade) in sorted(owners.items())
            ),
        )
        connection.executemany("INSERT INTO tail VALUES (?)", sorted((key[::-1],) for key in self._names))
        sounds = ((sound_key(key), key) for key in self._names)
        connection.executemany("INSERT INTO sound VALUES (?,?)", sorted(pair for pair in sounds if pair[0]))
        labels = ((place, language, text) for (place, language), text in self._labels.items())
        connection.executemany("INSERT INTO label VALUES (?,?,?)", sorted(labels))
