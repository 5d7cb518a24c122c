"""The chain finds every tampering: each column, a removed row, swapped rows, a row put before the first."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from staff import audit
from staff.tables import audit as table
from storage.database import Database
from tests.staff.conftest import START, HandClock


async def record(connection: AsyncConnection, number: int) -> None:
    await audit.append(
        connection,
        at=START,
        actor=f"officer:{number}",
        action="alert.approve",
        subject=f"alert:{number}",
        detail={"revision": number, "accepted": {"th": 3}, "share": 0.1, "none": None, "all": ["a", "b"]},
    )


async def chain(database: Database, length: int = 5) -> None:
    for number in range(1, length + 1):
        async with database.durable() as connection:
            await record(connection, number)


async def verified(database: Database) -> audit.AuditReport:
    async with database.read() as connection:
        return await audit.verify(connection)


async def test_an_untouched_chain_is_whole(database: Database) -> None:
    await chain(database)
    report = await verified(database)
    assert (report.intact, report.entries) == (True, 5)
    async with database.read() as connection:
        entries = await audit.newest(connection, limit=2)
        assert [entry.seq for entry in entries] == [5, 4]
        assert entries[0].hash.hex() == report.head
        assert [e.seq for e in await audit.newest(connection, subject="alert:2")] == [2]
        assert [e.seq for e in await audit.newest(connection, before=2)] == [1]


async def test_an_empty_chain_is_whole(database: Database) -> None:
    assert (await verified(database)) == audit.AuditReport(0, audit.GENESIS.hex())


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", HandClock().at.replace(microsecond=1)),
        ("actor", "officer:9"),
        ("action", "alert.reject"),
        ("subject", "alert:9"),
        ("detail", {"revision": 9}),
        ("previous", bytes(31) + b"x"),
        ("hash", bytes(31) + b"x"),
        ("seq", 99),
    ],
)
async def test_a_changed_column_is_caught(database: Database, column: str, value: Any) -> None:
    await chain(database)
    async with database.durable() as connection:
        await connection.execute(update(table).where(table.c.seq == 3).values({column: value}))
    report = await verified(database)
    assert (report.broken_at, report.entries) == (3, 2)


async def test_a_detail_that_only_looks_the_same_is_caught(database: Database) -> None:
    await chain(database)
    async with database.durable() as connection:
        await connection.execute(
            update(table)
            .where(table.c.seq == 2)
            .values(
                detail={"revision": "2", "accepted": {"th": 3}, "share": 0.1, "none": None, "all": ["a", "b"]}
            )
        )
    assert (await verified(database)).broken_at == 2


async def test_a_removed_row_is_caught(database: Database) -> None:
    await chain(database)
    async with database.durable() as connection:
        await connection.execute(delete(table).where(table.c.seq == 2))
    report = await verified(database)
    assert (report.broken_at, report.problem) == (2, "a row is missing")


async def test_swapped_rows_are_caught(database: Database) -> None:
    await chain(database)
    async with database.durable() as connection:
        for old, new in ((2, -2), (3, 2), (-2, 3)):
            await connection.execute(update(table).where(table.c.seq == old).values(seq=new))
    assert (await verified(database)).broken_at == 2


async def test_a_row_before_the_first_is_caught(database: Database) -> None:
    await chain(database)
    async with database.durable() as connection:
        await connection.execute(
            insert(table).values(
                seq=0, at=START, actor="x", action="x", subject="x", detail={}, previous=b"", hash=b""
            )
        )
    assert (await verified(database)).broken_at == 0


async def test_a_chain_cut_short_shows_in_its_head(database: Database) -> None:
    await chain(database)
    noted = (await verified(database)).head
    async with database.durable() as connection:
        await connection.execute(delete(table).where(table.c.seq > 3))
    report = await verified(database)
    assert report.intact
    assert report.head != noted


async def test_an_act_that_fails_leaves_no_entry(database: Database) -> None:
    async def act() -> None:
        async with database.durable() as connection:
            await record(connection, 1)
            raise RuntimeError("the act failed")

    with pytest.raises(RuntimeError, match="the act failed"):
        await act()
    assert (await verified(database)).entries == 0


async def test_appends_at_once_stand_in_line(database: Database) -> None:
    async def one(number: int) -> None:
        async with database.durable() as connection:
            await record(connection, number)

    await asyncio.gather(*(one(number) for number in range(1, 21)))
    report = await verified(database)
    assert (report.intact, report.entries) == (True, 20)


async def test_a_long_chain_is_walked_in_pages(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PAGE", 3)
    await chain(sqlite, 7)
    assert (await verified(sqlite)).entries == 7
    async with sqlite.durable() as connection:
        await connection.execute(update(table).where(table.c.seq == 6).values(actor="x"))
    assert (await verified(sqlite)).broken_at == 6
