"""One SQL database, SQLite or PostgreSQL, opened by URL. Touches SQLAlchemy engines only.

Four ways in, the same on both databases:
- `durable()`: a writing transaction that is on the disk when it returns (inbox, answers, approvals);
- `bulk()`: a writing transaction that survives a killed process but may lose its last moments when the power
  goes (outcomes, progress), never half of itself;
- `read()`: a snapshot for reading: several statements see one moment, so what they count adds up;
- `glance()`: a few rows by their keys, as soon as can be: each statement sees what is committed when it runs.
On SQLite every writing transaction is BEGIN IMMEDIATE; keep it short and await nothing else inside.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, MutableSet, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any
from weakref import WeakSet

from sqlalchemy import Connection, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from storage.errors import ConfigurationError, StorageUnavailableError
from storage.liveness import ask_after_idling
from storage.sqlite_driver import QuickConnection, connector
from storage.turn import Turn

BUSY_TIMEOUT_MS = 30_000
# PostgreSQL's classes of "not now": connection, rolled back by a conflict, resources, not in this state
# (closed to connections, locked), operator intervention (shutting down, starting up), system (disk).
AWAY_STATES = ("08", "40", "53", "55", "57", "58")
CACHE_KB = 4_000  # of each connection; behind it is the system's own cache of the file
BULK_CACHE_KB = 16_000  # thousands of rows change pages all over an index
MAX_PARAMETERS = 30_000  # SQLite allows 32,766 bound values in one statement, PostgreSQL 32,767


class Database:
    """The engines of one database; made by `open_database`, closed by `close()`."""

    def __init__(
        self,
        durable: AsyncEngine,
        bulk: AsyncEngine,
        reading: AsyncEngine,
        glancing: AsyncEngine,
        turn: Turn | None = None,
        opened: Collection[QuickConnection] = (),
    ) -> None:
        """
        Args:
            turn: held during a writing transaction, so that none waits at SQLite's lock.
            opened: SQLite's connections that are in use or not gone yet.
        """
        self._durable = durable
        self._bulk = bulk
        self._reading = reading
        self._glancing = glancing
        self._turn = turn
        self._opened = opened

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._durable.dialect.name

    @asynccontextmanager
    async def durable(self, *, urgent: bool = False) -> AsyncIterator[AsyncConnection]:
        """A writing transaction that is on the disk once the block has ended without an error; an urgent one
        goes before those of this process that wait.

        Raises:
            StorageUnavailableError: the database is away, locked for 30 s, or its disk is full.
        """
        async with _transaction(self._durable, self._waits(urgent=urgent)) as connection:
            yield connection

    @asynccontextmanager
    async def bulk(self) -> AsyncIterator[AsyncConnection]:
        """A writing transaction for many rows of progress; raises like `durable`."""
        async with _transaction(self._bulk, self._waits(urgent=False)) as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A snapshot for reading; raises like `durable`."""
        async with _transaction(self._reading, nullcontext()) as connection:
            yield connection

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncConnection]:
        """For reading at most some hundred rows by their keys; raises like `durable`.

        On SQLite the statements run on the event loop: a thread would have to get the interpreter back for
        each row. On PostgreSQL they need no transaction around them.
        """
        async with _transaction(self._glancing, nullcontext()) as connection:
            yield connection

    async def close(self) -> None:
        """Close every pooled connection, and wait for the threads of those that were cut off."""
        for engine in {self._durable, self._bulk, self._reading, self._glancing}:
            await engine.dispose()
        for connection in [one for one in self._opened if one.is_ending]:
            await asyncio.to_thread(connection.ended)

    def _waits(self, *, urgent: bool) -> AbstractAsyncContextManager[object]:
        return nullcontext() if self._turn is None else self._turn.taken(urgent=urgent)


@asynccontextmanager
async def _transaction(
    engine: AsyncEngine, turn: AbstractAsyncContextManager[object]
) -> AsyncIterator[AsyncConnection]:
    try:
        async with turn, engine.begin() as connection:
            yield connection
    except (OperationalError, PoolTimeoutError) as error:
        raise StorageUnavailableError("the database is away or refuses to write") from error
    except DBAPIError as error:
        if error.connection_invalidated or _sql_state(error).startswith(AWAY_STATES):
            raise StorageUnavailableError("the connection to the database broke") from error
        raise
    except OSError as error:
        raise StorageUnavailableError("the database cannot be reached") from error


