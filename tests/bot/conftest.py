"""Fixtures of the bot core's tests."""

from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from app.logs import without_texts
from storage.database import Database, open_database
from tests.postgres import fresh_database


@pytest.fixture(autouse=True)
def log_lines_in_caplog() -> Iterator[None]:
    """Each log line with all its fields, as a process writes it, where `caplog` sees it."""
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            without_texts,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    yield
    structlog.reset_defaults()


@pytest.fixture
async def postgres_only(postgres_server: str) -> AsyncIterator[Database]:
    """A migrated, empty PostgreSQL, for what SQLite's single writer rules out by itself."""
    opened = open_database(await fresh_database(postgres_server))
    yield opened
    await opened.close()
