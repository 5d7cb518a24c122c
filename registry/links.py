"""Linking two channels of one person: a code shown on one, typed on the other, confirmed on the first.

Touches SQL. A code is 8 random digits, lives 10 minutes, works once, and is kept as a blind index only.
Whoever types wrong ones five times in ten minutes must wait; so must everybody when very many are typed from
many lanes, because lanes cost a guesser nothing. Outcomes are values, not errors: a wrong try must be
committed to be counted.
"""

import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.errors import MergeRefusedError
from registry.lifecycle import PersonState
from registry.merging import Carry, Merged, merge
from registry.tables import address, link_code, link_try, person
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


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody typed a code: `claimant_id` wants to join the registration of `owner_id`."""

    code_id: int
    owner_id: int
    claimant_id: int
    at: datetime


async def make_code(connection: AsyncConnection, vault: Vault, person_id: int, now: datetime) -> str:
    """A fresh code for this person, as 8 digits; their former one stops working, unless somebody typed it and
    waits for the person's word."""
    theirs = (link_code.c.person_id == person_id) & link_code.c.claimed_by.is_(None)
    await connection.execute(delete(link_code).where(or_(theirs, link_code.c.expires_at <= now)))
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
    if not await _may_join(connection, found.person_id, person_id):
        return LinkCheck(LinkOutcome.REFUSED)
    return LinkCheck(LinkOutcome.OFFERED, code_id=found.id)


async def claim(connection: AsyncConnection, person_id: int, code_id: int, now: datetime) -> Claim | None:
    """Whoever typed the right code wants to join; the chat that showed it must be asked. None: too late.

    Saying it twice is the same claim; somebody else's code cannot be claimed by a second person.
    """
    free = or_(link_code.c.claimed_by.is_(None), link_code.c.claimed_by == person_id)
    done = await connection.execute(
        update(link_code)
        .where(
            link_code.c.id == code_id, link_code.c.used_at.is_(None), link_code.c.expires_at > now, free,
            link_code.c.person_id != person_id,
        )
        .values(claimed_by=person_id, claimed_at=func.coalesce(link_code.c.claimed_at, now))
        .returning(link_code.c.person_id, link_code.c.claimed_at)
    )  # fmt: skip
    row = done.first()
    return None if row is None else Claim(code_id, row.person_id, person_id, row.claimed_at)


async def claimed(
    connection: AsyncConnection, owner_id: int, now: datetime, code_id: int | None = None
) -> Claim | None:
    """Who wants to join this person's registration and waits for their word: by this code, or asked last.

    Asked last, because that is what a bare "yes" answers: somebody else may have typed an earlier code.
    """
    query = select(link_code).where(
        link_code.c.person_id == owner_id,
        link_code.c.claimed_by.is_not(None),
        link_code.c.used_at.is_(None),
        link_code.c.expires_at > now,
    )
    if code_id is not None:
        query = query.where(link_code.c.id == code_id)
    newest = query.order_by(link_code.c.claimed_at.desc(), link_code.c.id.desc())
    row = (await connection.execute(newest.limit(1))).first()
    return None if row is None else Claim(row.id, owner_id, row.claimed_by, row.claimed_at)


async def refuse(
    connection: AsyncConnection, owner_id: int, now: datetime, code_id: int | None = None
) -> Claim | None:
    """The person who showed the code (None: the one they were asked about last) says that this is not them:
    it is used up. Returns whom it concerns."""
    found = await claimed(connection, owner_id, now, code_id)
    if found is not None:
        await connection.execute(update(link_code).where(link_code.c.id == found.code_id).values(used_at=now))
    return found


async def confirm(
    connection: AsyncConnection,
    vault: Vault,
    owner_id: int,
    now: datetime,
    carry: Sequence[Carry] = (),
    *,
    code_id: int | None = None,
) -> LinkCheck:
    """The person who showed the code says yes: use it up and make one registration of two.

    Somebody brand-new who agreed to nothing yet joins an exercise as one of its simulated people: nothing
    was ever promised to them.

    Args:
        carry: what other folders do in the same transaction to take their own data along.
        code_id: which code they say yes to; None = the one they were asked about last.

    Returns:
        LINKED with what was merged; WRONG when nobody asked, or the code was used or ran out meanwhile;
        REFUSED.
    """
    found = await claimed(connection, owner_id, now, code_id)
    if found is None:
        return LinkCheck(LinkOutcome.WRONG)
    used = await connection.execute(
        update(link_code)
        .where(link_code.c.id == found.code_id, link_code.c.used_at.is_(None))
        .values(used_at=now)
    )
    if used.rowcount != 1:
        return LinkCheck(LinkOutcome.WRONG)
    if not await _may_join(connection, owner_id, found.claimant_id):
        return LinkCheck(LinkOutcome.REFUSED)
    try:
        await _take_part(connection, owner_id, found.claimant_id)
        merged = await merge(connection, vault, owner_id, found.claimant_id, now, carry)
    except MergeRefusedError:
        return LinkCheck(LinkOutcome.REFUSED)
    return LinkCheck(LinkOutcome.LINKED, merged=merged)


async def _may_join(connection: AsyncConnection, owner_id: int, claimant_id: int) -> bool:
    """Real with real and simulated with simulated; or somebody to whom nothing was promised with an
    exercise."""
    query = select(person.c.id, person.c.drill, person.c.state, person.c.consent_version)
    rows = {
        row.id: row for row in await connection.execute(query.where(person.c.id.in_([owner_id, claimant_id])))
    }
    owner, claimant = rows.get(owner_id), rows.get(claimant_id)
    if owner is None or claimant is None:
        return False
    unknown = claimant.state == PersonState.NEW.value and claimant.consent_version is None
    return bool(owner.drill == claimant.drill or (owner.drill and unknown))


async def _take_part(connection: AsyncConnection, owner_id: int, claimant_id: int) -> None:
    """Make a newcomer a simulated person when the registration they join is one; see `_may_join`."""
    simulated = exists().where(person.c.id == owner_id, person.c.drill.is_(True)).correlate(None)
    for table, key in ((person, person.c.id), (address, address.c.person_id)):
        await connection.execute(
            update(table).where(key == claimant_id, simulated, table.c.drill.is_(False)).values(drill=True)
        )


def plain_digits(typed: str) -> str:
    """The digits of a typed code, whatever their script, without the spaces and dashes between them."""
    digits = (unicodedata.decimal(sign, None) for sign in typed)
    return "".join(str(digit) for digit in digits if digit is not None)


def _by_index(index: bytes) -> Select[int, int]:
    return select(link_code.c.id, link_code.c.person_id).where(link_code.c.code_index == index)
