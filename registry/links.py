"""Linking two channels of one person: a code shown on one, typed on the other, confirmed. Touches SQL.

A code is 8 random digits, lives 10 minutes, works once, and is kept as a blind index only. Whoever types
wrong ones five times in ten minutes must wait; so must everybody when very many are typed from many lanes,
because lanes cost a guesser nothing. Outcomes are values, not errors: a wrong try must be committed to be
counted.
"""

import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.errors import MergeRefusedError
from registry.merging import Carry, Merged, merge
from registry.tables import link_code, link_try, person
from storage.vault import Vault

DIGITS = 8
LIFETIME = timedelta(minutes=10)
WINDOW = timedelta(minutes=10)
TRIES_PER_LANE = 5
TRIES_OF_ALL = 500  # with 100 codes alive, ten minutes of guessing find one with a chance of 1 in 2,000


class LinkOutcome(StrEnum):
    """What came of a typed code."""

    OFFERED = "offered"  # right: ask the person to confirm
    LINKED = "linked"
    WRONG = "wrong"  # no such code, used, or too old: one answer for all, it tells a guesser nothing
    TOO_MANY = "too_many"  # not even looked at
    OWN = "own"  # typed where it was shown, or on a channel linked already
    REFUSED = "refused"  # a drill registration and a real one never become one


@dataclass(frozen=True, slots=True)
class LinkCheck:
    """The outcome; `code_id` is set when offered (keep it until confirmed), `merged` when linked."""

    outcome: LinkOutcome
    code_id: int | None = None
    merged: Merged | None = None


async def make_code(connection: AsyncConnection, vault: Vault, person_id: int, now: datetime) -> str:
    """A fresh code for this person, as 8 digits; their former one stops working."""
    await connection.execute(
        delete(link_code).where(or_(link_code.c.person_id == person_id, link_code.c.expires_at <= now))
    )
    while True:
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
        index = vault.blind("link_code", code)
        if (await connection.execute(_by_index(index))).first() is None:
            break
    await connection.execute(
        insert(link_code).values(person_id=person_id, code_index=index, expires_at=now + LIFETIME)
    )
    return code


async def check(
    connection: AsyncConnection, vault: Vault, lane: bytes, person_id: int, typed: str, now: datetime
) -> LinkCheck:
    """Judge a code typed on `lane` by `person_id`; a wrong one is counted, so commit in any case."""
    await connection.execute(delete(link_try).where(link_try.c.at <= now - WINDOW))
    counts = select(func.count(), func.count().filter(link_try.c.lane == lane)).select_from(link_try)
    everybody, here = (await connection.execute(counts)).one()
    if here >= TRIES_PER_LANE or everybody >= TRIES_OF_ALL:
        return LinkCheck(LinkOutcome.TOO_MANY)
    index = vault.blind("link_code", plain_digits(typed))
    found = (
        await connection.execute(
            _by_index(index).where(link_code.c.used_at.is_(None), link_code.c.expires_at > now)
        )
    ).first()
    if found is None:
        await connection.execute(insert(link_try).values(lane=lane, at=now))
        return LinkCheck(LinkOutcome.WRONG)
    if found.person_id == person_id:
        return LinkCheck(LinkOutcome.OWN)
    kinds = select(person.c.drill).where(person.c.id.in_([person_id, found.person_id])).distinct()
    if len((await connection.execute(kinds)).all()) != 1:
        return LinkCheck(LinkOutcome.REFUSED)
    return LinkCheck(LinkOutcome.OFFERED, code_id=found.id)


async def confirm(
    connection: AsyncConnection,
    vault: Vault,
    person_id: int,
    code_id: int,
    now: datetime,
    carry: Sequence[Carry] = (),
) -> LinkCheck:
    """The person said yes to the offer `code_id`: use the code up and make one registration of two.

    Args:
        carry: what other folders do in the same transaction to take their own data along.

    Returns:
        LINKED with what was merged; WRONG when the code was used or ran out meanwhile; OWN or REFUSED.
    """
    used = await connection.execute(
        update(link_code)
        .where(link_code.c.id == code_id, link_code.c.used_at.is_(None), link_code.c.expires_at > now)
        .values(used_at=now)
        .returning(link_code.c.person_id)
    )
    other = used.scalar_one_or_none()
    if other is None:
        return LinkCheck(LinkOutcome.WRONG)
    if other == person_id:
        return LinkCheck(LinkOutcome.OWN)
    try:
        merged = await merge(connection, vault, person_id, other, now, carry)
    except MergeRefusedError:
        return LinkCheck(LinkOutcome.REFUSED)
    return LinkCheck(LinkOutcome.LINKED, merged=merged)


def plain_digits(typed: str) -> str:
    """The digits of a typed code, whatever their script, without the spaces and dashes between them."""
    digits = (unicodedata.decimal(sign, None) for sign in typed)
    return "".join(str(digit) for digit in digits if digit is not None)


def _by_index(index: bytes) -> Select[int, int]:
    return select(link_code.c.id, link_code.c.person_id).where(link_code.c.code_index == index)
