"""Warnings over five channels, audited: everyone inside gets each on a channel that works, in the shape that
channel can carry, and is counted once. The audit is worth something: it catches everybody who breaks one.
"""

import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from alerts.tables import delivery
from app.reconciling import EVERY_S
from bot.reconciled import read_until
from simulator.audit import AuditReport
from simulator.citizen import Channel, Moment
from simulator.geometry import area_from
from simulator.person import Pace
from simulator.population import Population, generate
from simulator.records import WebhookPost
from simulator.server import Simulator
from tests.conftest import OwnRedis
from tests.journeys.audited import CENTRE, KM, judge
from tests.journeys.channel_saboteurs import CHANNEL_SABOTEURS, ChannelSaboteur
from tests.journeys.five_alerts import approve_templates, draft_of_five, send_five
from tests.journeys.five_channels import SHARES, Tomorrow, overnight, plug_in, settings_of_five, simulated
from tests.postgres import fresh_database
from tests.service import Service, make_settings, running, until

DEADLINE_S = 5.0
HONEST = ChannelSaboteur("nobody", "", lambda _patch: None)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database of either kind, by URL."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "muster.db")
        yield f"sqlite:///{tmp_path / 'muster.db'}"
    else:
        yield await fresh_database(request.getfixturevalue("postgres_server"))


@dataclass(slots=True)
class Night:
    """The morning after everybody registered."""

    service: Service
    simulator: Simulator
    clock: Tomorrow
    people: Population

    async def caught_up(self, since: float) -> None:
        """Wait until the service asked for what webhooks did not bring, if there is any."""
        refused = (
            one.wall
            for one in self.simulator.ledger
            if isinstance(one, WebhookPost) and one.wall >= since and not 200 <= one.status < 300
        )
        latest = max(refused, default=0.0)
        if not latest:
            return
        after = self.clock.now()

        async def looked() -> bool:
            async with self.service.core.database.read() as connection:
                marks = [await read_until(connection, channel, "main") for channel in ("sms", "whatsapp")]
            return all(mark is not None and mark >= after for mark in marks)

        await until(looked, 4 * EVERY_S, "the providers' lists were read")
        await self.service.quiet()

    async def one_alert(self, number: int, saboteur: ChannelSaboteur = HONEST) -> AuditReport:
        """Send an alert while `saboteur` is at work, then audit it."""
        service, simulator = self.service, self.simulator
        if saboteur.rested:
            await overnight(service, simulator, self.clock)
        saboteur.before(simulator, self.people)
        draft = draft_of_five(number, self.clock.now(), severity=saboteur.severity)
        with pytest.MonkeyPatch.context() as patch:
            saboteur.sabotage(patch)
            sent = await send_five(service, self.clock, draft, number)
            patience = max(120.0, 6 * service.settings.deadline_severe_s)
            await service.finished(sent.alert, patience)
            await until(self._moved_on, patience, "whoever had to move on has")
            await service.finished(sent.alert, patience)
            await simulator.drain(120)
            await service.quiet()
            await self.caught_up(sent.began)
            await simulator.drain(120)
            await service.quiet()
            return await judge(service, simulator, self.people, sent)

    async def _moved_on(self) -> bool:
        """Whether nobody's next channel is due soon."""
        soon = self.clock.now() + timedelta(seconds=2 * self.service.settings.deadline_severe_s)
        query = select(func.count()).where(delivery.c.next_at <= soon)
        async with self.service.core.database.read() as connection:
            return (await connection.execute(query)).scalar_one() == 0


@asynccontextmanager
async def night(
    count: int,
    folder: Path,
    database_url: str,
    redis_url: str,
    gazetteer: Path,
    pace: Pace,
    deadline_s: float,
) -> AsyncIterator[Night]:
    """`count` citizens on five channels register, a day passes, and fate strikes some of them."""
    people = generate(count, 23, area_from({"circles": [[*CENTRE, KM]]}), country="IS", shares=SHARES)
    clock = Tomorrow()
    async with Simulator(simulated()) as simulator:
        settings = make_settings(
            folder,
            database_url=database_url,
            redis_url=redis_url,
            gazetteer=gazetteer,
            simulator=simulator,
            **settings_of_five(simulator, deadline_severe_s=deadline_s),
        )
        async with running(settings, clock) as service:
            await plug_in(service, simulator)
            await approve_templates(service, simulator)
            progress = await simulator.register(people, service.url, pace)
            assert not progress.stuck, stuck(simulator)
            sys.stdout.write(f"\n{progress}\n")
            await simulator.drain(120)
            await simulator.strike(Moment.BEFORE)
            await simulator.drain(120)
            yield Night(service, simulator, clock, people)


def stuck(simulator: Simulator) -> str:
    """Who could not register, and where."""
    return "\n".join(
        f"{name} {person.outcome} {person.citizen.channels} {person.citizen.language} {person.talks}"
        for name, person in simulator.crowd.people.items()
        if person.outcome.startswith("stuck")
    )


async def test_every_saboteur_of_a_channel_is_caught(
    tmp_path: Path, sqlite_template: Path, own_redis: OwnRedis, gazetteer: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    url = f"sqlite:///{tmp_path / 'muster.db'}"
    pace = Pace(speed=60.0, think_s=0.05, parallel=80, patience_s=400.0, fate_window_s=1.0)
    async with night(110, tmp_path, url, own_redis.url, gazetteer, pace, DEADLINE_S) as morning:
        honest = await morning.one_alert(1)
        sys.stdout.write(f"{honest.table()}\n")
        assert honest.ok, honest.table()
        assert {f"first on {channel}" for channel in Channel} <= set(honest.seen)
        assert honest.seen["second notices"] > 0
        assert honest.seen["whole texts"] > 0
        lines, escaped = [], []
        for number, saboteur in enumerate(CHANNEL_SABOTEURS, start=2):
            report = await morning.one_alert(number, saboteur)
            caught = ", ".join(f"{name} {len(found)}x" for name, found in report.failures.items())
            lines.append(f"{saboteur.name:<40} {caught or 'NOT CAUGHT'}")
            if saboteur.catches not in report.failures:
                escaped.append(f"{saboteur.name}: {saboteur.catches} did not fail")
        again = await morning.one_alert(90)
        lines.append(f"{'nobody, again':<40} {'passed' if again.ok else again.table()}")
        sys.stdout.write("\n".join(lines) + "\n")
        assert not escaped
        assert again.ok, again.table()


@pytest.mark.soak
async def test_four_thousand_citizens_on_five_channels(
    tmp_path: Path, database_url: str, own_redis: OwnRedis, gazetteer: Path
) -> None:
    pace = Pace(speed=60.0, think_s=0.05, parallel=100, patience_s=1_200.0, fate_window_s=10.0)
    async with night(4_000, tmp_path, database_url, own_redis.url, gazetteer, pace, 180.0) as morning:
        report = await morning.one_alert(1)
        sys.stdout.write(f"{report.table()}\n")
        assert report.ok, report.table()
