"""Many rows at once, on both databases: what is written, what a constraint leaves out, and all or nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from alerts.tables import unreachable
from storage.bulk import insert_columns
from storage.database import Database
from tests.alerts.office import open_office
from tests.alerts.post_room import revision_of

NOW = datetime(2026, 11, 22, 8, 0, 0, 123_000, tzinfo=UTC)
KEY = ("revision_id", "person_id")


async def count(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(unreachable))).scalar_one())


async def test_columns_become_rows_and_come_back_as_they_were(database: Database) -> None:
    revision = await revision_of(await open_office(database))
    people, reasons = range(1, 5_001), ["no_address", "addresses_gone"] * 2_500
    constants: dict[str, Any] = {"revision_id": revision, "at": NOW}
    async with database.bulk() as connection:
        await insert_columns(connection, unreachable, {"person_id": people, "reason": reasons}, constants)
        await insert_columns(connection, unreachable, {"person_id": [], "reason": []}, constants)
    async with database.read() as connection:
        rows = (await connection.execute(select(unreachable).order_by(unreachable.c.person_id))).all()
    assert [tuple(row) for row in rows] == [
        (revision, person, reason, NOW) for person, reason in zip(people, reasons, strict=True)
    ]


async def test_what_is_there_stays_and_the_rest_is_written(database: Database) -> None:
    revision = await revision_of(await open_office(database))
    constants: dict[str, Any] = {"revision_id": revision, "at": NOW}
    async with database.bulk() as connection:
        for people, reason in ((range(10), "no_address"), (range(5, 20), "addresses_gone")):
            columns = {"person_id": people, "reason": [reason] * len(people)}
            await insert_columns(connection, unreachable, columns, constants, unless=KEY)
    async with database.read() as connection:
        found = await connection.execute(select(unreachable.c.reason).order_by(unreachable.c.person_id))
    assert list(found.scalars()) == ["no_address"] * 10 + ["addresses_gone"] * 10


async def test_without_a_constraint_named_a_row_that_is_there_undoes_the_transaction(
    database: Database,
) -> None:
    revision = await revision_of(await open_office(database))
    constants: dict[str, Any] = {"revision_id": revision, "at": NOW, "reason": "no_address"}

    async def twice() -> None:
        async with database.bulk() as connection:
            await insert_columns(connection, unreachable, {"person_id": [1, 2]}, constants)
            await insert_columns(connection, unreachable, {"person_id": [3, 2]}, constants)

    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        await twice()
    assert await count(database) == 0
    async with database.bulk() as connection:  # and the connection still serves
        await insert_columns(connection, unreachable, {"person_id": [1, 2]}, constants)
    assert await count(database) == 2


async def test_what_is_the_same_in_every_row_comes_back_as_it_was(database: Database) -> None:
    """It is written into SQLite's statement: quotes, marks and anything else must stay themselves."""
    odd = "it's ?1 :x"
    revision = await revision_of(await open_office(database))
    constants: dict[str, Any] = {"revision_id": revision, "at": NOW}
    columns: dict[str, Any] = {"person_id": range(100), "reason": [odd] * 100}
    async with database.bulk() as connection:
        await insert_columns(connection, unreachable, columns, constants)
        await insert_columns(
            connection, unreachable, {"person_id": range(100, 103)}, {**constants, "reason": odd}, unless=KEY
        )
    async with database.read() as connection:
        rows = (await connection.execute(select(unreachable.c.reason, unreachable.c.at))).all()
    assert [tuple(row) for row in rows] == [(odd, NOW)] * 103
