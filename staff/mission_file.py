"""A file of missions: all of it or nothing, every mistake with its line. Pure.

CSV with the columns name, country, phone, city, lat, lon, source, checked, in any order, separated by comma,
semicolon or tab; UTF-8. `lat` and `lon` in degrees may both be empty, `checked` is a date such as 2026-11-22.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO

from staff.errors import StaffError

COLUMNS = ("name", "country", "phone", "city", "lat", "lon", "source", "checked")
MOST_BYTES = 5_000_000
MOST_MISTAKES = 50  # told at once
LONGEST = {"name": 120, "phone": 40, "city": 80, "source": 200}
_PHONE = re.compile(r"\+[0-9][0-9 ()./-]{5,}")

CountryOf = Callable[[str], str | None]
"""ISO-2 of what somebody wrote for a country; None when it is none."""


class MissionsRefusedError(StaffError):
    """A file that was not taken in; nothing of it was."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        more = [f"and {len(mistakes) - MOST_MISTAKES} more"] if len(mistakes) > MOST_MISTAKES else []
        super().__init__("missions", "\n".join([*mistakes[:MOST_MISTAKES], *more]))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True)
class ListedMission:
    """One line of the file."""

    name: str
    country: str
    phone: str
    city: str
    lat: float | None
    lon: float | None
    source: str
    checked_on: date


def read(data: bytes, country_of: CountryOf, today: date) -> list[ListedMission]:
    """Raises MissionsRefusedError with every mistake."""
    if len(data) > MOST_BYTES:
        raise MissionsRefusedError([f"the file is larger than {MOST_BYTES:,} bytes"])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MissionsRefusedError(["this is not UTF-8: save the file as UTF-8"]) from None
    first = text.split("\n", 1)[0]
    reader = csv.reader(StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error:
        raise MissionsRefusedError(["a quotation mark is not closed"]) from None
    heads = [cell.strip().lower() for cell in rows[0][1]] if rows else []
    if sorted(heads) != sorted(COLUMNS):
        raise MissionsRefusedError([f"line 1: the columns must be {', '.join(COLUMNS)}"])
    found, mistakes = [], []
    seen: dict[tuple[str, str], int] = {}
    for line, row in rows[1:]:
        if len(row) != len(heads):
            mistakes.append(f"line {line}: {len(row)} cells instead of {len(heads)}")
            continue
        cells = dict(zip(heads, (cell.strip() for cell in row), strict=True))
        country, checked = country_of(cells["country"]), _date(cells["checked"])
        wrong = _wrong(cells)
        if country is None:
            wrong.append(("country", f"{cells['country']!r} is no country we know"))
        if checked is None or checked > today:
            wrong.append(("checked", "must be a date such as 2026-11-22, not later than today"))
        mistakes.extend(f"line {line}, {column}: {reason}" for column, reason in wrong)
        if country is not None and checked is not None and not wrong:
            one = _mission(cells, country, checked)
            if (before := seen.setdefault((one.country, one.name), line)) != line:
                mistakes.append(f"line {line}, name: {one.name} in {one.country} is on line {before} already")
            found.append(one)
    if mistakes:
        raise MissionsRefusedError(mistakes)
    return found


def _wrong(cells: Mapping[str, str]) -> list[tuple[str, str]]:
    """(column, what is wrong with it)."""
    wrong = [
        (column, f"longer than {most} characters")
        for column, most in LONGEST.items()
        if len(cells[column]) > most
    ]
    wrong.extend((column, "is missing") for column in ("name", "source") if not cells[column])
    if not _PHONE.fullmatch(cells["phone"]):
        wrong.append(("phone", "must begin with + and the country's calling code"))
    if bool(cells["lat"]) != bool(cells["lon"]):
        wrong.append(("lat", "lat and lon must both be there, or neither"))
    wrong.extend(
        (column, f"must be a number between -{most} and {most}")
        for column, most in (("lat", 90), ("lon", 180))
        if cells[column] and not _within(cells[column], most)
    )
    return wrong


def _mission(cells: Mapping[str, str], country: str, checked: date) -> ListedMission:
    return ListedMission(
        name=cells["name"],
        country=country,
        phone=cells["phone"],
        city=cells["city"],
        lat=float(cells["lat"]) if cells["lat"] else None,
        lon=float(cells["lon"]) if cells["lon"] else None,
        source=cells["source"],
        checked_on=checked,
    )


def _within(text: str, most: int) -> bool:
    try:
        return -most <= float(text) <= most
    except ValueError:
        return False


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
