"""The migrations build exactly what the code's tables say, on SQLite and on PostgreSQL."""

from importlib import import_module
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from storage.database import Database
from storage.metadata import metadata

ROOT = Path(__file__).parent.parent.parent


def differences(connection: Connection) -> list[object]:
    for path in ROOT.glob("*/tables.py"):
        import_module(f"{path.parent.name}.tables")
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [change for change in compare_metadata(context, metadata) if "alembic_version" not in str(change)]


async def test_migrations_and_tables_agree(database: Database) -> None:
    async with database.read() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_forgotten_column_would_be_seen(database: Database) -> None:
    async with database.durable() as connection:
        await connection.exec_driver_sql("ALTER TABLE mission DROP COLUMN phone")
        assert await connection.run_sync(differences) != []


def test_a_new_sqlite_file_is_in_write_ahead_mode_before_anybody_opens_it(sqlite_template: Path) -> None:
    header = sqlite_template.read_bytes()[:20]
    assert header[18:20] == b"\x02\x02"  # SQLite file format: write and read version, 2 = WAL
