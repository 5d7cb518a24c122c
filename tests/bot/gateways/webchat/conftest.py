"""Fixtures of the web chat's tests."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from storage.database import Database
from storage.vault import Vault
from tests.bot.gateways.webchat.site import Site, open_site


@pytest.fixture
async def site(sqlite: Database, vault: Vault, redis: Redis) -> AsyncIterator[Site]:
    async with open_site(sqlite, vault, redis) as opened:
        yield opened
