"""A warning under way on channels that tell of arrival: text messages, Viber, a Telegram chat behind them.

Touches SQL, the simulator and processes of ours, all real.
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.inbox import lane_of
from bot.messages import Address, Channel
from registry import addresses, people, whereabouts
from simulator.config import LatencyRules, SimulatorConfig
from simulator.mixes import viber_id
from simulator.numbers import number_in
from simulator.server import Simulator
from simulator.telegram_errors import ChatState
from simulator.twilio_people import PhoneState
from simulator.viber_people import UserState
from tests.faults.front import FIRST_CHAT, HOME, Front, until_ready
from tests.faults.nursery import Nursery
from tests.journeys.five_channels import plug_in, settings_of_five, simulated
from tests.service import make_settings, open_office

PER_SECOND = 100


def answering_after(seconds: float) -> SimulatorConfig:
    """Providers that let a message arrive, and tell of it, before they answer that they took it."""
    return replace(simulated(PER_SECOND), latency=LatencyRules(seconds, seconds))


@contextlib.asynccontextmanager
async def open_mixed(
    folder: Path,
    nursery: Nursery,
    *,
    database_url: str,
    redis_url: str,
    gazetteer: Path,
    config: SimulatorConfig,
    **more: Any,
) -> AsyncIterator[Front]:
    """An installation with every channel, and its web process; nobody has registered yet."""
    async with Simulator(config) as simulator:
        settings = make_settings(
            folder,
            database_url=database_url,
            redis_url=redis_url,
            gazetteer=gazetteer,
            simulator=simulator,
            **settings_of_five(simulator, PER_SECOND, **{"resolve_every_s": 600, **more}),
        )
        async with open_office(settings) as office:
            field = Front(simulator=simulator, settings=settings, office=office, nursery=nursery)
            try:
                await until_ready(field.spawn("web"))
                await plug_in(office, simulator)  # type: ignore[arg-type]  # asks for no more than its address
                yield field
            finally:
                nursery.end()


async def register(field: Front, channel: Channel, count: int, *, chat: bool = False) -> list[str]:
    """`count` people at home in the warned place; their provider's names.

    Args:
        chat: each has a Telegram chat, too, as their second address.
    """
    core, simulator, names = field.office.core, field.simulator, []
    async with core.database.durable() as connection:
        for place in range(count):
            name = viber_id(place) if channel is Channel.VIBER else number_in("GB", place)[0]
            to, now = Address(channel, "main", name), core.clock.now()
            person, _ = await people.create(
                connection, core.vault, to, lane_of(core.vault, to), language="en", drill=False, now=now
            )
            vault = person.unlocked(core.vault)
            if chat:
                other = Address(Channel.TELEGRAM, "main", str(FIRST_CHAT + place))
                lane = lane_of(core.vault, other)
                await addresses.add(connection, vault, person.id, other, lane, drill=False, now=now)
                simulator.telegram.bot().meet(FIRST_CHAT + place).state = ChatState.ACTIVE
            await whereabouts.set_home(connection, vault, person.id, HOME, now)
            await people.consent(connection, person.id, "2026-11", now)
            if channel is Channel.VIBER:
                simulator.viber.set_heard(name, 0.0).state = UserState.ACTIVE
            else:
                simulator.twilio.set_heard(channel.value, name, 0.0).state = PhoneState.ACTIVE
            names.append(name)
    return names
