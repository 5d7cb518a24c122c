"""Builder: collects places with all their names and labels, then writes the name tables of the gazetteer
file.

Used when the gazetteer is compiled, only then. Touches the SQLite connection it is given; names wait in a
temporary table there, because a million of them would need half a gigabyte as Python objects.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from zlib import compress

from places.folding import exact_key, fold, one_script, script_of
from places.phonetics import skeleton, sounds
from places.schema import Kind

MAX_NAME = 60
"""Longer alternates are ceremonial titles and descriptions, not something people type."""
SHORT_BONES = 2
KNOWN_FROM = 15_000
"""Two consonants are heard in very many names: only places of so many people answer to them."""
MOST_OWNERS = 6
"""Of the places that sound alike, the largest are kept."""
OWN, ALTERNATE = 0, 1
BATCH = 50_000
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

    def __init__(self, connection: sqlite3.Connection, simplified: Mapping[str, str]) -> None:
        self.places: list[tuple[int, str, str, str, str, float, float, int, int, str]] = []
        self._connection = connection
        self._simplified = str.maketrans(dict(simplified))
        self._waiting: list[tuple[str, int, str, int, int]] = []
        self._labels: dict[tuple[int, str], str] = {}
        connection.execute(
            "CREATE TEMP TABLE raw (folded TEXT, place INTEGER, exact TEXT, grade INTEGER, guessed INTEGER)"
        )

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
        guessed: bool = True,
    ) -> int:
        """Add a place and its main name; returns its id (from 1)."""
        number = len(self.places) + 1
        lat, lon = position
        self.places.append(
            (number, kind.value, name, country, admin1, lat, lon, population, radius_km, timezone)
        )
        self.name(number, name, OWN, guessed=guessed)
        return number

    def name(self, place: int, text: str, grade: int, *, guessed: bool = True) -> None:
        """Let `place` be found as `text`, misspelt too when it may be `guessed`."""
        folded = fold(text)
        if not folded or len(text) > MAX_NAME:
            return
        exact = exact_key(text)
        self._waiting.append((folded, place, exact, grade, int(guessed)))
        if not folded.isascii():
            plain = folded.translate(self._simplified)
            if plain != folded:
                self._waiting.append((plain, place, exact.translate(self._simplified), grade, int(guessed)))
        if len(self._waiting) >= BATCH:
            self._flush()

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

    def index(self) -> None:
        """Make `known_as` fast; called once most names are in."""
        self._flush()
        self._connection.execute("CREATE INDEX temp.raw_folded ON raw (folded)")

    def known_as(self, text: str) -> list[int]:
        """Ids of the places found as `text`."""
        self._flush()
        query = "SELECT DISTINCT place FROM raw WHERE folded = ? ORDER BY place"
        with closing(self._connection.execute(query, (fold(text),))) as rows:
            return [int(row[0]) for row in rows]

    def write(self) -> None:
        """Fill the tables in key order, so that the file stays compact."""
        self._flush()
        self._connection.executemany("INSERT INTO place VALUES (?,?,?,?,?,?,?,?,?,?)", self.places)
        self._connection.execute(
            "INSERT INTO name SELECT folded, place,"
            " CASE WHEN min(exact) = folded AND max(exact) = folded THEN ''"
            " ELSE group_concat(exact, char(10)) END, min(grade)"
            " FROM (SELECT folded, place, exact, min(grade) AS grade FROM raw GROUP BY folded, place, exact)"
            " GROUP BY folded, place ORDER BY folded, place"
        )
        labels = ((place, language, text) for (place, language), text in self._labels.items())
        self._connection.executemany("INSERT INTO label VALUES (?,?,?)", sorted(labels))
        query = "SELECT DISTINCT folded FROM raw WHERE guessed = 1"
        names = [row[0] for row in self._connection.execute(query)]
        self._lines("heads", names)
        self._lines("tails", [name[::-1] for name in names])
        self._lines("spoken", self._spoken())

    def _spoken(self) -> Iterator[str]:
        """ "skeleton|sounds|place,place" of everything that may be guessed by its sound, largest first."""
        owners: dict[str, set[int]] = defaultdict(set)
        heard: dict[str, str] = {}
        for folded, place in self._connection.execute("SELECT folded, place FROM raw WHERE guessed = 1"):
            if folded.isascii():
                if folded not in heard:
                    heard[folded] = sounds(folded)
                owners[heard[folded]].add(place)
        for said, places in owners.items():
            bones = skeleton(said)
            known = sorted(places, key=lambda place: -self.places[place - 1][7])[:MOST_OWNERS]
            if len(bones) == SHORT_BONES:
                known = [place for place in known if self.places[place - 1][7] >= KNOWN_FROM]
            if known and len(bones) >= SHORT_BONES:
                yield f"{bones}|{said}|{','.join(map(str, known))}"

    def _lines(self, name: str, lines: Iterable[str]) -> None:
        block = b"\n".join([b"", *sorted(line.encode() for line in lines), b""])
        self._connection.execute("INSERT INTO blob VALUES (?,?,?)", (name, "lines", compress(block)))

    def _flush(self) -> None:
        self._connection.executemany("INSERT INTO raw VALUES (?,?,?,?,?)", self._waiting)
        self._waiting.clear()
