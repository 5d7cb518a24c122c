"""Ids as one value, on both databases: exactly those are found, however many there are."""

from sqlalchemy import insert, select, text
from sqlalchemy.dialects import sqlite

from alerts.tables import delivery, event, unreachable
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


async def test_keys_of_text_are_found_as_they_stand(database: Database) -> None:
    query = select(event.c.code).where(listed(event.c.code))
    async with database.bulk() as connection:
        row = {"title": "Gale", "drill": False, "created_at": NOW}
        await connection.execute(insert(event), [{**row, "code": code} for code in ("007", "7", "A'\"Z")])
        for asked in ([], ["7"], ["07", "007", "A'\"Z", "A'\"Z"]):
            found = (await connection.execute(query, {"ids": asked})).scalars().all()
            assert sorted(found) == sorted(set(asked) & {"007", "7", "A'\"Z"})


async def test_sqlite_looks_each_of_them_up(database: Database) -> None:
    if database.dialect != "sqlite":
        return
    query = select(delivery.c.id).where(listed(delivery.c.id), delivery.c.rung == 0)
    words = str(query.compile(dialect=sqlite.dialect(paramstyle="named")))
    async with database.read() as connection:
        plan = await connection.execute(text(f"EXPLAIN QUERY PLAN {words}"), {"ids": "[1]", "rung_1": 0})
        steps = [row.detail for row in plan]
    assert any(step.startswith("SEARCH delivery USING INTEGER PRIMARY KEY") for step in steps), steps
    assert not any(step.startswith("SCAN delivery") for step in steps), steps
