"""SQL is away, slow or full in the middle of a warning. What was sent is kept in memory until it can be
written; nobody is sent to on an old answer; nobody has it twice."""

import asyncio
import resource
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from tests.faults.conftest import Opener
from tests.faults.front import Front, until_ready
from tests.faults.nursery import Nursery
from tests.postgres import fresh_database

AWAY_S = 2.0
SMALL = 65_536  # bytes: larger than a log, smaller than any database


@asynccontextmanager
async def away(admin: asyncpg.Connection, url: str) -> AsyncIterator[None]:
    """The database throws everybody out and lets nobody in for as long as the block runs."""
    name = url.split("/")[3].partition("?")[0]
    await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    try:
        yield
    finally:
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@asynccontextmanager
async def slow(url: str) -> AsyncIterator[None]:
    """Nobody can write deliveries or batches for as long as the block runs."""
    if url.startswith("sqlite"):
        writer = sqlite3.connect(
            url.removeprefix("sqlite:///"), isolation_level=None, timeout=20, check_same_thread=False
        )
        await asyncio.to_thread(writer.execute, "BEGIN IMMEDIATE")
        try:
            yield
        finally:
            writer.rollback()
            writer.close()
        return
    link = await asyncpg.connect(url)
    transaction = link.transaction()
    await transaction.start()
    await link.execute("LOCK TABLE delivery, batch IN EXCLUSIVE MODE")
    try:
        yield
    finally:
        await transaction.rollback()
        await link.close()


async def goes_on(field: Front, alert: int, number: int = 1) -> None:
    await field.over(alert)
    assert await field.verdict(alert, number) == 0


@pytest.mark.usefixtures("haste")
async def test_away(front: Opener, postgres_server: str) -> None:
    url = await fresh_database(postgres_server)
    admin = await asyncpg.connect(postgres_server)
    async with front(url, 150) as field, field.at_work():
        alert = await field.warn()
        await field.begun(20)
        async with away(admin, url):
            await asyncio.sleep(AWAY_S)
            at = len(field.copies())
            await asyncio.sleep(0.5)
            assert len(field.copies()) == at, "a standing older than a second sends nobody anything"
            assert at < 150
        await goes_on(field, alert)
    await admin.close()


@pytest.mark.usefixtures("haste")
async def test_away_while_it_is_planned(front: Opener, postgres_server: str) -> None:
    url = await fresh_database(postgres_server)
    admin = await asyncpg.connect(postgres_server)
    async with front(url, 60) as field, field.at_work():
        alert = await field.warn()
        async with away(admin, url):
            await asyncio.sleep(1.0)
        await goes_on(field, alert)
    await admin.close()


@pytest.mark.usefixtures("haste")
async def test_slow(front: Opener, database_url: str) -> None:
    async with front(database_url, 100) as field, field.at_work():
        alert = await field.warn()
        await field.begun(20)
        async with slow(database_url):
            await asyncio.sleep(AWAY_S)
        await goes_on(field, alert)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="another process's limits are Linux's")
async def test_a_full_disk(front: Opener, nursery: Nursery, sqlite_url: str, tmp_path: Path) -> None:
    async with front(sqlite_url, 80, nursery=nursery) as field, field.planning():
        worker = field.spawn("worker")
        await until_ready(worker)
        alert = await field.warn()
        await field.begun(12)
        # None of its files may be written to beyond what it has logged: SQL fails as on a full disk.
        _, hard = resource.prlimit(worker.process_id, resource.RLIMIT_FSIZE)
        resource.prlimit(worker.process_id, resource.RLIMIT_FSIZE, (SMALL, hard))
        await field.sent_to(80)
        before = await field.states()
        await asyncio.sleep(1.0)
        assert await field.states() == before, "nothing could be written"
        assert before["queued"] > 0
        resource.prlimit(worker.process_id, resource.RLIMIT_FSIZE, (hard, hard))
        await goes_on(field, alert)
        assert worker.alive
        assert (tmp_path / "muster.db").stat().st_size > 0
