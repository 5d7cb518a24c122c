"""An office on each kind of database."""

import pytest

from storage.database import Database
from tests.alerts.office import Office, open_office


@pytest.fixture
async def office(database: Database) -> Office:
    """A desk with three officers; the test runs once on SQLite and once on PostgreSQL."""
    return await open_office(database)


@pytest.fixture
async def quick_office(sqlite: Database) -> Office:
    """The same on SQLite only, where the kind of database does not matter."""
    return await open_office(sqlite)
