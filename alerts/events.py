"""Events: opening, finding and closing them. Touches SQL only.

An event's code is six characters that are not mistaken for each other; it
travels in the buttons of its alerts.
"""

import secrets
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.errors import UnknownAlertError
from alerts.store import EventRow
from alerts.tables import event
from storage.database import insert_new

CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without I, O, 0, 1
CODE_LENGTH = 6


async def open_event(connection: AsyncConnection, *, title: str, drill: bool, now: datetime) -> EventRow:
    """Open a new event under a code nobody has."""
    while True:
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        values = {"code": code, "title": title, "drill": drill, "created_at": now}
        if await insert_new(connection, event, [values], ["code"]):
            found = await by_code(connection, code)
            if found is not None:
                return found


async def read_event(connection: AsyncConnection, event_id: int) -> EventRow:
    """Read one event.

    Raises:
        UnknownAlertError: there is none.
    """
    row = (await connection.execute(select(event).where(event.c.id == event_id))).first()
    if row is None:
        raise UnknownAlertError(f"there is no event {event_id}")
    return EventRow(*row)


async def by_code(connection: AsyncConnection, code: str) -> EventRow | None:
    """The event a button or a citizen names, in any letter case."""
    row = (await connection.execute(select(event).where(event.c.code == code.strip().upper()))).first()
    return EventRow(*row) if row else None


async def list_events(
    connection: AsyncConnection, *, open_only: bool = False, limit: int = 50
) -> list[EventRow]:
    """Events, newest first."""
    query = select(event).order_by(event.c.id.desc()).limit(limit)
    if open_only:
        query = query.where(event.c.closed_at.is_(None))
    return [EventRow(*row) for row in await connection.execute(query)]


async def close_event(connection: AsyncConnection, event_id: int, now: datetime) -> bool:
    """Close an event; False when it already was closed or never existed."""
    done = await connection.execute(
        update(event).where(event.c.id == event_id, event.c.closed_at.is_(None)).values(closed_at=now)
    )
    return done.rowcount == 1
