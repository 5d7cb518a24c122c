"""Brings a database to the newest schema. Touches Alembic and the scripts in `storage/migrations/`."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from storage.database import async_url
from storage.errors import StorageUnavailableError

SCRIPTS = Path(__file__).parent / "migrations"
T = TypeVar("T")

# PostgreSQL: whoever migrates first holds this; the others wait and find nothing left to do.
LOCK = 7_106_921


def migrate(url: str) -> None:
    """Upgrade the database at `url` to the newest schema; does nothing when it is there already.

    Raises:
        StorageUnavailableError: the database cannot be reached.
    """
    asyncio.run(_migrate(url))


def newest() -> str:
    """Return the id of the newest migration."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise StorageUnavailableError("the migrations are missing from this installation")
    return head


async def current(url: str) -> str | None:
    """Return the id of the migration the database stands at, None for an empty one.

    Raises:
        StorageUnavailableError: the database cannot be reached.
    """
    return await _with_connection(url, lambda link: MigrationContext.configure(link).get_current_revision())


async def _migrate(url: str) -> None:
    def upgrade(link: Connection) -> None:
        if link.dialect.name == "postgresql":
            link.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        config = _config()
        config.attributes["connection"] = link
        command.upgrade(config, "head")

    def set_mode(link: Connection) -> None:
        # Kept in the file. Left to the processes that start next, several would change it at once, and SQLite
        # answers "database is locked" to all but one without waiting.
        if link.dialect.name == "sqlite":
            link.exec_driver_sql("PRAGMA journal_mode = WAL")

    await _with_connection(url, set_mode)
    await _with_connection(url, upgrade)


async def _with_connection(url: str, use: Callable[[Connection], T]) -> T:
    engine = create_async_engine(async_url(url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(use)
    except (DBAPIError, OSError) as error:
        raise StorageUnavailableError("the database cannot be reached or refused its migration") from error
    finally:
        await engine.dispose()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    return config
