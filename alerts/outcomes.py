"""What became of one delivery, written in bulk and only forward. Touches the `delivery` table."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, func, literal_column, or_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.delivery import DeliveryState, predecessors
from alerts.tables import delivery

# One byte for each outcome in the marks of a batch; 0 = not known.
CODES: dict[DeliveryState, int] = {
    DeliveryState.ACCEPTED: 1,
    DeliveryState.ATTEMPTING: 2,  # stored for a browser, which has not confirmed it
    DeliveryState.GONE: 3,
    DeliveryState.FAILED: 4,
    DeliveryState.UNKNOWN: 5,
    DeliveryState.SKIPPED: 6,
}
STATES = {code: state for state, code in CODES.items()}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one delivery as the sender saw it.

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


def one_of(states: Iterable[DeliveryState]) -> ColumnElement[bool]:
    """The condition that a delivery is in one of `states`, in a form that an UPDATE of many rows may hold."""
    return or_(*(delivery.c.state == literal_column(f"'{state.value}'") for state in sorted(states)))


async def name_attempts(connection: AsyncConnection, deliveries: Sequence[int], now: datetime) -> None:
    """Write down who is about to be sent to, before the bytes leave (`never-resend`)."""
    changes = update(delivery).where(delivery.c.id.in_(deliveries), delivery.c.state == DeliveryState.QUEUED)
    await connection.execute(changes.values(state=DeliveryState.ATTEMPTING, attempted_at=now))


async def write(connection: AsyncConnection, outcomes: Sequence[Outcome]) -> None:
    """Write outcomes; where a receipt was faster the further state stays, and only what was missing is
    added."""
    groups: defaultdict[DeliveryState, list[dict[str, Any]]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.state].append(
            {
                "b_id": outcome.delivery,
                "b_attempts": outcome.attempts,
                "b_provider": outcome.provider_id or None,
                "b_error": outcome.error or None,
                "b_at": outcome.at,
                "b_next": outcome.next_at,
            }
        )
    for state, rows in groups.items():
        forward = one_of(predecessors(state))
        changes: dict[str, Any] = {
            "attempts": delivery.c.attempts + bindparam("b_attempts"),
            "provider_id": func.coalesce(delivery.c.provider_id, bindparam("b_provider")),
            "attempted_at": func.coalesce(delivery.c.attempted_at, bindparam("b_at")),
            "state": case((forward, state.value), else_=delivery.c.state),
            "error": case((forward, bindparam("b_error")), else_=delivery.c.error),
            "next_at": case((forward, bindparam("b_next")), else_=delivery.c.next_at),
        }
        if state is DeliveryState.ACCEPTED:
            changes["accepted_at"] = func.coalesce(delivery.c.accepted_at, bindparam("b_at"))
            # A receipt that only says "taken" was faster: it knew no deadline for the next rung.
            waits = one_of({DeliveryState.ACCEPTED})
            first = func.coalesce(delivery.c.next_at, bindparam("b_next"))
            changes["next_at"] = case(
                (forward, bindparam("b_next")), (waits, first), else_=delivery.c.next_at
            )
        statement = update(delivery).where(delivery.c.id == bindparam("b_id")).values(changes)
        await connection.execute(statement, rows)
