"""What alerts know of a registration that became part of another one. Touches `delivery` and the check-ins.

Both may have been warned before they were one: then the absorbed one's deliveries become later rungs of the
survivor's, so that everything that was sent stays on record and the person still counts once.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.checkin_status import SILENCING
from alerts.tables import checkin, checkin_history, delivery, unreachable
from registry.merging import Merged


async def carry(connection: AsyncConnection, merged: Merged) -> None:
    """Take deliveries and answers to the survivor; fulfils `registry.merging.Carry`."""
    await _carry_deliveries(connection, merged.survivor_id, merged.absorbed_id)
    await _carry_answers(connection, merged.survivor_id, merged.absorbed_id)
    await connection.execute(delete(unreachable).where(unreachable.c.person_id == merged.absorbed_id))


async def _carry_deliveries(connection: AsyncConnection, survivor: int, absorbed: int) -> None:
    last = (
        select(delivery.c.revision_id, func.max(delivery.c.rung))
        .where(delivery.c.person_id == survivor)
        .group_by(delivery.c.revision_id)
    )
    taken = {row[0]: row[1] + 1 for row in await connection.execute(last)}
    mine = select(delivery.c.id, delivery.c.revision_id, delivery.c.rung)
    # From the highest rung down: a row moves up and must not meet one of its own that still stands there.
    mine = mine.where(delivery.c.person_id == absorbed).order_by(delivery.c.rung.desc())
    for row in (await connection.execute(mine)).all():
        rung = row.rung + taken.get(row.revision_id, 0)
        await connection.execute(
            update(delivery).where(delivery.c.id == row.id).values(person_id=survivor, rung=rung)
        )


async def _carry_answers(connection: AsyncConnection, survivor: int, absorbed: int) -> None:
    theirs = select(checkin).where(checkin.c.person_id == absorbed)
    for row in (await connection.execute(theirs)).all():
        key = (checkin.c.event_id == row.event_id) & (checkin.c.person_id == survivor)
        known = (await connection.execute(select(checkin).where(key))).one_or_none()
        if known is None or _weight(known) < _weight(row):
            await connection.execute(delete(checkin).where(key))
            await connection.execute(
                update(checkin)
                .where(checkin.c.event_id == row.event_id, checkin.c.person_id == absorbed)
                .values(person_id=survivor)
            )
    await connection.execute(delete(checkin).where(checkin.c.person_id == absorbed))
    await connection.execute(
        update(checkin_history).where(checkin_history.c.person_id == absorbed).values(person_id=survivor)
    )


def _weight(row: Row[Any]) -> tuple[bool, datetime]:
    """Which of two answers stands: no chat answer undoes an officer's last word; else the newer one."""
    return row.status in SILENCING, row.at
