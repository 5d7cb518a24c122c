"""How many citizens are thought to live in each country: figures of others, with their source and year.

Read from a file, all of it or nothing: every mistake is named with its line and column, and a file with one
changes nothing. Touches SQL; holds no person.
"""

import csv
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from locales.digits import ascii_digits
from registry.errors import RegistryError
from registry.tables import estimate
from storage.database import upsert

COLUMNS = ("country", "people", "source", "year")
MOST_PEOPLE = 500_000_000
FIRST_YEAR = 1950
MOST_SOURCE = 200  # characters
MOST_BYTES = 1_000_000
MOST_MISTAKES = 50  # told at once
_PEOPLE = re.compile(r"\d{1,3}(?:([ ,.'\u00a0\u202f])\d{3})(?:\1\d{3})*|\d+")

CountryOf = Callable[[str], str | None]
"""ISO-2 of what somebody wrote for a country; None when it is none."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Citizens thought to live in a country (ISO-2)."""

    country: str
    people: int
    source: str
    year: int


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in a file: line (the first is 1) and column, "" = the whole line."""

    line: int
    column: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}{f', {self.column}' if self.column else ''}: {self.text}"


class EstimatesRefusedError(RegistryError):
    """A file that was not taken in; nothing of it was."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        more = len(mistakes) - MOST_MISTAKES
        lines = [str(one) for one in mistakes[:MOST_MISTAKES]]
        if more > 0:
            lines.append(f"and {more} more")
        super().__init__("estimates", "\n".join(lines))
        self.mistakes = tuple(mistakes)


def read(data: bytes, country_of: CountryOf, this_year: int) -> list[Estimate]:
    """Read a CSV file: a line with the names of the columns, then one line per country.

    Columns in any order, separated by comma, semicolon or tab; UTF-8. Further columns are refused, so that
    nothing is dropped unseen.

    Raises:
        EstimatesRefusedError: every mistake in it.
    """
    if len(data) > MOST_BYTES:
        raise EstimatesRefusedError([Mistake(1, "", f"the file is larger than {MOST_BYTES:,} bytes")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise EstimatesRefusedError(
            [Mistake(line, "", "this is not UTF-8: save the file as UTF-8")]
        ) from None
    first = text.split("\n", 1)[0]
    reader = csv.reader(StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    lines: list[tuple[int, list[str]]] = []
    try:
        before = 0
        for row in reader:
            if any(cell.strip() for cell in row):
                lines.append((before + 1, [cell.strip() for cell in row]))
            before = reader.line_num
    except csv.Error:
        raise EstimatesRefusedError([Mistake(before + 1, "", "a quotation mark is not closed")]) from None
    if not lines:
        raise EstimatesRefusedError([Mistake(1, "", "the file is empty")])
    names = _names(lines[0])
    return _rows(lines[1:], names, country_of, this_year)


async def save(connection: AsyncConnection, found: Sequence[Estimate], now: datetime) -> None:
    """Keep these, each in place of an earlier one of its country; other countries stay as they are."""
    for one in found:
        row: dict[str, Any] = {
            "country": one.country,
            "people": one.people,
            "source": one.source,
            "year": one.year,
            "imported_at": now,
        }
        await upsert(connection, estimate, row, ["country"], ["people", "source", "year", "imported_at"])


async def known(
    connection: AsyncConnection, countries: Collection[str] | None = None
) -> Mapping[str, Estimate]:
    """What is known by country (ISO-2), of all countries or of some; a country that is missing is unknown."""
    query = select(estimate.c.country, estimate.c.people, estimate.c.source, estimate.c.year)
    if countries is not None:
        query = query.where(estimate.c.country.in_(sorted(countries)))
    rows = await connection.execute(query.order_by(estimate.c.country))
    return {row.country: Estimate(*row) for row in rows}


def _names(head: tuple[int, list[str]]) -> list[str]:
    line, cells = head
    names = [cell.casefold() for cell in cells]
    wrong = [Mistake(line, name, "there is no such column") for name in names if name not in COLUMNS]
    wrong += [Mistake(line, name, "this column is missing") for name in COLUMNS if name not in names]
    wrong += [Mistake(line, name, "this column is there twice") for name in COLUMNS if names.count(name) > 1]
    if wrong:
        raise EstimatesRefusedError(wrong)
    return names


def _rows(
    lines: Sequence[tuple[int, list[str]]], names: Sequence[str], country_of: CountryOf, this_year: int
) -> list[Estimate]:
    found: list[Estimate] = []
    wrong: list[Mistake] = []
    seen: dict[str, int] = {}
    for line, cells in lines:
        if len(cells) != len(names):
            wrong.append(Mistake(line, "", f"{len(cells)} columns instead of {len(names)}"))
            continue
        said = dict(zip(names, cells, strict=True))
        mistakes, one = _row(line, said, country_of, this_year)
        wrong += mistakes
        if one is None:
            continue
        if one.country in seen:
            wrong.append(Mistake(line, "country", f"{one.country} is on line {seen[one.country]} already"))
        seen.setdefault(one.country, line)
        found.append(one)
    if wrong:
        raise EstimatesRefusedError(wrong)
    if not found:
        raise EstimatesRefusedError([Mistake(1, "", "there is no line but the names of the columns")])
    return found


def _row(
    line: int, said: Mapping[str, str], country_of: CountryOf, this_year: int
) -> tuple[list[Mistake], Estimate | None]:
    wrong = []
    country = country_of(said["country"]) if said["country"] else None
    if country is None:
        wrong.append(Mistake(line, "country", f"{said['country'][:40]!r} is no country we know"))
    plain = ascii_digits(said["people"])
    people = int(re.sub(r"\D", "", plain)) if _PEOPLE.fullmatch(plain) else -1
    if not 0 <= people <= MOST_PEOPLE:
        wrong.append(Mistake(line, "people", f"{said['people'][:40]!r} is no number of people"))
    digits = ascii_digits(said["year"])
    year = int(digits) if re.fullmatch(r"\d{4}", digits) else 0
    if not FIRST_YEAR <= year <= this_year:
        wrong.append(
            Mistake(line, "year", f"{said['year'][:40]!r} is no year from {FIRST_YEAR} to {this_year}")
        )
    if not said["source"]:
        wrong.append(Mistake(line, "source", "says nothing: where is the figure from?"))
    elif len(said["source"]) > MOST_SOURCE:
        wrong.append(Mistake(line, "source", f"is longer than {MOST_SOURCE} characters"))
    if wrong or country is None:
        return wrong, None
    return [], Estimate(country, people, said["source"], year)
