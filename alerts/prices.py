"""What messages cost, from a table that an installation brings. Pure.

Muster ships no prices: they differ by contract and change. Without a price a cost is *not set*, never zero.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Self

from alerts.channels import TableError, checked_on, rows
from bot.messages import Channel

COLUMNS = ("channel", "country", "price", "currency", "source", "checked")
ANYWHERE = "*"
_PLACE = re.compile(r"[A-Z]{2}|\*")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Price:
    """Of one unit: a segment of a text message, one message elsewhere."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices by channel and country (ISO-2, `*` = wherever the table names no other)."""

    known: Mapping[tuple[str, str], Price]

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a table with tabs: channel, country or *, price of a unit, currency, source, day of the check.

        Raises:
            TableError: a line is not understood, or says the same place twice.
        """
        known: dict[tuple[str, str], Price] = {}
        for number, row in rows(text, COLUMNS):
            channel, country = row["channel"], row["country"]
            if channel not in set(Channel):
                raise TableError(f"line {number}: {channel} is no channel of ours")
            if not _PLACE.fullmatch(country):
                raise TableError(f"line {number}: {country} is no country (two capital letters, or *)")
            if not _CURRENCY.fullmatch(row["currency"]):
                raise TableError(f"line {number}: {row['currency']} is no currency such as EUR")
            if (channel, country) in known:
                raise TableError(f"line {number}: {channel} {country} is there twice")
            checked_on(number, row["checked"])
            known[channel, country] = Price(_amount(number, row["price"]), row["currency"])
        return cls(known)

    def of(self, channel: str, country: str) -> Price | None:
        """The price of one unit; None = not set."""
        return self.known.get((channel, country)) or self.known.get((channel, ANYWHERE))


def _amount(number: int, text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise TableError(f"line {number}: {text} is no price such as 0.08") from None
    if not amount.is_finite() or amount < 0:
        raise TableError(f"line {number}: {text} is no price such as 0.08")
    return amount
