"""Days and spans of days as people type them. Pure.

Read generously: "3-12 Dec", "3/12 - 12/12", "3 thg 12 đến 12 thg 12 2026", "3 ธ.ค. 2569 ถึง 12 ธ.ค.", "from 3
December for 2 weeks", "until 12 Dec", "December". What is vague is widened, never narrowed: a month alone is
all of it. Numbers with slashes are day first. Years of the Buddhist era are years of that era in every
language.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from locales.date_marks import tokens_of
from locales.times import BUDDHIST_ERA

MOST_AHEAD = timedelta(days=3 * 366)
LONG_BEGUN = timedelta(days=180)  # a trip that began before is one of next year, read the wrong way round
_DAYS = {"d": 1, "w": 7, "m": 31, "o": 31}


@dataclass(frozen=True, slots=True)
class Days:
    """From one day to another, both included; `last` None = it was not said."""

    first: date
    last: date | None


@dataclass(frozen=True, slots=True)
class _Part:
    """A day as far as it was said."""

    day: int | None = None
    month: int | None = None
    year: int | None = None


def read_days(text: str, language: str, today: date) -> Days | None:
    """The days that `text` names; None when it cannot be read for sure.

    Years that were not said are those in which the last day is still to come, counted from `today`.
    """
    tokens = tokens_of(text, language)
    if tokens is None:
        return None
    halves, length = _halves(tokens, today)
    if halves is None:
        return None
    first, last = halves
    if length is not None:
        if last is not None or first is None:
            return None
        begin = _one(first, today, ahead_of=today)
        return _checked(Days(begin, begin + length), today) if begin else None
    return _checked(_resolved(first, last, today), today)


def read_day(text: str, language: str, after: date) -> date | None:
    """The one day that `text` names, on or after `after`; None when it cannot be read for sure."""
    found = read_days(text, language, after)
    if found is None:
        return None
    day = found.last if found.last is not None else found.first  # "until 12 Dec", a whole month
    return day if day >= after else None


def _halves(
    tokens: list[tuple[str, str]], today: date
) -> tuple[tuple[_Part | None, _Part | None] | None, timedelta | None]:
    """The first and the last day as far as they were said, and how long it lasts if that was said."""
    lengths, rest = _lengths(tokens)
    until = bool(rest) and rest[0][0] == "to"
    parts = _parts(rest[1:] if until else rest, today)
    if not parts or len(parts) > (1 if until else 2) or len(lengths) > 1:
        return None, None
    length = lengths[0] if lengths else None
    if until:
        return (_Part(today.day, today.month, today.year), parts[0]), length
    return (parts[0], parts[1] if len(parts) == 2 else None), length


def _lengths(tokens: list[tuple[str, str]]) -> tuple[list[timedelta], list[tuple[str, str]]]:
    """How long it lasts, taken out of what was said, and the rest."""
    lengths, rest = [], []
    waiting = list(tokens)
    while waiting:
        kind, value = waiting.pop(0)
        unit = waiting[0] if waiting else ("", "")
        if kind == "number" and unit[0] in _DAYS and not unit[1] and len(value) <= 3:
            lengths.append(timedelta(days=int(value) * _DAYS[unit[0]]))
            waiting.pop(0)
        else:
            rest.append((kind, value))
    return lengths, rest


def _parts(tokens: list[tuple[str, str]], today: date) -> list[_Part]:
    """The days that were said, in order; nothing when one piece is not understood."""
    parts: list[_Part] = []
    part = _Part()
    for place, (kind, value) in enumerate(tokens):
        if kind == "to":
            parts.append(part)
            part = _Part()
            continue
        following = tokens[place + 1][0] if place + 1 < len(tokens) else ""
        given = _given(kind, value, part, following, today)
        if given is None:
            return []
        if _clashes(part, given):
            parts.append(part)
            part = given
        part = _Part(given.day or part.day, given.month or part.month, given.year or part.year)
    parts.append(part)
    return [] if _Part() in parts else parts


def _clashes(part: _Part, given: _Part) -> bool:
    return any(
        mine is not None and theirs is not None
        for mine, theirs in ((part.day, given.day), (part.month, given.month), (part.year, given.year))
    )


def _given(kind: str, value: str, part: _Part, following: str, today: date) -> _Part | None:
    if kind == "t":
        day = today + timedelta(days=int(value))
        return _Part(day.day, day.month, day.year)
    if kind == "iso":
        year, month, number = map(int, value.split("-"))
        return _Part(number, month, _year(year))
    if kind in {"dashed", "slashed"}:
        numbers = [int(one) for one in re.split(r"[-./]", value)]
        number, month = numbers[:2]
        if month > 12 >= number:
            number, month = month, number  # 12/25 can only be month first
        return _Part(number, month, _year(numbers[2]) if len(numbers) == 3 else None)
    if kind == "m" and value:
        return _Part(month=int(value))
    if kind != "number" or len(value) > 4:
        return None
    number = int(value)
    if number > 1900:
        return _Part(year=_year(number))
    near = -1 <= number - today.year % 100 <= MOST_AHEAD.days // 365
    after_a_day = None not in (part.day, part.month) and part.year is None
    if after_a_day and len(value) == 2 and following != "m" and (near or number > 31):
        return _Part(year=_year(number))
    return _Part(day=number) if 1 <= number <= 31 else None


def _year(number: int) -> int:
    if number < 100:
        return 2000 + number if number < 60 else 2500 + number - BUDDHIST_ERA
    return number - BUDDHIST_ERA if number >= 2400 else number


def _resolved(first: _Part | None, last: _Part | None, today: date) -> Days | None:
    if first is None:
        return None
    if last is None:
        if first.day is None and first.month is not None:  # all of a month
            return _resolved(replace(first, day=1), first, today)
        only = _one(first, today, ahead_of=today)
        return Days(only, None) if only else None
    if first.month is None:
        first = replace(first, month=last.month, year=first.year or last.year)
    if last.month is None:
        last = replace(last, month=first.month, year=last.year or first.year)
    if first.day is None:
        first = replace(first, day=1)
    begin: date | None
    end: date | None
    if last.year is not None:
        end = _end(last, last.year)
        begin = _latest(first, end) if end else None
    elif first.year is not None:
        begin = _day(first, first.year)
        end = next(_ends(last, begin), None) if begin else None
    else:
        spans = ((_latest(first, one), one) for one in _ends(last, today))
        begin, end = next((pair for pair in spans if pair[0] and pair[0] > today - LONG_BEGUN), (None, None))
    return Days(begin, end) if begin and end else None


def _one(part: _Part, today: date, ahead_of: date) -> date | None:
    if part.day is None or part.month is None:
        return None
    if part.year is not None:
        return _day(part, part.year)
    return next(_ends(part, ahead_of), None)


def _ends(part: _Part, after: date) -> Iterator[date]:
    for year in range(after.year, after.year + 9):
        end = _end(part, year)
        if end is not None and end >= after:
            yield end


def _latest(part: _Part, end: date) -> date | None:
    if part.year is not None:
        return _day(part, part.year)
    found = (_day(part, year) for year in range(end.year, end.year - 9, -1))
    return next((day for day in found if day is not None and day <= end), None)


def _end(part: _Part, year: int) -> date | None:
    if part.month is None:
        return None
    if part.day is None:
        return date(year, part.month, monthrange(year, part.month)[1])
    return _day(part, year)


def _day(part: _Part, year: int) -> date | None:
    try:
        return date(year, part.month or 0, part.day or 0)
    except ValueError:
        return None


def _checked(days: Days | None, today: date) -> Days | None:
    if days is None or days.first > today + MOST_AHEAD:
        return None
    if days.last is not None and not days.first <= days.last <= days.first + MOST_AHEAD:
        return None
    return days
