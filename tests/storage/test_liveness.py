"""Connections that died while they lay idle, on a real PostgreSQL."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text

from storage import liveness
from storage.database import Database, open_database
from storage.errors import StorageUnavailableError
from tests.postgres import fresh_database


@pytest.fixture
async def used(postgres_server: str) -> AsyncIterator[Database]:
    """A database whose pool holds a connection that worked just now."""
    database = open_database(await fresh_database(postgres_server))
    assert await one(database) == 1
    yield database
    await database.close()


async def end_all(server: str, database: Database) -> None:
    """End every connection to a database, as a restart of the server does."""
    async with database.glance() as connection:
        name = (await connection.execute(text("SELECT current_database()"))).scalar_one()
    admin = await asyncpg.connect(server)
    await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    await admin.close()


async def one(database: Database) -> int:
    async with database.glance() as connection:
        return int((await connection.execute(text("SELECT 1"))).scalar_one())


async def test_who_lay_idle_is_asked_first(
    used: Database, postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(liveness, "IDLE_S", 0.0)
    await end_all(postgres_server, used)
    assert await one(used) == 1


async def test_who_worked_just_now_is_not_asked(used: Database, postgres_server: str) -> None:
    await end_all(postgres_server, used)
    with pytest.raises(StorageUnavailableError):
        await one(used)
    assert await one(used) == 1, "the first to fail made the others anew"
