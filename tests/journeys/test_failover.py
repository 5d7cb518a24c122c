"""Receipts of one account stop in the middle of a warning: no storm, operators paged, released by an officer,
everybody counted once.

People have text messages first and Telegram second. Twilio goes on delivering but tells nobody: neither its
callbacks nor its list. Nobody may be moved for that until an officer says so; then they are moved little by
little, and who is heard of meanwhile is left alone.
"""

import asyncio
import contextlib
import re
import shutil
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import func, select

from alerts import holds, store
from alerts.delivery import CONFIRMED
from alerts.tables import delivery
from bot.inbox import lane_of
from bot.messages import Address, Channel
from console.security import SESSION_COOKIE
from places.cells import cell_of
from registry import addresses, people, whereabouts
from registry.whereabouts import Whereabouts, WhereaboutsKind
from simulator.faults import Fault, FaultKind
from simulator.numbers import number_in
from simulator.records import Attempt
from simulator.server import Simulator
from simulator.telegram_errors import ChatState
from simulator.twilio_people import PhoneState
from staff import audit, notices, sessions
from tests.conftest import OwnRedis
from tests.journeys.audited import CENTRE, draft_of_test
from tests.journeys.five_channels import settings_of_five, simulated
from tests.service import Service, make_settings, running, until

HOME = Whereabouts(WhereaboutsKind.HOME, cell_of(*CENTRE), 5.0, "IS", label="Here")
FIRST_CHAT = 7_000_000
AT_ONCE = 200  # people registered in one transaction
UNDER_WAY_S = 3.0  # a receipt that left before receipts stopped may still arrive
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(frozen=True)
class Incident:
    """How long and how large.

    Attributes:
        people: how many. per_second: segments a second of the account.
        deadline_s: after which somebody silent is due.
        before: people confirmed before receipts stop.
        silent_s: no receipt comes in for that long, nor does Twilio's list tell anything.
        release_s: an officer decides that long after receipts stopped, or when the hold stands.
    """

    people: int
    per_second: int
    deadline_s: float
    before: int
    silent_s: float
    release_s: float


async def register(service: Service, simulator: Simulator, count: int) -> None:
    """`count` people with a telephone number first and a Telegram chat second."""
    core = service.core
    bot = simulator.telegram.bot()
    for start in range(0, count, AT_ONCE):
        async with core.database.durable() as connection:
            for place in range(start, min(start + AT_ONCE, count)):
                number, _country = number_in("GB", place)
                phone = Address(Channel.SMS, "main", number)
                chat = Address(Channel.TELEGRAM, "main", str(FIRST_CHAT + place))
                now = core.clock.now()
                person, _ = await people.create(
                    connection, core.vault, phone, lane_of(core.vault, phone),
                    language="en", drill=False, now=now,
                )  # fmt: skip
                vault = person.unlocked(core.vault)
                lane = lane_of(core.vault, chat)
                await addresses.add(connection, vault, person.id, chat, lane, drill=False, now=now)
                await whereabouts.set_home(connection, vault, person.id, HOME, now)
                await people.consent(connection, person.id, "2026-11", now)
                simulator.twilio.set_state("sms", number, PhoneState.ACTIVE)
                bot.meet(FIRST_CHAT + place).state = ChatState.ACTIVE


