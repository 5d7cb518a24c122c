"""The change feed: who changed, in order, for whoever keeps an index of people. Touches SQL only.

PostgreSQL numbers a change when it is written and shows it when its transaction commits: a reader may see 7
before 6. So what a reader has read already comes again as long as a transaction that began before may still
commit.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.tables import change

LONGEST_TRANSACTION = timedelta(minutes=10)
OVERLAP = 50_000  # changes that are looked at again, at most


async def append(connection: AsyncConnection, person_ids: Iterable[int], now: datetime) -> None:
    """Say in the caller's transaction that these people changed; twice the same person is harmless."""
    rows = [{"person_id": person_id, "at": now} for person_id in person_ids]
    if rows:
        await connection.execute(insert(change), rows)


async def changes(connection: AsyncConnection, after: int | None) -> tuple[int, list[int]]:
    """Who changed after the change `after`, and the id to read on from; nobody when `after` is None.

    On PostgreSQL the newest ones come again even if nothing new is there: "nobody" means that nothing
    changed, an unchanged id does not.
    """
    last = await newest(connection)
    if after is None:
        return last, []
    query = (await after_change(connection, after)).where(change.c.id <= last).distinct()
    return max(last, after), sorted(row[0] for row in await connection.execute(query))


async def newest(connection: AsyncConnection) -> int:
    """The id of the newest change that can be seen; 0 = there is none."""
    return (await connection.execute(select(func.max(change.c.id)))).scalar_one_or_none() or 0


async def since(connection: AsyncConnection, seen: int, among: Collection[int]) -> set[int]:
    """Those `among` some people with a change after `seen`, as far as can be seen."""
    found = await connection.execute(select(change.c.person_id).where(change.c.id > seen).distinct())
    return {person_id for person_id in found.scalars() if person_id in among}


async def after_change(connection: AsyncConnection, after: int) -> Select[int]:
    """The query of everybody who changed after `after`, or just before and perhaps unseen."""
    query = select(change.c.person_id)
    if connection.dialect.name != "postgresql":  # SQLite has one writer: numbers appear in their order
        return query.where(change.c.id > after)
    known = select(change.c.at).where(change.c.id <= after).order_by(change.c.id.desc()).limit(1)
    at = (await connection.execute(known)).scalar_one_or_none()
    if at is None:
        return query.where(change.c.id > after)
    late = (change.c.id > after - OVERLAP) & (change.c.at > at - LONGEST_TRANSACTION)
    return query.where(or_(change.c.id > after, late))


async def can_follow(connection: AsyncConnection, after: int) -> bool:
    """Whether the feed still holds everything after `after`; if not, an index must be built anew."""
    oldest = (await connection.execute(select(func.min(change.c.id)))).scalar_one_or_none()
    return oldest is None or oldest <= after + 1


async def trim(connection: AsyncConnection, before: datetime) -> int:
    """Forget changes older than `before` (aware UTC) but the newest of all; return how many.

    Whoever reads the feed asks `can_follow` first.
    """
    newest = select(func.max(change.c.id)).scalar_subquery()
    result = await connection.execute(delete(change).where(change.c.at < before, change.c.id < newest))
    return result.rowcount
