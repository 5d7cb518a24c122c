"""WhatsApp's window closed against what we thought: the provider takes the warning and tells late that only a
template may open the conversation (63016). Who has no other channel is knocked at on the same number, once,
and counts once; a tap brings the whole text.
"""

import shutil
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from alerts.tables import delivery
from bot.inbox import lane_of
from bot.messages import Address, Channel
from places.cells import cell_of
from registry import addresses, people, whereabouts
from registry.whereabouts import Whereabouts, WhereaboutsKind
from simulator.incoming import Action, ActionKind
from simulator.numbers import number_in
from simulator.records import Attempt
from simulator.server import Simulator
from simulator.twilio_content import Approval
from simulator.twilio_people import PhoneState
from tests.conftest import OwnRedis
from tests.journeys.audited import CENTRE, draft_of_test, marker
from tests.journeys.five_alerts import approve_templates
from tests.journeys.five_channels import WHATSAPP_NUMBER, settings_of_five, simulated
from tests.service import Service, make_settings, running, until

HOME = Whereabouts(WhereaboutsKind.HOME, cell_of(*CENTRE), 5.0, "IS", label="Here")
NEVER, NOW = None, 0.0
EVERYTHING = {"whatsapp", "sms"}


@dataclass(frozen=True)
class Somebody:
    """A person as we know them; `heard_ago_s` is what WhatsApp knows of their window."""

    number: str
    heard_ago_s: float | None
    sms: bool = False


ONLY_CHAT = [Somebody(number_in("GB", place)[0], NEVER) for place in range(3)]
WITH_TEXTS = Somebody(number_in("GB", 3)[0], NEVER, sms=True)
OPEN = Somebody(number_in("GB", 4)[0], NOW)
EVERYBODY = (*ONLY_CHAT, WITH_TEXTS, OPEN)


async def register(service: Service, simulator: Simulator) -> dict[str, int]:
    """Everybody wrote to us a moment ago, as we believe; ids by number."""
    core, ids = service.core, {}
    async with core.database.durable() as connection:
        now = core.clock.now()
        for who in EVERYBODY:
            chat = Address(Channel.WHATSAPP, "main", who.number)
            person, _ = await people.create(
                connection, core.vault, chat, lane_of(core.vault, chat), language="en", drill=False, now=now
            )
            vault = person.unlocked(core.vault)
            if who.sms:
                text = Address(Channel.SMS, "main", who.number)
                lane = lane_of(core.vault, text)
                await addresses.add(connection, vault, person.id, text, lane, drill=False, now=now)
            await whereabouts.set_home(connection, vault, person.id, HOME, now)
            await people.consent(connection, person.id, "2026-11", now)
            ids[who.number] = person.id
            for channel in EVERYTHING:
                simulator.twilio.set_state(channel, who.number, PhoneState.ACTIVE)
            simulator.twilio.set_heard("whatsapp", who.number, who.heard_ago_s, WHATSAPP_NUMBER)
    return ids


def sent_to(simulator: Simulator, who: Somebody, channel: str = "whatsapp") -> list[Attempt]:
    return [one for one in simulator.ledger.accepted(channel) if one.recipient == who.number]


async def moved_on(service: Service) -> bool:
    """Whether nobody's next try is due before its deadline."""
    async with service.core.database.read() as connection:
        due = select(delivery.c.id).where(delivery.c.next_at <= service.core.clock.now())
        return (await connection.execute(due)).first() is None


@pytest.fixture
async def folder(tmp_path: Path, sqlite_template: Path) -> Path:
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    return tmp_path


@pytest.mark.parametrize("approved", [True, False], ids=["the knock is approved", "the knock was paused"])
async def test_who_has_only_whatsapp_is_knocked_at_once_and_counts_once(
    folder: Path, own_redis: OwnRedis, gazetteer: Path, approved: bool
) -> None:
    async with Simulator(simulated()) as simulator:
        settings = make_settings(
            folder,
            database_url=f"sqlite:///{folder / 'muster.db'}",
            redis_url=own_redis.url,
            gazetteer=gazetteer,
            simulator=simulator,
            **settings_of_five(simulator, deadline_severe_s=600.0),
        )
        async with running(settings) as service:
            simulator.twilio.point(f"{service.url}/hooks/twilio/message")
            templates = await approve_templates(service, simulator)
            if not approved:
                for sid in templates.values():
                    simulator.twilio.account().content.set_state(sid, Approval.PAUSED)
            ids = await register(service, simulator)
            alert = await service.send(draft_of_test(1, languages=("en",)))
            await told_late(service, simulator, alert)
            board = await service.board(alert)
            assert board.people_targeted == len(EVERYBODY)
            assert board.reached + board.not_reached == len(EVERYBODY)

            free, texted = sent_to(simulator, OPEN), sent_to(simulator, WITH_TEXTS)
            assert [one.template for one in free] == [""], "an open window needs no template"
            assert [one.template for one in texted] == [""], "who has text messages goes on there"
            assert len(sent_to(simulator, WITH_TEXTS, "sms")) == 1
            for who in ONLY_CHAT:
                first, *knocks = sent_to(simulator, who)
                assert first.template == ""
                assert len(knocks) == 1, "once, whatever becomes of it"
                assert knocks[0].template in templates.values()
            by_person = await rungs_of(service)
            assert {len(by_person[ids[who.number]]) for who in ONLY_CHAT} == {2}

            if approved:
                assert board.reached == len(EVERYBODY)
                await tap(service, simulator, ONLY_CHAT[0])
                after = await service.board(alert)
                assert (after.safe, after.people_targeted) == (1, len(EVERYBODY))
            else:
                assert board.not_reached == len(ONLY_CHAT)
                assert sum(board.not_reached_reasons.values()) == len(ONLY_CHAT)


async def told_late(service: Service, simulator: Simulator, alert: int) -> None:
    """Wait until every refusal came and led where it leads."""

    async def settled() -> bool:
        board = await service.board(alert)
        waiting = board.waiting + board.accepted + board.unknown
        return bool(board.people_targeted) and not waiting and await moved_on(service)

    await service.finished(alert)
    await until(settled, 60, "every late refusal led to its next try")
    await simulator.drain(30)
    await service.quiet()
    await until(settled, 60, "nothing more is due")


async def rungs_of(service: Service) -> dict[int, list[tuple[int, str]]]:
    """Rung and channel of each delivery, by person."""
    found = defaultdict(list)
    query = select(delivery.c.person_id, delivery.c.rung, delivery.c.channel).order_by(delivery.c.rung)
    async with service.core.database.read() as connection:
        for person, rung, channel in await connection.execute(query):
            found[person].append((rung, channel))
    return found


async def tap(service: Service, simulator: Simulator, who: Somebody) -> None:
    """They press Safe on the knock: it is noted, and the whole text follows, since the window is open now."""
    knock = sent_to(simulator, who)[-1]
    safe = next(data for data in knock.buttons if data.startswith("safe:"))
    simulator.twilio.act("whatsapp", who.number, Action(ActionKind.BUTTON, safe, message_id=knock.message_id))

    async def whole() -> bool:
        later = [one for one in sent_to(simulator, who) if one.mono > knock.mono]
        return any(f"{marker(1, 'en')}." in one.text and not one.template for one in later)

    await until(whole, 20, "the whole text follows")
    await service.quiet()
