"""Our templates and requests before an independent Twilio: the simulator's, which knows nothing of ours."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.gateways.twilio.client import TwilioClient
from bot.gateways.twilio.settings import TwilioSettings
from bot.gateways.twilio.whatsapp_book import TemplateBook, write
from bot.gateways.twilio.whatsapp_gateway import Tier, WhatsAppGateway
from bot.gateways.twilio.whatsapp_templates import Category, Purpose, TemplateState
from bot.gateways.twilio.whatsapp_texts import contents
from bot.messages import Address, Channel, Frame, Notice, Outbound
from simulator.server import Simulator
from storage.database import Database
from tests.bot.gateway_contract import send_all
from tests.bot.gateways.twilio.test_whatsapp_gateway import DRILL, WARNING, template
from tests.bot.test_slots import FLOOD
from tests.bot.wiring import MovableClock
from tests.simulator.targets import AMERICA, FAST, ICELAND, VIETNAM, WHATSAPP_FROM, basic, quick

LANGUAGES = ("en", "vi", "th", "id")
SUBMITTED = [key for key in contents() if key[0] is not Purpose.BUTTONS]


@dataclass
class Court:
    """The gateway, with every template of ours made, submitted and registered at the simulator."""

    sim: Simulator
    gateway: WhatsAppGateway
    clock: MovableClock

    async def ends(self, number: str, outbound: Outbound, *, silent: timedelta | None = None) -> list[Any]:
        """Send, wait, and tell what became of each message in truth."""
        heard = None if silent is None else self.clock.now() - silent
        to = Address(Channel.WHATSAPP, "main", number, heard)
        if silent is not None:
            self.sim.twilio.set_heard("whatsapp", number, silent.total_seconds())
        before = len(self.sim.ledger.arrivals("whatsapp"))
        await send_all(self.gateway, to, self.gateway.prepare(outbound), delivery=7)
        await self.sim.drain()
        found = self.sim.ledger.arrivals("whatsapp")[before:]
        return [(one.status in {"delivered", "read"}, one.code) for one in found]


@pytest.fixture
async def court(sqlite: Database) -> AsyncIterator[Court]:
    async with Simulator(quick(replace(FAST, approve="approved"))) as sim:
        account = sim.config.twilio.accounts[0]
        settings = TwilioSettings(
            account_sid=account.sid,
            auth_token=account.token,
            whatsapp_from=WHATSAPP_FROM,
            api_base=sim.twilio_base,
            public_url="http://127.0.0.1:9",
        )
        clock = MovableClock()
        client = TwilioClient(settings)
        gateway = WhatsAppGateway(
            client, TemplateBook("main", sqlite, clock), clock, Tier(None, "2026-11-22")
        )
        headers = basic(account.sid, account.token)
        async with aiohttp.ClientSession(headers=headers) as session:
            for (purpose, language), body in contents().items():
                url = f"{sim.twilio_base}/v1/Content"
                async with session.post(url, json=body) as answer:
                    assert answer.status == 201, await answer.text()
                    sid = (await answer.json())["sid"]
                if purpose is not Purpose.BUTTONS:
                    wish = {"name": body["friendly_name"], "category": "UTILITY"}
                    async with session.post(f"{url}/{sid}/ApprovalRequests/whatsapp", json=wish) as answer:
                        assert answer.status == 201, await answer.text()
                state = TemplateState.UNSUBMITTED
                known = template(purpose, language, sid=sid, state=state, category=Category.UNKNOWN)
                looked = await gateway.look(known)
                assert looked.problems == (), (purpose, language)
                async with sqlite.durable() as connection:
                    await write(connection, looked.template, clock.now())
        yield Court(sim, gateway, clock)
        await gateway.close()


def said_in(language: str, outbound: Outbound, notice: Notice) -> Outbound:
    return replace(outbound, language=language, notice=notice)


async def test_every_knock_in_every_language_arrives_outside_the_window(court: Court) -> None:
    info = replace(WARNING, buttons=(), notice=replace(FLOOD, mark="ALL CLEAR", asks=False))
    for language in LANGUAGES:
        for outbound in (WARNING, DRILL, info):
            assert outbound.notice is not None
            assert await court.ends(ICELAND, said_in(language, outbound, outbound.notice)) == [(True, 0)]
        waiting = Outbound("\N{ENVELOPE}", language, frame=Frame.WAITING)
        assert await court.ends(VIETNAM, waiting, silent=timedelta(days=2)) == [(True, 0)]
    assert court.sim.ledger.violations() == []


async def test_pieces_that_whatsapp_would_refuse_arrive_cleaned(court: Court) -> None:
    ragged = replace(FLOOD, hazard="*Flood*\nand   more", place="Delta\t\tcoast     line", mark="DRILL")
    assert await court.ends(AMERICA, replace(DRILL, notice=ragged)) == [(True, 0)]


async def test_a_long_text_with_real_buttons_arrives_inside_the_window(court: Court) -> None:
    long = replace(WARNING, text="SERIOUS DANGER: Flood\n\n" + "Leave the bank.\n" * 150 + "\nAre you safe?")
    ends = await court.ends(ICELAND, long, silent=timedelta(hours=23))
    assert len(ends) == 3  # two of at most 1,600 characters, and the last line with its buttons
    assert set(ends) == {(True, 0)}


async def test_our_window_closes_before_theirs(court: Court) -> None:
    for minutes in (0, 60, 23 * 60, 23 * 60 + 44, 23 * 60 + 46, 24 * 60 + 1, 48 * 60):
        assert set(await court.ends(ICELAND, WARNING, silent=timedelta(minutes=minutes))) == {(True, 0)}
