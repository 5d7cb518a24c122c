"""The whole text of a warning of which somebody was shown only a part. Reads SQL.

Outside its window a channel shows a few words of a warning (`bot.window`). As soon as the person writes, or
asks for it, they get all of it: the newest revision that went to them, exactly as it was approved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import revisions, store
from alerts.delivery import DeliveryState
from alerts.digest import verify_digest
from alerts.errors import AlertRefusedError
from alerts.lifecycle import MAY_SEND
from alerts.rendering import Compose
from alerts.tables import alert, delivery, event, revision
from bot.messages import Outbound
from bot.window import MARGIN, SESSION

# The sender looked at its clock before the time that is written down: rather a text twice than never.
SLACK = timedelta(minutes=5)
MOST = 3  # texts sent at once: the newest

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """A revision of a live alert that goes, or went, to somebody.

    Attributes:
        at: when it last left, if it did.
        first_at: when it first left, or was meant to.
        copies: how many times; on one address two only where the first one found the window closed, against
            what we thought, and the second one knocked (`alerts.rungs`).
    """

    revision_id: int
    code: str
    at: datetime | None
    first_at: datetime
    copies: int


async def knocked(
    connection: AsyncConnection,
    *,
    person_id: int,
    address_id: int,
    heard_at: datetime | None,
    pressed: str,
    now: datetime,
) -> Sequence[str]:
    """Codes of events whose warnings were shown on this address in a few words only, newest last.

    Args:
        heard_at: when they had last written there, before what they do now.
        pressed: the code in a button that they press now: its warning left, whatever is written down yet.
    """
    found = []
    for sent in await _sent(connection, person_id, now, address_id=address_id):
        left = sent.at is not None or sent.code == pressed
        silent = heard_at is None or (sent.at or now) - heard_at >= SESSION - MARGIN - SLACK
        shut = sent.copies > 1 and heard_at is not None and heard_at <= sent.first_at
        if left and (silent or shut):
            found.append(sent.code)
    return list(dict.fromkeys(found))


async def full_texts(
    connection: AsyncConnection, compose: Compose, *, person_id: int, code: str, language: str, now: datetime
) -> Sequence[Outbound]:
    """The live warnings of an event that went to this person, whole, newest last; none when it is over.

    A stored revision that is not the one that was approved is left out and reported: what the person did in
    the same step must still be written down.
    """
    texts = []
    for sent in await _sent(connection, person_id, now, code=code):
        approved = await revisions.read_revision(connection, sent.revision_id)
        try:
            verify_digest(approved)
        except AlertRefusedError:
            log.error("a stored revision was changed", action="full.refused", revision=sent.revision_id)
            continue
        row = await store.read_alert(connection, approved.alert_id)
        texts.append(compose(row, approved, sent.code, language))
    return texts[-MOST:]


async def _sent(
    connection: AsyncConnection,
    person_id: int,
    now: datetime,
    *,
    address_id: int | None = None,
    code: str | None = None,
) -> list[Sent]:
    """The newest revision of each live alert that goes to somebody, oldest first."""
    query = (
        select(
            revision.c.alert_id,
            revision.c.id,
            event.c.code,
            func.max(delivery.c.attempted_at),
            func.min(func.coalesce(delivery.c.attempted_at, delivery.c.created_at)),
            func.count(),
        )
        .join(alert, alert.c.id == revision.c.alert_id)
        .join(event, event.c.id == alert.c.event_id)
        .join(delivery, delivery.c.revision_id == revision.c.id)
        .where(
            delivery.c.person_id == person_id,
            delivery.c.state != DeliveryState.SKIPPED,
            delivery.c.drill == event.c.drill,
            alert.c.state.in_(sorted(MAY_SEND)),
            revision.c.approved_at.is_not(None),
            revision.c.expires_at > now,
            event.c.closed_at.is_(None),
        )
        .group_by(revision.c.alert_id, revision.c.id, event.c.code)
        .order_by(revision.c.id)
    )
    if address_id is not None:
        query = query.where(delivery.c.address_id == address_id)
    if code is not None:
        query = query.where(event.c.code == code)
    newest = {row[0]: Sent(*row[1:]) for row in await connection.execute(query)}
    return list(newest.values())
