"""Emergency numbers that an officer confirmed, with source and date. Touches SQL only.

They stand in place of what libphonenumber knows of a country; an empty list says: show the mission's phone.
"""

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from staff.errors import StaffError
from staff.tables import emergency_number
from storage.database import upsert

MOST = 4
_NUMBER = re.compile("[0-9]{2,8}")


class NumbersRefusedError(StaffError):
    """Numbers that cannot be confirmed."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What to dial in a country (ISO 3166-1 alpha-2), most important first."""

    country: str
    numbers: tuple[str, ...]
    source: str
    checked_on: date


async def confirm(connection: AsyncConnection, one: Confirmed) -> None:
    """Keep these in place of earlier ones. Raises NumbersRefusedError."""
    if len(one.numbers) > MOST or not all(_NUMBER.fullmatch(number) for number in one.numbers):
        raise NumbersRefusedError("numbers", f"at most {MOST} numbers of two to eight digits")
    if not 1 <= len(one.source) <= 200:
        raise NumbersRefusedError("source", "say where the numbers come from, in at most 200 characters")
    row = {
        "country": one.country,
        "numbers": ",".join(one.numbers),
        "source": one.source,
        "checked_on": one.checked_on,
    }
    await upsert(connection, emergency_number, row, ["country"], ["numbers", "source", "checked_on"])


async def forget(connection: AsyncConnection, country: str) -> None:
    """Go back to what libphonenumber knows."""
    await connection.execute(delete(emergency_number).where(emergency_number.c.country == country))


async def confirmed(connection: AsyncConnection, country: str | None = None) -> dict[str, Confirmed]:
    """By country, of all or of one."""
    query = select(emergency_number).order_by(emergency_number.c.country)
    if country is not None:
        query = query.where(emergency_number.c.country == country)
    rows = await connection.execute(query)
    return {
        row.country: Confirmed(
            row.country, tuple(row.numbers.split(",")) if row.numbers else (), row.source, row.checked_on
        )
        for row in rows
    }