@contextlib.asynccontextmanager
async def officer_at(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser in which the approver is signed in."""
    core = service.core
    async with core.database.durable() as connection:
        made = await sessions.start_console(connection, service.approver.id, core.clock.now())
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(service.console, cookie_jar=jar) as session:
        jar.update_cookies({SESSION_COOKIE: made.token}, session._build_url("/"))
        yield session


async def page(session: aiohttp.ClientSession, path: str) -> str:
    async with session.get(path) as answer:
        assert answer.status == 200, path
        return await answer.text()


async def release(service: Service, event_id: int) -> int:
    """What an officer does: board, button, tick, button. Returns how many people the button named."""
    async with officer_at(service) as browser:
        board = await page(browser, f"/events/{event_id}")
        path = re.search(r'href="(/holds/[^"]+)"', board)
        assert path, "the board leads to the release"
        form = await page(browser, path[1])
        named = re.search(r"Try their next channel: ([\d,.\s]+) pe", form)
        csrf = CSRF.search(form)
        assert named
        assert csrf
        sent = {"csrf": csrf[1], "sure": "yes"}
        async with browser.post(path[1], data=sent, allow_redirects=False) as answer:
            assert answer.status == 303
        return int(re.sub(r"\D", "", named[1]))


async def counts(service: Service) -> Counter[tuple[str, str, int]]:
    """Deliveries by channel, state and rung."""
    query = select(delivery.c.channel, delivery.c.state, delivery.c.rung, func.count()).group_by(
        delivery.c.channel, delivery.c.state, delivery.c.rung
    )
    async with service.core.database.read() as connection:
        rows = (await connection.execute(query)).all()
    return Counter({(channel, state, rung): count for channel, state, rung, count in rows})


def fastest(sent: Sequence[Attempt]) -> int:
    """Most messages in any second."""
    times = sorted(one.mono for one in sent)
    return max(
        (sum(at <= other < at + 1 for other in times[n : n + 500]) for n, at in enumerate(times)), default=0
    )


async def fail_over(incident: Incident, folder: Path, redis_url: str, gazetteer: Path) -> None:
    async with Simulator(simulated(incident.per_second)) as simulator:
        settings = make_settings(
            folder,
            database_url=f"sqlite:///{folder / 'muster.db'}",
            redis_url=redis_url,
            gazetteer=gazetteer,
            simulator=simulator,
            **settings_of_five(simulator, incident.per_second, deadline_severe_s=incident.deadline_s),
        )
        async with running(settings) as service:
            await register(service, simulator, incident.people)
            alert = await service.send(draft_of_test(1, languages=("en",)))
            await until(lambda: confirmed(service, incident.before), 120, "the first ones are confirmed")
            simulator.twilio.set_hooks(late=1.0, late_s=incident.silent_s)
            blind = simulator.faults.inject(
                Fault(FaultKind.ERROR_BEFORE, methods=frozenset({"messages.list", "messages.fetch"}))
            )
            stopped = time.monotonic()
            await watch(service, simulator, incident, alert, stopped)
            await asyncio.sleep(stopped + incident.silent_s - time.monotonic())
            simulator.twilio.set_hooks(late=0.0)
            simulator.faults.lift(blind)
            await settle(service, simulator, incident, alert)
            await silent_throughout(simulator, stopped, incident.silent_s)


async def silent_throughout(simulator: Simulator, stopped: float, silent_s: float) -> None:
    """The simulator's ledger: the last receipt before the silence and the first one after it."""
    came = [one.mono - stopped for one in simulator.ledger.webhooks() if one.channel == "sms"]
    last, first = max(at for at in came if at < UNDER_WAY_S), min(at for at in came if at >= UNDER_WAY_S)
    sys.stdout.write(f"no receipt from {last:.1f} s to {first:.1f} s after they stopped\n")
    assert first >= silent_s - 0.1


async def confirmed(service: Service, wanted: int) -> bool:
    found = await counts(service)
    return sum(count for (_, state, _), count in found.items() if state in CONFIRMED) >= wanted


async def watch(
    service: Service, simulator: Simulator, incident: Incident, alert: int, stopped: float
) -> None:
    """Held and paged; nobody moves; an officer releases; then they move at a measured pace."""
    core = service.core

    async def held() -> list[holds.Hold]:
        async with core.database.read() as connection:
            return await holds.standing(connection)

    (hold,) = await until(held, incident.people / incident.per_second * 4 + 30, "the silence is held")
    assert hold.account == ("sms", "main")
    held_after = time.monotonic() - stopped

    async def all_sent() -> bool:
        found = await counts(service)
        return sum(found[key] for key in found if key[1] in {"queued", "attempting"}) == 0

    await until(all_sent, 300, "everybody was sent to on the first channel")
    async with core.database.read() as connection:
        urgent = [one for one in await notices.open_notices(connection) if one.urgent]
    assert "rungs.held" in {one.kind for one in urgent}
    await asyncio.sleep(max(0.0, stopped + incident.release_s - time.monotonic()))
    assert simulator.ledger.accepted("telegram") == [], "no storm: nobody was moved for silence"

    released_after = time.monotonic() - stopped
    people_named = await release(service, (await event_of(service, alert)))
    sys.stdout.write(
        f"\nheld and paged {held_after:.1f} s after receipts stopped, released after {released_after:.1f} s "
        f"for {people_named} people\n"
    )
    assert people_named > incident.people / 2
    await until(moved_some(simulator, 30), 60, "the released ones move")
    async with core.database.read() as connection:
        (entry,) = [one for one in await audit.newest(connection, limit=50) if one.action == "rungs.release"]
    assert entry.actor == service.approver.actor


def moved_some(simulator: Simulator, wanted: int):  # type: ignore[no-untyped-def]  # a closure for `until`
    async def look() -> bool:
        return len(simulator.ledger.accepted("telegram")) >= wanted

    return look


async def event_of(service: Service, alert: int) -> int:
    async with service.core.database.read() as connection:
        return (await store.read_alert(connection, alert)).event_id


async def settle(service: Service, simulator: Simulator, incident: Incident, alert: int) -> None:
    """Late receipts are believed; at the end everybody was warned, and counts once."""

    async def over() -> bool:
        async with service.core.database.read() as connection:
            open_still = await holds.standing(connection)
            due = select(func.count()).where(delivery.c.next_at.is_not(None))
            waiting = (await connection.execute(due)).scalar_one()
        return not open_still and not waiting

    async def heard() -> bool:
        return await confirmed(service, incident.people)

    await until(heard, 120, "every late receipt is in", every=0.5)
    await until(over, 120, "nobody is held and nobody is due", every=0.5)
    board = await service.finished(alert)
    found = await counts(service)
    texts, chats = simulator.ledger.accepted("sms"), simulator.ledger.accepted("telegram")
    sys.stdout.write(
        f"\n{incident.people} people: {len(texts)} text messages, {len(chats)} on Telegram after the release "
        f"(at most {fastest(chats)} in a second), {board.reached} reached, {board.not_reached} not\n"
    )
    assert board.people_targeted == incident.people
    assert board.warned == board.reached == incident.people, "late receipts are believed"
    assert board.unknown == board.waiting == board.not_reached == 0
    assert board.silent + board.safe + board.need_help == incident.people
    assert found["sms", "delivered", 0] == incident.people
    assert sum(found[key] for key in found if key[0] == "telegram") == len(chats)
    assert set(Counter(one.recipient for one in texts).values()) == {1}
    assert set(Counter(one.recipient for one in chats).values()) == {1}
    second = service.core.catalog.say("en", "alert.second_notice")
    assert all(one.text.startswith(second) for one in chats)
    pace = max(20.0, incident.people / 100)
    assert fastest(chats) <= pace * 3 + 1, "moved little by little"


async def test_receipts_of_one_account_stop(
    tmp_path: Path, own_redis: OwnRedis, gazetteer: Path, sqlite_template: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    incident = Incident(people=240, per_second=40, deadline_s=6.0, before=40, silent_s=16.0, release_s=0.0)
    await fail_over(incident, tmp_path, own_redis.url, gazetteer)


@pytest.mark.soak
async def test_receipts_stop_for_five_minutes_among_four_thousand(
    tmp_path: Path, own_redis: OwnRedis, gazetteer: Path, sqlite_template: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    incident = Incident(
        people=4_000, per_second=100, deadline_s=30.0, before=1_000, silent_s=300.0, release_s=120.0
    )
    await fail_over(incident, tmp_path, own_redis.url, gazetteer)
