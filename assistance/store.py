"""Rows of help cases. Touches SQL only; the words of a case are in `assistance.thread`."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from assistance.errors import CaseUnknownError
from assistance.lifecycle import UNCLOSED, CaseState
from assistance.tables import case_message, help_case
from registry.identity import ID_BITS
from storage.database import insert_new

# Six signs told over a bad line: nothing that looks or sounds like a digit beside it, no vowels and so no
# words.
ALPHABET = "BCDFGHJKMNPQRSTVWXYZ23456789"
CODE_LENGTH = 6


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One request for help.

    Attributes:
        code: the number the citizen is told.
        event_id: None = asked for help outside any alert.
        country: ISO 3166-1 alpha-2 of where the person is; "" = unknown.
        officer_id: who answered last.
    """

    id: int
    code: str
    event_id: int | None
    person_id: int
    country: str
    drill: bool
    state: CaseState
    officer_id: int | None
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None


def case_id_of(key: str) -> int:
    """The id of the case that `key` opens: the same for the same key, random to look at."""
    return (int.from_bytes(sha256(f"case\x1f{key}".encode()).digest()[:8], "big") >> (64 - ID_BITS)) or 1


async def insert_case(connection: AsyncConnection, case: CaseRow) -> bool:
    """Write a new case; False when its id is there already."""
    values = {name: getattr(case, name) for name in CaseRow.__slots__}
    values |= {"drill": int(case.drill), "state": case.state.value}
    return await insert_new(connection, help_case, [values], ["id"]) == 1


async def free_code(connection: AsyncConnection) -> str:
    """A code no case has; 480 million exist."""
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        if (await connection.execute(select(help_case.c.id).where(help_case.c.code == code))).first() is None:
            return code


async def get(connection: AsyncConnection, case_id: int) -> CaseRow:
    """One case; raises `CaseUnknownError`."""
    return await _one(connection, select(help_case).where(help_case.c.id == case_id))


async def locked(connection: AsyncConnection, case_id: int) -> CaseRow:
    """As `get`, holding the case until the caller's transaction ends."""
    return await _one(connection, select(help_case).where(help_case.c.id == case_id).with_for_update())


async def unclosed(connection: AsyncConnection, person_id: int) -> list[CaseRow]:
    """Cases of a person that are not closed, the one that changed last first."""
    query = (
        select(help_case)
        .where(help_case.c.person_id == person_id, help_case.c.state.in_([state.value for state in UNCLOSED]))
        .order_by(help_case.c.changed_at.desc(), help_case.c.id)
    )
    return [_row_of(row) for row in await connection.execute(query)]


async def list_open(
    connection: AsyncConnection,
    countries: Collection[str] | None,
    *,
    drill: bool | None = None,
    limit: int = 200,
    offset: int = 0,
) -> list[CaseRow]:
    """Cases that are not closed: those that wait for an officer first, oldest first.

    Args:
        countries: only these; None = all, those of unknown countries too.
        drill: only drills, only real ones, or both.
    """
    query = select(help_case).where(help_case.c.state.in_([state.value for state in UNCLOSED]))
    if countries is not None:
        query = query.where(help_case.c.country.in_(sorted(countries)))
    if drill is not None:
        query = query.where(help_case.c.drill == int(drill))
    query = query.order_by(help_case.c.state.desc(), help_case.c.opened_at, help_case.c.id)  # open, answered
    return [_row_of(row) for row in await connection.execute(query.limit(limit).offset(offset))]


async def list_closed(
    connection: AsyncConnection, countries: Collection[str] | None, *, limit: int = 200
) -> list[CaseRow]:
    """Closed cases, the one closed longest ago first; `countries` as in `list_open`."""
    query = select(help_case).where(help_case.c.state == CaseState.CLOSED.value)
    if countries is not None:
        query = query.where(help_case.c.country.in_(sorted(countries)))
    query = query.order_by(help_case.c.closed_at, help_case.c.id)
    return [_row_of(row) for row in await connection.execute(query.limit(limit))]


async def count_open(connection: AsyncConnection, event_id: int) -> dict[CaseState, int]:
    """How many cases of an event stand in each state."""
    query = (
        select(help_case.c.state, func.count())
        .where(help_case.c.event_id == event_id)
        .group_by(help_case.c.state)
    )
    found = {CaseState(row[0]): row[1] for row in await connection.execute(query)}
    return {state: found.get(state, 0) for state in CaseState}


async def change(connection: AsyncConnection, case_id: int, **values: Any) -> None:
    """Set columns of a case."""
    await connection.execute(update(help_case).where(help_case.c.id == case_id).values(**values))


async def remove(connection: AsyncConnection, case_ids: Collection[int]) -> int:
    """Delete cases with every word and pin of their threads; return how many there were."""
    removed = 0
    for case_id in case_ids:
        await connection.execute(delete(case_message).where(case_message.c.case_id == case_id))
        removed += (await connection.execute(delete(help_case).where(help_case.c.id == case_id))).rowcount
    return removed


async def ids_of_person(connection: AsyncConnection, person_id: int) -> list[int]:
    """Every case of a person, closed ones too."""
    return list(
        (await connection.execute(select(help_case.c.id).where(help_case.c.person_id == person_id))).scalars()
    )


async def _one(connection: AsyncConnection, query: Select[Any]) -> CaseRow:
    row = (await connection.execute(query)).first()
    if row is None:
        raise CaseUnknownError
    return _row_of(row)


def _row_of(row: Row[Any]) -> CaseRow:
    values = {name: getattr(row, name) for name in CaseRow.__slots__}
    values |= {"drill": bool(row.drill), "state": CaseState(row.state)}
    return CaseRow(**values)
