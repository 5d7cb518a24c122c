"""The migrations build exactly what the code's tables say, on SQLite and on PostgreSQL."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from storage.database import Database
from storage.metadata import metadata
from storage.migrate import SCRIPTS
from tests.alerts.office import open_office
from tests.alerts.post_room import revision_of

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


DELIVERY = (
    "INSERT INTO delivery (id, revision_id, person_id, rung, address_id, channel, account, language, drill,"
    " confidence, state, attempts, created_at, next_at) VALUES ({id}, 1, {person}, 0, 5, 'sms', 'main', 'vi',"
    " false, 'city', 'queued', 2, '2026-11-22 08:00:00', '2026-11-22 09:00:00')"
)


async def test_deliveries_keep_their_rows_and_their_one_for_a_person_when_their_indexes_change(
    database: Database,
) -> None:
    def to(revision: str) -> Callable[[Connection], None]:
        def work(link: Connection) -> None:
            config = Config()
            config.set_main_option("script_location", str(SCRIPTS))
            config.attributes["connection"] = link
            (command.downgrade if revision == "0009" else command.upgrade)(config, revision)

        return work

    assert await revision_of(await open_office(database)) == 1
    async with database.durable() as connection:
        await connection.exec_driver_sql(DELIVERY.format(id=1 << 32, person=7))
        kept = [tuple(row) for row in await connection.exec_driver_sql("SELECT * FROM delivery")]
        for revision in ("0009", "0010", "0011", "0012", "0013"):
            await connection.run_sync(to(revision))
            found = [tuple(row) for row in await connection.exec_driver_sql("SELECT * FROM delivery")]
            assert found == kept
            with pytest.raises(IntegrityError):
                async with connection.begin_nested():
                    await connection.exec_driver_sql(DELIVERY.format(id=(1 << 32) + 1, person=7))
        assert await connection.run_sync(differences) == []
        await connection.exec_driver_sql("DELETE FROM delivery")
