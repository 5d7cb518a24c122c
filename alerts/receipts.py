"""News of messages: receipts of providers and browsers, and answers of people. Touches `delivery`; only
forward.

A receipt may come before the outcome it belongs to, twice, late, or in any order: each is a conditional
change that proves something or does nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.delivery import CONFIRMED, DeliveryState, predecessors
from alerts.outcomes import one_of
from alerts.tables import alert, delivery, revision
from bot.messages import Receipt, ReceiptState

STATES = {
    ReceiptState.ACCEPTED: DeliveryState.ACCEPTED,
    ReceiptState.DELIVERED: DeliveryState.DELIVERED,
    ReceiptState.READ: DeliveryState.READ,
    ReceiptState.FAILED: DeliveryState.FAILED,
}
ARRIVED = frozenset({DeliveryState.ACCEPTED, *CONFIRMED})


async def apply(connection: AsyncConnection, receipts: Sequence[Receipt], now: datetime) -> set[str]:
    """Write what receipts prove; return the keys of those whose delivery is known."""
    matched = set()
    for receipt in receipts:
        found = await connection.execute(_change(_where(receipt), STATES[receipt.state], receipt.error, now))
        if found.rowcount:
            matched.add(receipt.key)
    return matched


async def answered(connection: AsyncConnection, event_id: int, person_id: int, now: datetime) -> None:
    """Somebody answered in an event: whatever was sent to them there has been read, and no next rung is
    due."""
    revisions = (
        select(revision.c.id)
        .join(alert, alert.c.id == revision.c.alert_id)
        .where(alert.c.event_id == event_id)
        .scalar_subquery()
    )
    mine = and_(delivery.c.person_id == person_id, delivery.c.revision_id.in_(revisions))
    sent = delivery.c.state.in_([*ARRIVED, DeliveryState.ATTEMPTING, DeliveryState.UNKNOWN])
    await connection.execute(_change(and_(mine, sent), DeliveryState.READ, "", now))
    await connection.execute(update(delivery).where(mine).values(next_at=None))


def _where(receipt: Receipt) -> ColumnElement[bool]:
    if receipt.delivery is not None:
        return delivery.c.id == receipt.delivery
    return and_(
        delivery.c.channel == receipt.channel,
        delivery.c.account == receipt.account,
        delivery.c.provider_id == receipt.provider_id,
    )


def _change(which: ColumnElement[bool], state: DeliveryState, error: str, now: datetime) -> Any:
    forward = one_of(predecessors(state))
    changes: dict[str, Any] = {"state": case((forward, state.value), else_=delivery.c.state)}
    if state in ARRIVED:
        changes["accepted_at"] = func.coalesce(delivery.c.accepted_at, now)
    if state in CONFIRMED:
        changes["delivered_at"] = func.coalesce(delivery.c.delivered_at, now)
        changes["next_at"] = None
    if state is DeliveryState.READ:
        changes["read_at"] = func.coalesce(delivery.c.read_at, now)
    if state is DeliveryState.FAILED:
        changes["error"] = case((forward, error or "failed"), else_=delivery.c.error)
        changes["next_at"] = case((forward, now), else_=delivery.c.next_at)
    return update(delivery).where(which).values(changes)
