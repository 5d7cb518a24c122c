"""What a person does with a telephone: they answer who wrote last, and unsubscribe where they subscribed."""

import aiohttp
import pytest

from simulator.citizen import Channel
from simulator.config import SimulatorConfig
from simulator.conversation import text
from simulator.lines_by_phone import PhoneLine
from simulator.server import Simulator
from tests.simulator.targets import SMS_FROM, Line, Target, quick
from tests.simulator.test_audit_channels import citizen


@pytest.fixture
def config() -> SimulatorConfig:
    return quick()


async def test_stop_goes_to_the_number_though_a_name_wrote_last(sim: Simulator, target: Target) -> None:
    sim.twilio.point(target.url)
    person = citizen(Channel.SMS, number="+3546110001")
    line = PhoneLine(sim.twilio, Channel.SMS)
    line.act(person, text("hello"))
    async with aiohttp.ClientSession() as session:
        await Line(sim, session).sms(From="CONSULATE", To=person.number)
    await sim.drain()
    line.act(person, text("1"))
    line.act(person, text("STOP"))
    await sim.drain()
    assert [(form["Body"], form["To"]) for form in target.messages()] == [
        ("hello", SMS_FROM),
        ("STOP", SMS_FROM),
    ]
