"""A Viber account of a test, and the API it speaks to."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.gateways.viber.gateway import ViberGateway
from bot.gateways.viber.settings import ViberSettings
from bot.messages import Address, Button, Channel, Outbound
from storage.errors import StorageUnavailableError
from tests.bot.gateways.viber.viber_api import ViberApi, viber_api

TOKEN = "4453b6ac12345678-e02c5f12174805f9-canary0bb5448c51"
PUBLIC_URL = "https://muster.example"
NOON = datetime(2026, 11, 22, 12, 20, tzinfo=UTC)
ANN = "xy5/5y6O81+/kbWHpLhBoA=="


@dataclass
class Hour:
    """A clock that stands still until it is set."""

    at: datetime = NOON
    seconds: float = 1_000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class Purse:
    """A budget in memory; `left` may go below zero where urgent ones may."""

    left: int = 1_000_000
    beyond: bool = False
    away: bool = False

    async def take(self, wanted: int, *, urgent: bool, at: datetime) -> int:
        if self.away:
            raise StorageUnavailableError("away")
        granted = wanted if urgent and self.beyond else min(wanted, max(0, self.left))
        self.left -= granted
        return granted

    async def give_back(self, unused: int, *, at: datetime) -> None:
        if self.away:
            raise StorageUnavailableError("away")
        self.left += unused


@dataclass
class Account:
    """What stands around a gateway."""

    clock: Hour = field(default_factory=Hour)
    purse: Purse = field(default_factory=Purse)
    counted: Counter[str] = field(default_factory=Counter)
    alarms: list[tuple[str, str, str]] = field(default_factory=list)

    def count(self, name: str, /, **labels: str) -> None:
        self.counted[f"{name}:{labels.get('status', '')}"] += 1

    async def alarm(self, channel: str, account: str, code: str) -> None:
        self.alarms.append((channel, account, code))

    def heard(self, value: str = ANN, hours: float | None = 1.0) -> Address:
        """An address whose owner wrote so many hours ago, None = never."""
        at = None if hours is None else self.clock.at - timedelta(hours=hours)
        return Address(Channel.VIBER, "main", value, at)

    def gateway(self, api_base: str, name: str = "main") -> ViberGateway:
        settings = ViberSettings(TOKEN, "Ministry", PUBLIC_URL, api_base, name)
        return ViberGateway(
            settings,
            clock=self.clock,
            budget=self.purse,
            welcome=welcome,
            count=self.count,
            alarm=self.alarm,
        )


def welcome(language: str) -> Outbound:
    words = {"vi": "Xin chào", "": "Hello"}.get(language, f"Hello in {language}")
    return Outbound(words, language or "en", (Button("I agree", "consent:yes"), Button("No", "consent:no")))


@pytest.fixture
async def api() -> AsyncIterator[ViberApi]:
    async with viber_api() as running:
        yield running


@pytest.fixture
def ours() -> Account:
    return Account()


@pytest.fixture
async def gateway(api: ViberApi, ours: Account) -> AsyncIterator[ViberGateway]:
    """Opened."""
    opened = ours.gateway(api.base)
    await opened.open()
    api.calls.clear()
    yield opened
    await opened.close()
