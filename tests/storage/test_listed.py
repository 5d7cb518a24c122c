"""Ids as one value, on both databases: exactly those are found, however many there are."""

from sqlalchemy import insert, select

from alerts.tables import unreachable
from storage.database import Database
from storage.listed import listed
from tests.alerts.office import NOW, open_office
from tests.alerts.post_room import revision_of

HUGE = 2**62


async def test_exactly_those_are_found(database: Database) -> None:
    revision = await revision_of(await open_office(database))
    there = [1, 2, 3, HUGE, *range(10_000, 50_000, 7)]
    query = select(unreachable.c.person_id).where(listed(unreachable.c.person_id))
    async with database.bulk() as connection:
        row = {"revision_id": revision, "reason": "no_address", "at": NOW}
        await connection.execute(insert(unreachable), [{**row, "person_id": person} for person in there])
    async with database.read() as connection:
        for asked in ([], [2], [0, 3, HUGE, HUGE, 4], list(range(60_000))):
            found = (await connection.execute(query, {"ids": asked})).scalars().all()
            assert sorted(found) == sorted(set(asked) & set(there))
