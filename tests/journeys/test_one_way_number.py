"""A number in a country whose people cannot answer text messages: shared in a chat, proven by a code that was
texted there, and warned there when the chat does not arrive, in words that ask nobody to reply.
"""

import re
import shutil
from pathlib import Path

from bot.inbox import lane_of
from bot.messages import Address, Channel
from places.cells import cell_of
from registry import addresses, people, whereabouts
from registry.whereabouts import Whereabouts, WhereaboutsKind
from simulator.incoming import Action, ActionKind
from simulator.records import Attempt
from simulator.server import Simulator
from simulator.telegram_errors import ChatState
from simulator.twilio_people import PhoneState
from tests.conftest import OwnRedis
from tests.journeys.audited import CENTRE, draft_of_test, marker
from tests.journeys.five_channels import NAME, plug_in, settings_of_five, simulated
from tests.service import Service, make_settings, running, until

HOME = Whereabouts(WhereaboutsKind.HOME, cell_of(*CENTRE), 5.0, "IS", label="Here")
CHAT = 7_100_000
IRISH = "+353871234567"  # one-way, links let through, a name as sender, nothing to register
THAI = "+66812345678"  # senders must be registered there, and ours is not


async def register(service: Service, simulator: Simulator) -> int:
    """Somebody with a Telegram chat."""
    core = service.core
    chat = Address(Channel.TELEGRAM, "main", str(CHAT))
    async with core.database.durable() as connection:
        now = core.clock.now()
        person, _ = await people.create(
            connection, core.vault, chat, lane_of(core.vault, chat), language="en", drill=False, now=now
        )
        vault = person.unlocked(core.vault)
        await whereabouts.set_home(connection, vault, person.id, HOME, now)
        await people.consent(connection, person.id, "2026-11", now)
    simulator.telegram.bot().meet(CHAT).state = ChatState.ACTIVE
    simulator.twilio.set_state("sms", IRISH, PhoneState.ACTIVE)
    return person.id


def said(simulator: Simulator) -> list[str]:
    return [one.text for one in simulator.ledger.accepted("telegram")]


def texted(simulator: Simulator, number: str) -> list[Attempt]:
    return [one for one in simulator.ledger.accepted("sms") if one.recipient == number]


async def test_a_number_that_cannot_answer_is_proven_and_warned(
    tmp_path: Path, own_redis: OwnRedis, gazetteer: Path, sqlite_template: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    async with Simulator(simulated()) as simulator:
        settings = make_settings(
            tmp_path,
            database_url=f"sqlite:///{tmp_path / 'muster.db'}",
            redis_url=own_redis.url,
            gazetteer=gazetteer,
            simulator=simulator,
            **settings_of_five(simulator),
        )
        async with running(settings) as service:
            await plug_in(service, simulator)
            person = await register(service, simulator)
            bot = simulator.telegram.bot()

            async def hears(words: str) -> bool:
                return any(words in one for one in said(simulator))

            simulator.telegram.act(bot, CHAT, Action(ActionKind.CONTACT, THAI))
            await until(lambda: hears("cannot warn you by text message"), 20, "told that it is for calls")
            assert texted(simulator, THAI) == []

            simulator.telegram.act(bot, CHAT, Action(ActionKind.CONTACT, IRISH))

            async def code_came() -> Attempt | None:
                return next(iter(texted(simulator, IRISH)), None)

            first = await until(code_came, 20, "the code is texted")
            assert first.account == NAME, "from where warnings will come"
            code = re.search(r"\d{6}", first.text)
            assert code
            simulator.telegram.act(bot, CHAT, Action(ActionKind.TEXT, code.group()))
            await until(lambda: hears("You cannot answer there"), 20, "told what the number can do")
            async with service.core.database.read() as connection:
                ways = await addresses.of_person(connection, person)
            assert [one.channel for one in ways] == [Channel.TELEGRAM, Channel.SMS]

            simulator.telegram.set_state(bot, CHAT, ChatState.BLOCKED, announce=False)
            alert = await service.send(draft_of_test(1, languages=("en",)))

            async def warned() -> Attempt | None:
                return next((one for one in texted(simulator, IRISH) if marker(1, "en") in one.text), None)

            warning = await until(warned, 30, "the warning comes by text message")
            assert "reply" not in warning.text.casefold()
            assert f"{service.url}/a/{await service.event_code(alert)}" in warning.text
            board = await service.finished(alert)
            assert board.people_targeted == 1
