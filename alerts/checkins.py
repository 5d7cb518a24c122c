"""Check-ins: what is known of a person in an event, newest first. Touches SQL only.

The caller opens the transaction; a call for help opens its case in the same one, through whoever called.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.checkin_status import SILENCING, CheckinSource, CheckinStatus, displaces, may_report
from alerts.errors import AlertRefusedError, Reason
from alerts.events import by_code
from alerts.store import EventRow
from alerts.tables import checkin, checkin_history
from staff import notices
from staff.notices import NoticeKind
from storage.database import insert_new
from storage.listed import listed

SILENCED = checkin.c.status.in_([literal_column(f"'{status}'") for status in sorted(SILENCING)])
"""The condition on a row after which nothing is sent to its person by itself; worded as its index is."""


@dataclass(frozen=True, slots=True)
class CheckinRow:
    """The newest thing known of a person in an event."""

    event_id: int
    person_id: int
    status: CheckinStatus
    source: CheckinSource
    officer_id: int | None
    at: datetime


async def event_by_code(connection: AsyncConnection, code: str) -> EventRow | None:
    """The event whose code a button carries; None when there is none."""
    return await by_code(connection, code)


async def record(
    connection: AsyncConnection,
    *,
    event_id: int,
    person_id: int,
    status: CheckinStatus,
    source: CheckinSource | str,
    at: datetime,
    officer_id: int | None = None,
) -> bool:
    """Record what is said of a person; returns whether what we know of them changed.

    Everything new is kept in the history. An older answer that arrives late changes nothing, nor does a chat
    answer undo an officer's silencing outcome; saying the same again only makes it newer.

    Raises:
        AlertRefusedError: code `officer_only`, the source may not say that; `no_officer`, an officer's
            outcome without the officer.
    """
    told_by = CheckinSource(source)
    if not may_report(told_by, status):
        raise AlertRefusedError([Reason("officer_only", f"Only an officer may record {status}.")])
    if told_by is CheckinSource.OFFICER and officer_id is None:
        raise AlertRefusedError([Reason("no_officer", "An officer's outcome needs the officer.")])
    news = {"status": status, "source": told_by, "officer_id": officer_id, "at": at}
    key = {"event_id": event_id, "person_id": person_id}
    if await insert_new(connection, checkin, [{**key, **news}], list(key)):
        await connection.execute(insert(checkin_history).values(**key, **news))
        return True
    known = await latest(connection, event_id, person_id, hold=True)
    if known is None:
        raise AssertionError("a check-in vanished between two statements of one transaction")
    same = known.status is status and known.source is told_by
    if not same:
        await connection.execute(insert(checkin_history).values(**key, **news))
    if not displaces(known.status, told_by):
        await notices.post(
            connection,
            kind=NoticeKind.CHECKIN_CONTRADICTS,
            subject=f"event:{event_id}",
            text=f"Somebody recorded as {known.status} has answered in a chat: look at the case again.",
            urgent=True,
            at=at,
        )
        return False
    if at < known.at:
        return False
    await connection.execute(
        update(checkin).where(checkin.c.event_id == event_id, checkin.c.person_id == person_id).values(**news)
    )
    return known.status is not status


async def latest(
    connection: AsyncConnection, event_id: int, person_id: int, *, hold: bool = False
) -> CheckinRow | None:
    """The newest check-in of a person; `hold` keeps others from changing it in this transaction."""
    query = select(checkin).where(checkin.c.event_id == event_id, checkin.c.person_id == person_id)
    row = (await connection.execute(query.with_for_update() if hold else query)).first()
    if row is None:
        return None
    return CheckinRow(
        row.event_id,
        row.person_id,
        CheckinStatus(row.status),
        CheckinSource(row.source),
        row.officer_id,
        row.at,
    )


async def silenced(connection: AsyncConnection, person_ids: Collection[int]) -> set[int]:
    """Those who must get no automatic message: hospitalised, detained, deceased or closed in any event."""
    query = select(checkin.c.person_id).where(listed(checkin.c.person_id), SILENCED)
    return set((await connection.execute(query, {"ids": list(person_ids)})).scalars())
