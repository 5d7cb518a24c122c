"""Where a channel works, from a table that an installation may replace. Reads the file beside it, once.

A line that cannot be read stops the start: a table that is half read would send people the wrong way in
silence.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib import resources
from typing import Self

from bot.messages import Channel

COLUMNS = ("country", "channel", "state", "source", "checked")
UNVERIFIED = "unverified"  # how the source of a line begins that nobody has checked
_COUNTRY = re.compile(r"[A-Z]{2}")


class TableError(ValueError):
    """A table of an installation cannot be read; the text names the line and what is wrong with it."""


class Reception(StrEnum):
    """How a channel does in a country."""

    WORKS = "works"
    SLOW = "slow"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class ChannelTable:
    """Countries and channels that do not simply work; everything else does.

    Attributes:
        unverified: those of them nobody has checked.
    """

    known: Mapping[tuple[str, str], Reception]
    unverified: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a table; see `channel_countries.tsv` for its form.

        Raises:
            TableError: a line is not understood, or says the same place twice.
        """
        known: dict[tuple[str, str], Reception] = {}
        unverified: set[tuple[str, str]] = set()
        for number, row in rows(text, COLUMNS):
            country, channel, state = row["country"], row["channel"], row["state"]
            if not _COUNTRY.fullmatch(country):
                raise TableError(f"line {number}: {country} is no country (two capital letters)")
            if channel not in set(Channel):
                raise TableError(f"line {number}: {channel} is no channel of ours")
            if state not in set(Reception):
                raise TableError(f"line {number}: {state} is not one of {', '.join(Reception)}")
            if (country, channel) in known:
                raise TableError(f"line {number}: {country} {channel} is there twice")
            checked_on(number, row["checked"])
            known[country, channel] = Reception(state)
            if row["source"].startswith(UNVERIFIED):
                unverified.add((country, channel))
        return cls(known, frozenset(unverified))

    @classmethod
    def ours(cls) -> Self:
        """The table that ships with Muster."""
        text = resources.files("alerts").joinpath("channel_countries.tsv").read_text(encoding="utf-8")
        return cls.read(text)

    def of(self, country: str, channel: str) -> Reception:
        """How `channel` does in `country` (ISO-2, "" = not known: everything works)."""
        return self.known.get((country, channel), Reception.WORKS)


def rows(text: str, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines of a table as number and values; comments, blank lines and its heading left out.

    Raises:
        TableError: a line has other columns than the table.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        values = tuple(value.strip() for value in line.split("\t"))
        if len(values) != len(columns):
            raise TableError(f"line {number}: {len(columns)} columns are needed: {', '.join(columns)}")
        if values != columns:
            yield number, dict(zip(columns, values, strict=True))


def checked_on(number: int, text: str) -> date:
    """The day of a line; raises `TableError` when it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise TableError(f"line {number}: {text} is no day such as 2026-11-22") from None
