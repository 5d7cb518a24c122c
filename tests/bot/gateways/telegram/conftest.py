"""A Telegram account of a test, and the Bot API it speaks to."""

from collections.abc import AsyncIterator

import pytest

from bot.gateways.telegram.gateway import TelegramGateway
from bot.gateways.telegram.settings import TelegramSettings
from tests.bot.gateways.telegram.simulated_api import SimulatedApi, simulated_api

TOKEN = "123456:canary-TOKEN_of_a_test"
SECRET = "canary-SECRET_of_a_test"


@pytest.fixture(autouse=True)
def library_as_wired(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `app/settings.py` sets before the library is used: times as timedelta, no deprecation warning."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
async def api() -> AsyncIterator[SimulatedApi]:
    async with simulated_api() as running:
        yield running


@pytest.fixture
async def gateway(api: SimulatedApi) -> AsyncIterator[TelegramGateway]:
    """Opened, with a secret."""
    opened = TelegramGateway(TelegramSettings(TOKEN, SECRET, "https://muster.example", api.base))
    await opened.open()
    api.requests.clear()
    yield opened
    await opened.close()
