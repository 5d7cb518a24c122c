"""What became of one delivery, written in bulk and only forward. Touches the `delivery` table."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Text,
    Update,
    bindparam,
    case,
    column,
    func,
    literal_column,
    or_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.delivery import PARTLY, DeliveryState, predecessors
from alerts.tables import delivery
from bot.errors import PERHAPS_ACCEPTED

# One byte for each outcome in the marks of a batch; 0 = not known.
# Failed, but a server broke over it or took its beginning; gone, because its owner told the provider so.
IN_DOUBT, STOPPED = 7, 8
CODES: dict[DeliveryState, int] = {
    DeliveryState.ACCEPTED: 1,
    DeliveryState.ATTEMPTING: 2,  # stored for a browser, which has not confirmed it
    DeliveryState.GONE: 3,
    DeliveryState.FAILED: 4,
    DeliveryState.UNKNOWN: 5,
    DeliveryState.SKIPPED: 6,
}
STATES = {code: state for state, code in CODES.items()} | {
    IN_DOUBT: DeliveryState.FAILED,
    STOPPED: DeliveryState.GONE,
}


class Outcome(NamedTuple):
    """The end of one delivery as the sender saw it. A tuple, because one is made for every message.

    Attributes:
        provider_id: the provider's name for the message, "" = it never said.
        error: stable code, "" = none.
        next_at: when the next rung is due unless something arrives before; None = never.
        stopped: *gone* because its owner told the provider that they want nothing from us.
    """

    delivery: int
    state: DeliveryState
    at: datetime
    attempts: int = 0
    provider_id: str = ""
    error: str = ""
    next_at: datetime | None = None
    stopped: bool = False


def mark_of(outcome: Outcome) -> int:
    """The byte by which Redis knows an outcome: what a correction and the registry must learn of it."""
    if outcome.stopped:
        return STOPPED
    broken = outcome.state is DeliveryState.FAILED and outcome.error in PERHAPS_ACCEPTED
    if broken or outcome.error == PARTLY:
        return IN_DOUBT
    return CODES[outcome.state]


def one_of(states: Iterable[DeliveryState]) -> ColumnElement[bool]:
    """The condition that a delivery is in one of `states`, in a form that an UPDATE of many rows may hold."""
    return or_(*(delivery.c.state == literal_column(f"'{state.value}'") for state in sorted(states)))


async def name_attempts(
    connection: AsyncConnection, deliveries: Sequence[int], now: datetime
) -> frozenset[int]:
    """Write down who is about to be sent to, before the bytes leave (`never-resend`); return those who were
    not named before. The others somebody else sends to, or has."""
    changes = update(delivery).where(delivery.c.id.in_(deliveries), delivery.c.state == DeliveryState.QUEUED)
    named = changes.values(state=DeliveryState.ATTEMPTING, attempted_at=now).returning(delivery.c.id)
    return frozenset((await connection.execute(named)).scalars())


async def write(connection: AsyncConnection, outcomes: Sequence[Outcome]) -> None:
    """Write outcomes; where a receipt was faster the further state stays, and only what was missing is
    added."""
    groups: defaultdict[DeliveryState, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.state].append(outcome)
    pack = _arrays if connection.dialect.name == "postgresql" else _json
    for state, together in groups.items():
        statement = _statement(connection.dialect.name, state)
        for part in _each_once(together):
            await connection.execute(statement, pack(part))


def _each_once(outcomes: Sequence[Outcome]) -> list[Sequence[Outcome]]:
    """Parts in which no delivery is named twice: one statement changes a row once."""
    if len({outcome.delivery for outcome in outcomes}) == len(outcomes):
        return [outcomes]
    return [[outcome] for outcome in outcomes]


def _json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    rows = [
        (
            outcome.delivery,
            outcome.attempts,
            outcome.provider_id or None,
            outcome.error or None,
            _written(outcome.at),
            None if outcome.next_at is None else _written(outcome.next_at),
        )
        for outcome in outcomes
    ]
    return {"rows": json.dumps(rows, ensure_ascii=False)}


def _written(moment: datetime) -> str:
    """A time as SQLAlchemy writes it on SQLite."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _arrays(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "ids": [outcome.delivery for outcome in outcomes],
        "attempts": [outcome.attempts for outcome in outcomes],
        "providers": [outcome.provider_id or None for outcome in outcomes],
        "errors": [outcome.error or None for outcome in outcomes],
        "ats": [outcome.at for outcome in outcomes],
        "nexts": [outcome.next_at for outcome in outcomes],
    }


@cache
def _statement(dialect: str, state: DeliveryState) -> Update:
    """One UPDATE for all outcomes of a kind, worded once: a row of its own for each costs ten times as
    much."""
    new = _from_arrays() if dialect == "postgresql" else _from_json()
    key, attempts, provider, error, at, due = new
    forward = one_of(predecessors(state))
    changes: dict[str, Any] = {
        "attempts": delivery.c.attempts + attempts,
        "provider_id": func.coalesce(delivery.c.provider_id, provider),
        "attempted_at": func.coalesce(delivery.c.attempted_at, at),
        "state": case((forward, literal_column(f"'{state.value}'")), else_=delivery.c.state),
        "error": case((forward, error), else_=delivery.c.error),
        "next_at": case((forward, due), else_=delivery.c.next_at),
    }
    if state is DeliveryState.ACCEPTED:
        changes["accepted_at"] = func.coalesce(delivery.c.accepted_at, at)
        # A receipt that only says "taken" was faster: it knew no deadline for the next rung.
        waits = one_of({DeliveryState.ACCEPTED})
        first = func.coalesce(delivery.c.next_at, due)
        changes["next_at"] = case((forward, due), (waits, first), else_=delivery.c.next_at)
    return update(delivery).where(delivery.c.id == key).values(changes)


def _from_json() -> list[ColumnElement[Any]]:
    """SQLite: id, attempts, provider's id, error, time and deadline out of one list of lists."""
    rows = func.json_each(bindparam("rows", type_=Text())).table_valued("value", name="new")
    return [func.json_extract(rows.c.value, literal_column(f"'$[{place}]'")) for place in range(6)]


def _from_arrays() -> list[ColumnElement[Any]]:
    """PostgreSQL: the same out of six arrays."""
    kinds: dict[str, Any] = {
        "ids": BigInteger(),
        "attempts": Integer(),
        "providers": Text(),
        "errors": Text(),
        "ats": DateTime(timezone=True),
        "nexts": DateTime(timezone=True),
    }
    arrays = [bindparam(name, type_=ARRAY(kind)) for name, kind in kinds.items()]
    columns = [column(name, kind) for name, kind in kinds.items()]
    return list(func.unnest(*arrays).table_valued(*columns, name="new").render_derived().c)
