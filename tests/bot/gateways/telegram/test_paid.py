"""Paid broadcasts, judged by a Telegram that keeps its limits: free up to 30 a second, paid up to 1,000."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.errors import RetryAfterError
from bot.gateways.telegram.gateway import TelegramGateway
from bot.gateways.telegram.settings import TelegramSettings
from bot.messages import Accepted, Address, Channel, Outbound
from simulator.config import DEMO_TOKEN, LatencyRules, SimulatorConfig
from simulator.records import Attempt, Violation
from simulator.server import Simulator
from simulator.telegram_errors import ChatState

CHATS = range(1, 201)
AT_ONCE = LatencyRules(0.0, 0.0)


@pytest.fixture
async def telegram() -> AsyncIterator[Simulator]:
    """Its usual limits, and chats that have started the bot."""
    async with Simulator(SimulatorConfig(latency=AT_ONCE)) as running:
        for chat in CHATS:
            running.telegram.bots[DEMO_TOKEN].meet(chat).state = ChatState.ACTIVE
        yield running


async def send_all(telegram: Simulator, *, paid: bool) -> list[Accepted | BaseException]:
    """One message to each chat at the same moment."""
    gateway = TelegramGateway(
        TelegramSettings(DEMO_TOKEN, api_base=telegram.url, per_second=1_000, paid=paid)
    )
    await gateway.open()
    message = gateway.prepare(Outbound("A warning", "en"))
    to = [Address(Channel.TELEGRAM, "main", str(chat)) for chat in CHATS]
    sent = await asyncio.gather(*(gateway.send(one, message) for one in to), return_exceptions=True)
    await gateway.close()
    return sent


async def test_what_is_paid_for_passes_above_the_free_rate(telegram: Simulator) -> None:
    sent = await send_all(telegram, paid=True)
    assert all(isinstance(one, Accepted) for one in sent)
    tried = [entry for entry in telegram.ledger if isinstance(entry, Attempt)]
    assert len(tried) == len(CHATS)
    assert all(entry.paid for entry in tried)
    assert not any(isinstance(entry, Violation) for entry in telegram.ledger)
    assert telegram.telegram.bots[DEMO_TOKEN].stars > 0


async def test_without_payment_the_same_is_refused_and_costs_nothing(telegram: Simulator) -> None:
    sent = await send_all(telegram, paid=False)
    assert any(isinstance(one, RetryAfterError) for one in sent)
    assert not any(entry.paid for entry in telegram.ledger if isinstance(entry, Attempt))
    assert telegram.telegram.bots[DEMO_TOKEN].stars == 0


@pytest.mark.parametrize(
    ("per_second", "paid", "too_fast"), [(30, False, False), (31, False, True), (1_000, True, False)]
)
def test_a_rate_above_the_free_one_must_be_paid_for(per_second: float, paid: bool, too_fast: bool) -> None:
    gateway = TelegramGateway(TelegramSettings(DEMO_TOKEN, per_second=per_second, paid=paid))
    assert gateway.too_fast is too_fast
