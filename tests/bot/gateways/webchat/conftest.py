"""Fixtures of the web chat's tests."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from redis.asyncio import Redis

from storage.database import Database, open_database
from storage.redis import connect_redis
from storage.vault import Vault
from tests.bot.gateways.webchat.site import CHROMIUM, Site, open_site
from tests.chromium import FLAGS


@pytest.fixture
async def site(sqlite: Database, vault: Vault, redis: Redis) -> AsyncIterator[Site]:
    async with open_site(sqlite, vault, redis) as opened:
        yield opened


# One Chromium for all tests of the page, and therefore one loop.
with_browser = partial(pytest_asyncio.fixture, loop_scope="session")


@dataclass(frozen=True)
class Parts:
    """What a site stands on."""

    database: Database
    redis: Redis


@with_browser(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A real Chromium."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium here")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        await opened.close()


@with_browser()
async def parts(sqlite_template: Path, tmp_path: Path, redis_server: str) -> AsyncIterator[Parts]:
    path = tmp_path / "muster.db"
    shutil.copy(sqlite_template, path)
    made = Parts(open_database(f"sqlite:///{path}"), connect_redis(redis_server))
    yield made
    await made.database.close()
    await made.redis.aclose()


@with_browser()
async def live(parts: Parts, vault: Vault) -> AsyncIterator[Site]:
    async with open_site(parts.database, vault, parts.redis) as opened:
        yield opened


@with_browser()
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    opened = await browser.new_context(locale="vi-VN", viewport={"width": 360, "height": 740})
    yield opened
    await opened.close()


@with_browser()
async def page(context: BrowserContext, live: Site) -> AsyncIterator[Page]:
    """The chat, opened for the first time; an error in a script fails the test."""
    errors: list[str] = []
    opened = await context.new_page()
    opened.on("pageerror", lambda error: errors.append(str(error)))
    await opened.goto(live.url("/chat"))
    yield opened
    assert errors == []
