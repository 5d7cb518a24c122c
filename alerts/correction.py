"""To whom a correction or an all-clear goes: exactly those who got, or may have got, what it follows.

Touches SQL only. A delivery is *proven unsent* when it was never handed to a provider: queued, skipped, or
refused before anybody took it (failed or gone, never accepted). Everything else counts as sent, unknown too,
and what a provider's server broke over, or took the beginning of.
"""

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.batches import BatchState
from alerts.delivery import PERHAPS_ARRIVED, DeliveryState
from alerts.tables import batch, delivery, revision
from registry.tables import person

_S = DeliveryState


def proven_unsent() -> ColumnElement[bool]:
    """The condition on a row of `delivery`."""
    return or_(
        delivery.c.state.in_([_S.QUEUED, _S.SKIPPED]),
        and_(
            delivery.c.state.in_([_S.FAILED, _S.GONE]),
            delivery.c.accepted_at.is_(None),
            func.coalesce(delivery.c.error, "").not_in(PERHAPS_ARRIVED),
        ),
    )


async def correction_audience(connection: AsyncConnection, alert_id: int) -> list[int]:
    """Person ids, ascending, with at least one delivery of the alert not proven unsent.

    Complete only once `batches_are_closed`: a batch still open may hold people who were sent to a moment ago.
    """
    return [row.person_id for row in await connection.execute(_audience(alert_id).order_by("person_id"))]


async def batches_are_closed(connection: AsyncConnection, alert_id: int) -> bool:
    """Whether every batch of the alert's revisions is settled: its deliveries then say all there is."""
    query = (
        select(func.count())
        .select_from(batch.join(revision, revision.c.id == batch.c.revision_id))
        .where(revision.c.alert_id == alert_id, batch.c.state != BatchState.DONE)
    )
    return (await connection.execute(query)).scalar_one() == 0


async def languages(connection: AsyncConnection, alert_id: int) -> dict[str, int]:
    """People (registrations) of the correction's audience per language of theirs."""
    audience = _audience(alert_id).subquery()
    query = (
        select(person.c.language, func.count())
        .select_from(audience.join(person, person.c.id == audience.c.person_id))
        .group_by(person.c.language)
    )
    return {row[0]: row[1] for row in await connection.execute(query)}


def _audience(alert_id: int) -> Select[tuple[int]]:
    return (
        select(delivery.c.person_id)
        .join(revision, revision.c.id == delivery.c.revision_id)
        .where(revision.c.alert_id == alert_id, not_(proven_unsent()))
        .distinct()
    )
