"""Fixtures of the bot core's tests."""

from collections.abc import AsyncIterator

import pytest

from storage.database import Database, open_database
from tests.postgres import fresh_database


@pytest.fixture
async def postgres_only(postgres_server: str) -> AsyncIterator[Database]:
    """A migrated, empty PostgreSQL, for what SQLite's single writer rules out by itself."""
    opened = open_database(await fresh_database(postgres_server))
    yield opened
    await opened.close()
