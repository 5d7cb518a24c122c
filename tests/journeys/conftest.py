"""What journeys through a browser stand on: the whole service with web chat as its only channel, and a real
Chromium."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.chromium import FLAGS, find_chromium
from tests.conftest import OwnRedis
from tests.service import Service, make_settings, running


@pytest.fixture
async def service(
    sqlite_template: Path, tmp_path: Path, own_redis: OwnRedis, gazetteer: Path
) -> AsyncIterator[Service]:
    """The whole service with web chat as its only channel."""
    path = tmp_path / "muster.db"
    shutil.copy(sqlite_template, path)
    settings = make_settings(
        tmp_path,
        database_url=f"sqlite:///{path}",
        redis_url=own_redis.url,
        gazetteer=gazetteer,
        simulator=None,
    )
    async with running(settings) as started:
        yield started


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A real Chromium, given time: the machine may be doing other things."""
    expect.set_options(timeout=30_000)
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield opened
        await opened.close()
