"""What runs at once on a connection to SQLite, what goes to the thread, and what a cancellation leaves."""

import asyncio
import shutil
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from storage.database import Database, open_database
from storage.sqlite_driver import MANY_VALUES, QuickConnection, connector


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    path = tmp_path / "some.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE thing (id INTEGER PRIMARY KEY)")
    connection.close()
    return path


@pytest.fixture
async def opened(file: Path) -> AsyncIterator[Database]:
    database = open_database(f"sqlite:///{file}")
    yield database
    await database.close()


async def threads_of(
    path: Path, *, writes: bool, statement: str, values: tuple[int, ...] = (), brief: bool = False
) -> bool:
    """Whether a statement runs in the caller's thread."""
    connection = await connector(str(path), writes=writes, at_once=brief)()
    seen: list[int] = []
    raw = connection._conn  # to watch from inside SQLite who calls it
    raw.set_progress_handler(lambda: seen.append(threading.get_ident()), 1)
    try:
        await (await connection.cursor()).execute(statement, values)
        return set(seen) == {threading.get_ident()}
    finally:
        raw.set_progress_handler(None, 0)
        await connection.rollback()
        await connection.close()


@pytest.mark.parametrize(
    ("statement", "writes", "at_once"),
    [
        ("SELECT count(*) FROM thing", True, True),
        ("INSERT INTO thing VALUES (1)", True, True),
        ("SELECT count(*) FROM thing", False, False),
        ("DELETE FROM thing", True, False),
        ("  delete FROM thing WHERE id > 0", True, False),
        ("BEGIN IMMEDIATE", True, False),
    ],
)
async def test_short_statements_of_writers_run_at_once(
    file: Path, statement: str, writes: bool, at_once: bool
) -> None:
    assert await threads_of(file, writes=writes, statement=statement) is at_once


async def test_brief_reading_runs_at_once(file: Path) -> None:
    assert await threads_of(file, writes=False, brief=True, statement="SELECT count(*) FROM thing")
    assert not await threads_of(file, writes=False, brief=True, statement="PRAGMA integrity_check")


async def test_many_values_go_to_the_thread(file: Path) -> None:
    many = MANY_VALUES + 1
    statement = "VALUES " + ",".join(["(?)"] * many)
    assert not await threads_of(file, writes=True, statement=statement, values=tuple(range(many)))


async def test_whoever_is_cancelled_at_the_lock_holds_up_nobody(file: Path, opened: Database) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def write() -> None:
        async with opened.durable() as connection:
            await connection.execute(text("INSERT INTO thing VALUES (7)"))

    waiting = asyncio.create_task(write())
    done, _ = await asyncio.wait([waiting], timeout=0.2)
    assert not done, "it waits for the lock"
    waiting.cancel()
    loop = asyncio.get_running_loop()
    before = loop.time()
    await asyncio.sleep(0)
    assert loop.time() - before < 1, "the loop goes round while the thread waits"
    other.rollback()
    other.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await write()
    async with opened.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM thing"))).scalar_one() == 1


async def test_a_step_that_breaks_is_rolled_back(opened: Database) -> None:
    async def breaking() -> None:
        async with opened.durable() as connection:
            await connection.execute(text("INSERT INTO thing VALUES (7)"))
            raise LookupError

    with pytest.raises(LookupError):
        await breaking()
    async with opened.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM thing"))).scalar_one() == 0


async def test_a_closed_connection_says_so(file: Path) -> None:
    connection = await connector(str(file), writes=True)()
    assert isinstance(connection, QuickConnection)
    await connection.close()
    with pytest.raises(ValueError, match="onnection"):
        await connection.cursor()


def test_a_file_that_cannot_be_opened_leaves_no_thread_that_talks_to_a_closed_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cries: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", cries.append)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns as badly as on a busy machine
    try:
        for _ in range(100):
            with asyncio.Runner() as runner, pytest.raises(sqlite3.OperationalError):
                runner.run(_opened(tmp_path / "nowhere" / "x.db"))
    finally:
        sys.setswitchinterval(before)
    assert not [thread for thread in threading.enumerate() if "_connection_worker" in thread.name]
    assert cries == []


async def _opened(path: Path) -> None:
    await connector(str(path), writes=True)()


def test_closing_waits_for_the_thread_of_a_connection_that_was_cut_off(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cries: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", cries.append)
    path = tmp_path / "cut.db"
    shutil.copy(sqlite_template, path)

    async def cut_off(turns: int) -> None:
        database = open_database(f"sqlite:///{path}")

        async def read() -> None:
            async with database.read() as connection:
                await connection.execute(text("SELECT 1"))

        reading = asyncio.create_task(read())
        for _ in range(turns):
            await asyncio.sleep(0)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        await database.close()

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns as badly as on a busy machine
    try:
        for turns in (1, 2, 3, 5) * 60:
            with asyncio.Runner() as runner:
                runner.run(cut_off(turns))
    finally:
        sys.setswitchinterval(before)
    assert cries == []
