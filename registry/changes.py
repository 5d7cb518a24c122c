"""The change feed: who changed, in order, for whoever keeps an index of people. Touches SQL only."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.tables import change


async def append(connection: AsyncConnection, person_ids: Iterable[int], now: datetime) -> None:
    """Say in the caller's transaction that these people changed; twice the same person is harmless."""
    rows = [{"person_id": person_id, "at": now} for person_id in person_ids]
    if rows:
        await connection.execute(insert(change), rows)


async def trim(connection: AsyncConnection, before: datetime) -> int:
    """Forget changes older than `before` (aware UTC); return how many.

    Whoever reads the feed must have read later than that, or build its index anew.
    """
    result = await connection.execute(delete(change).where(change.c.at < before))
    return result.rowcount
