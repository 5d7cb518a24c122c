"""What text messages may do in which country. Reads one table; touches nothing else.

The table is data: what ships with us (`sms_countries.tsv`) says in its columns what nobody has confirmed, and
an installation replaces it by its own (`MUSTER_SMS_COUNTRIES`). A country that is not listed is one-way and
without links: a message then names a telephone to call and never says "reply".
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

import phonenumbers

from bot.errors import HalfConfiguredError

COLUMNS = (
    "iso2",
    "two_way",
    "sender",
    "registration",
    "registered",
    "url",
    "opt_out",
    "source",
    "verified",
)


class Sender(StrEnum):
    """What may send to a country."""

    LONG = "long"
    SHORT = "short"
    ALNUM = "alnum"
    TOLL_FREE = "toll_free"


class Registration(StrEnum):
    """Whether a sender must be registered with the country's carriers before anything arrives."""

    NONE = "none"
    ADVISED = "advised"
    REQUIRED = "required"


class OptOut(StrEnum):
    """Who acts on STOP."""

    CARRIER = "carrier"  # the carrier or Twilio confirms and blocks
    OURS = "ours"  # we must offer a way, for instance a number to call
    NONE = "none"  # nobody can answer


@dataclass(frozen=True, slots=True)
class Country:
    """One row.

    Attributes:
        iso2: the country, "" for one that is not listed.
        two_way: people there can answer the sender they see.
        sender: what must send there.
        registered: this installation's sender is registered there; the shipped table says no everywhere.
        url: messages with a link are let through.
        source, verified: who says so, and the ISO date somebody checked ("" = nobody did).
    """

    iso2: str = ""
    two_way: bool = False
    sender: Sender = Sender.LONG
    registration: Registration = Registration.NONE
    registered: bool = False
    url: bool = False
    opt_out: OptOut = OptOut.NONE
    source: str = ""
    verified: str = ""

    @property
    def must_be_registered(self) -> bool:
        """Whether nothing may arrive there yet: registration is required and was not done."""
        return self.registration is Registration.REQUIRED and not self.registered

    @property
    def is_verified(self) -> bool:
        """Whether somebody checked this row; nobody did for a country that is not listed."""
        return bool(self.verified)


UNLISTED = Country()


class Countries:
    """The table; a value."""

    def __init__(self, rows: Iterable[Country]) -> None:
        self._rows: Mapping[str, Country] = {row.iso2: row for row in rows}

    def get(self, iso2: str) -> Country:
        """The row of a country, `UNLISTED` when there is none."""
        return self._rows.get(iso2, UNLISTED)

    def of_number(self, number: str) -> Country:
        """The row of the country a number (E.164) belongs to."""
        return self.get(country_of(number))

    def __iter__(self) -> Iterator[Country]:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)


def country_of(number: str) -> str:
    """ISO-2 of the country a number (E.164) belongs to, "" when that cannot be told."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except phonenumbers.NumberParseException:
        return ""


def read_countries(path: Path | None = None) -> Countries:
    """Read a table: tab-separated, one header line with the columns above, lines of # are comments.

    Raises:
        HalfConfiguredError: the file cannot be read or a row is wrong; the text names the line.
    """
    try:
        text = (
            path.read_text(encoding="utf-8")
            if path
            else files("bot.gateways.twilio").joinpath("sms_countries.tsv").read_text(encoding="utf-8")
        )
    except (OSError, UnicodeDecodeError) as error:
        raise HalfConfiguredError("MUSTER_SMS_COUNTRIES: the file cannot be read") from error
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    reader = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    if tuple(next(reader, ())) != COLUMNS:
        raise HalfConfiguredError(f"MUSTER_SMS_COUNTRIES: the columns must be {', '.join(COLUMNS)}")
    rows = [_country(number, row) for number, row in enumerate(reader, 1)]
    if len({row.iso2 for row in rows}) < len(rows):
        raise HalfConfiguredError("MUSTER_SMS_COUNTRIES: a country is listed twice")
    return Countries(rows)


def _country(number: int, row: list[str]) -> Country:
    cells = dict(zip(COLUMNS, (cell.strip() for cell in row), strict=False))
    try:
        if cells.get("verified"):
            date.fromisoformat(cells["verified"])
        if len(row) != len(COLUMNS) or not (cells["iso2"].isalpha() and len(cells["iso2"]) == 2):
            raise ValueError("not a row")
        return Country(
            iso2=cells["iso2"].upper(),
            two_way=_yes(cells["two_way"]),
            sender=Sender(cells["sender"]),
            registration=Registration(cells["registration"]),
            registered=_yes(cells["registered"]),
            url=_yes(cells["url"]),
            opt_out=OptOut(cells["opt_out"]),
            source=cells["source"],
            verified=cells["verified"],
        )
    except ValueError as error:
        raise HalfConfiguredError(f"MUSTER_SMS_COUNTRIES: country row {number} is wrong") from error


def _yes(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise ValueError("neither yes nor no")
    return text == "yes"
