"""A duty desk per test, on SQLite, without browser libraries: everything must work without them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.vault import Vault
from tests.console.duty import Duty, open_duty


@pytest.fixture
async def duty(sqlite: Database, vault: Vault, tmp_path: Path) -> AsyncIterator[Duty]:
    opened = await open_duty(sqlite, vault, tmp_path / "no-vendor")
    yield opened
    await opened.close()


@pytest.fixture
async def demo(sqlite: Database, vault: Vault, tmp_path: Path) -> AsyncIterator[Duty]:
    """The same as a demonstration: one-time links, drills shown."""
    opened = await open_duty(sqlite, vault, tmp_path / "no-vendor", demo=True, show_drills=True)
    yield opened
    await opened.close()