def _sql_state(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")


def async_url(url: str) -> str:
    """Return `url` with the asynchronous driver named.

    Raises:
        ConfigurationError: the URL is not SQLite's or PostgreSQL's.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigurationError(
            "the database URL cannot be read; example: sqlite:///var/muster.db"
        ) from error
    drivers = {
        "sqlite": "sqlite+aiosqlite",
        "postgresql": "postgresql+asyncpg",
        "postgres": "postgresql+asyncpg",
    }
    backend = parsed.get_backend_name()
    if backend not in drivers:
        raise ConfigurationError("the database URL must begin with sqlite: or postgresql:")
    return parsed.set(drivername=drivers[backend]).render_as_string(hide_password=False)


def open_database(url: str, *, pool_size: int = 5) -> Database:
    """Open the database at `url` (`sqlite:///path` or `postgresql://...`); nothing connects yet.

    Args:
        pool_size: connections kept for each of the ways in (PostgreSQL shares one pool of three times this).

    Raises:
        ConfigurationError: the URL is not SQLite's or PostgreSQL's.
    """
    target = async_url(url)
    if target.startswith("postgresql"):
        engine = create_async_engine(target, pool_size=pool_size * 3, max_overflow=0, hide_parameters=True)
        ask_after_idling(engine)
        reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        alone = engine.execution_options(isolation_level="AUTOCOMMIT")
        return Database(engine, engine, reading, alone)
    opened: WeakSet[QuickConnection] = WeakSet()
    return Database(
        _sqlite_engine(target, opened, 1, "FULL", "BEGIN IMMEDIATE"),
        _sqlite_engine(target, opened, 1, "NORMAL", "BEGIN IMMEDIATE", cache_kb=BULK_CACHE_KB),
        _sqlite_engine(target, opened, pool_size, "NORMAL", "BEGIN"),
        _sqlite_engine(target, opened, 1, "NORMAL", "BEGIN", at_once=True),
        Turn(BUSY_TIMEOUT_MS / 1000),
        opened,
    )


def _sqlite_engine(
    url: str,
    opened: MutableSet[QuickConnection],
    pool_size: int,
    synchronous: str,
    begin: str,
    *,
    at_once: bool = False,
    cache_kb: int = CACHE_KB,
) -> AsyncEngine:
    writes = begin != "BEGIN"
    path = make_url(url).database or ""
    engine = create_async_engine(
        url,
        async_creator=connector(path, writes=writes, at_once=at_once, opened=opened),
        poolclass=AsyncAdaptedQueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT_MS / 1000,
        hide_parameters=True,  # the text of an error must not quote what was to be written
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(raw: Any, _record: object) -> None:
        raw.isolation_level = None  # SQLAlchemy's own BEGIN below, not the driver's late one
        cursor = raw.cursor()
        for pragma in (
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            "journal_mode = WAL",
            f"synchronous = {synchronous}",
            "foreign_keys = ON",
            "temp_store = MEMORY",
            f"cache_size = -{cache_kb}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


async def insert_new(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], conflict: Iterable[str]
) -> int:
    """Insert `rows`, leaving alone those whose `conflict` columns are already there; return how many were
    new."""
    if not rows:
        return 0
    build = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    columns = list(conflict)
    step = max(1, MAX_PARAMETERS // max(1, len(rows[0])))
    new = 0
    for start in range(0, len(rows), step):
        statement = build(table).values(list(rows[start : start + step]))
        result = await connection.execute(statement.on_conflict_do_nothing(index_elements=columns))
        new += result.rowcount
    return new


async def upsert(
    connection: AsyncConnection,
    table: Table,
    row: Mapping[str, Any],
    conflict: Iterable[str],
    update: Iterable[str],
) -> None:
    """Insert `row`, or where its `conflict` columns are already there set the `update` columns to its
    values."""
    build = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = build(table).values(dict(row))
    changes = {name: statement.excluded[name] for name in update}
    await connection.execute(statement.on_conflict_do_update(index_elements=list(conflict), set_=changes))
