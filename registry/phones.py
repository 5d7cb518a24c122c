"""Telephone numbers people gave for calls and texts: read, judged, sealed. Touches SQL; never logs one.

A number is kept as E.164. It is not an address: no warning is sent to it before the person showed that it is
theirs.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

import phonenumbers
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from registry import changes
from registry.errors import PhoneRefusedError
from registry.tables import phone
from storage.database import upsert
from storage.vault import PersonVault, Place, Vault

MAX_TYPED = 40
_NUISANCES = {"Cf", "Cc"}  # direction marks and other invisible signs that phones put round a copied number


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that can be called. `country` is where it belongs; None for satellite phones."""

    number: str  # E.164
    country: str | None

    def __repr__(self) -> str:
        return "Phone(...)"


def read(text: str, region: str | None = None) -> Phone:
    """Read a number in any script's digits, with `+`, with `00`, or as it is dialled inside `region` (ISO-2).

    Raises:
        PhoneRefusedError: it is no number that could be called; `code` says why (too_long, country_missing,
            invalid).
    """
    if len(text) > MAX_TYPED:
        raise PhoneRefusedError("too_long", "This is longer than any telephone number.")
    plain = "".join(_plain(sign) for sign in text).strip()
    if plain.startswith("00"):  # the international prefix of most of the world; where it is not, + works
        plain = "+" + plain[2:]
    if not plain.startswith("+") and region is None:
        raise PhoneRefusedError("country_missing", "Please begin with + and the country's calling code.")
    try:
        parsed = phonenumbers.parse(plain, region)
    except phonenumbers.NumberParseException:
        raise PhoneRefusedError("invalid", "This is not a telephone number.") from None
    if not phonenumbers.is_valid_number(parsed) or parsed.extension:
        raise PhoneRefusedError("invalid", "This is not a telephone number that can be called.")
    country = phonenumbers.region_code_for_number(parsed)
    return Phone(
        phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164),
        country if country and len(country) == 2 else None,
    )


def may_take_texts(given: Phone) -> bool:
    """Whether text messages can arrive there at all: not on a landline, as far as its number tells."""
    landline = phonenumbers.PhoneNumberType.FIXED_LINE
    return bool(phonenumbers.number_type(phonenumbers.parse(given.number)) != landline)


async def save(
    connection: AsyncConnection,
    vault: Vault,
    person_vault: PersonVault,
    person_id: int,
    given: Phone,
    now: datetime,
) -> None:
    """Keep this number for the person, in place of any other."""
    row = {
        "person_id": person_id,
        "number": person_vault.seal_text(given.number, place_of(person_id)),
        "number_index": vault.blind("phone", given.number),
        "country": given.country,
        "created_at": now,
    }
    await upsert(connection, phone, row, ["person_id"], ["number", "number_index", "country", "created_at"])
    await changes.append(connection, [person_id], now)


async def of_person(connection: AsyncConnection, person_vault: PersonVault, person_id: int) -> Phone | None:
    """The person's number; raises `SealError` with somebody else's vault."""
    row = (await connection.execute(select(phone).where(phone.c.person_id == person_id))).first()
    if row is None:
        return None
    return Phone(person_vault.open_text(row.number, place_of(person_id)), row.country)


async def owner(connection: AsyncConnection, vault: Vault, number: str) -> int | None:
    """The person who gave this number (E.164), the last one where several did; None = nobody."""
    query = (
        select(phone.c.person_id)
        .where(phone.c.number_index == vault.blind("phone", number))
        .order_by(phone.c.created_at.desc(), phone.c.person_id)
        .limit(1)
    )
    return (await connection.execute(query)).scalar_one_or_none()


async def remove(connection: AsyncConnection, person_id: int, now: datetime) -> bool:
    """Forget the person's number; False when there was none."""
    result = await connection.execute(delete(phone).where(phone.c.person_id == person_id))
    if result.rowcount:
        await changes.append(connection, [person_id], now)
    return result.rowcount == 1


def place_of(person_id: int) -> Place:
    """Where a number is sealed for."""
    return Place("phone", "number", str(person_id))


def _plain(sign: str) -> str:
    digit = unicodedata.decimal(sign, None)
    if digit is not None:
        return str(digit)
    if unicodedata.category(sign) in _NUISANCES:
        return ""
    return "+" if sign in "+＋﹢⁺" else sign
