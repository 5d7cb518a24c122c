"""Writing and finding revisions. Touches SQL only; what is allowed is decided before, in `alerts.desk`."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.digest import digest_of
from alerts.draft import Draft
from alerts.errors import UnknownAlertError
from alerts.lifecycle import AlertAct, AlertState, sources
from alerts.store import RevisionRow, move_any, revision_row, revisions_query
from alerts.tables import alert, revision


async def insert_alert(
    connection: AsyncConnection, draft: Draft, *, event_id: int, officer_id: int, now: datetime
) -> int:
    """Write a new alert in state draft; its CAP identifier is always new. Returns its id."""
    done = await connection.execute(
        insert(alert)
        .values(
            event_id=event_id,
            identifier=f"muster-{uuid4()}",
            status=draft.status,
            audience=draft.audience,
            msg_type="Alert" if draft.corrects is None else "Update",
            corrects=draft.corrects,
            state=AlertState.DRAFT,
            created_by=officer_id,
            created_at=now,
        )
        .returning(alert.c.id)
    )
    return int(done.scalar_one())


async def insert_revision(
    connection: AsyncConnection, alert_id: int, number: int, draft: Draft, authors: Collection[int]
) -> int:
    """Write one revision; nobody has submitted or approved it yet. Returns its id."""
    done = await connection.execute(
        insert(revision)
        .values(alert_id=alert_id, number=number, **_columns(draft), authors=list(authors))
        .returning(revision.c.id)
    )
    return int(done.scalar_one())


async def latest(connection: AsyncConnection, alert_id: int) -> RevisionRow:
    """The newest revision of an alert: the only one that can be sent.

    Raises:
        UnknownAlertError: there is no such alert.
    """
    newest = revisions_query().where(revision.c.alert_id == alert_id).order_by(revision.c.number.desc())
    row = (await connection.execute(newest.limit(1))).first()
    if row is None:
        raise UnknownAlertError(f"there is no alert {alert_id}")
    return revision_row(row)


async def read_revision(connection: AsyncConnection, revision_id: int) -> RevisionRow:
    """Read one revision.

    Raises:
        UnknownAlertError: there is none.
    """
    row = (await connection.execute(revisions_query().where(revision.c.id == revision_id))).first()
    if row is None:
        raise UnknownAlertError(f"there is no revision {revision_id}")
    return revision_row(row)


async def sign_submitted(
    connection: AsyncConnection, row: RevisionRow, officer_id: int, now: datetime
) -> None:
    """Record who submitted a revision."""
    await connection.execute(
        update(revision)
        .where(revision.c.id == row.id, revision.c.approved_by.is_(None))
        .values(submitted_by=officer_id, submitted_at=now)
    )


async def sign_approved(
    connection: AsyncConnection, row: RevisionRow, officer_id: int, accepted: dict[str, int], now: datetime
) -> RevisionRow | None:
    """Freeze a revision under its digest; None when somebody else already did."""
    signed = replace(row, approved_by=officer_id, approved_at=now, accepted_fallbacks=accepted)
    frozen = replace(signed, digest=digest_of(signed))
    done = await connection.execute(
        update(revision)
        .where(revision.c.id == row.id, revision.c.approved_by.is_(None))
        .values(approved_by=officer_id, approved_at=now, accepted_fallbacks=accepted, digest=frozen.digest)
    )
    return frozen if done.rowcount == 1 else None


async def expire_due(connection: AsyncConnection, now: datetime) -> list[int]:
    """Move every alert whose approved revision is past its expiry to *expired*; returns their ids."""
    query = (
        select(alert.c.id)
        .join(revision, revision.c.alert_id == alert.c.id)
        .where(alert.c.state.in_(sources(AlertAct.EXPIRE)))
        .where(revision.c.approved_at.is_not(None), revision.c.expires_at <= now)
        .order_by(alert.c.id)
    )
    due = [row.id for row in await connection.execute(query)]
    return [alert_id for alert_id in due if await move_any(connection, alert_id, AlertAct.EXPIRE)]


def _columns(draft: Draft) -> dict[str, Any]:
    return {
        "event_name": draft.event_name,
        "category": draft.category,
        "severity": draft.severity,
        "urgency": draft.urgency,
        "certainty": draft.certainty,
        "texts": {tag: text.model_dump() for tag, text in draft.texts.items()},
        "correction": draft.correction,
        "all_clear": draft.all_clear,
        "area": draft.area,
        "area_name": draft.area_name,
        "time_zone": draft.time_zone,
        "onset": draft.onset,
        "expires_at": draft.expires_at,
        "useful_until": draft.useful_until or draft.expires_at,
        "include_maybe": draft.with_maybe,
        "policy": draft.policy,
        "accepted_fallbacks": {},
    }
