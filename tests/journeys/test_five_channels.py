"""One warning over five channels, audited: everyone inside gets it on a channel that works, in the shape that
channel can carry, and is counted once."""

import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulator.audit import AuditReport
from simulator.citizen import Channel, Moment
from simulator.geometry import area_from
from simulator.person import Pace
from simulator.population import generate
from simulator.server import Simulator
from tests.conftest import OwnRedis
from tests.journeys.audited import CENTRE, KM, judge
from tests.journeys.five_alerts import approve_templates, draft_of_five, send_five
from tests.journeys.five_channels import SHARES, Tomorrow, overnight, settings_of_five, simulated
from tests.postgres import fresh_database
from tests.service import make_settings, running

PACE = Pace(speed=60.0, think_s=0.05, parallel=80, patience_s=300.0, fate_window_s=1.0)
DEADLINE_S = 6.0


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database of either kind, by URL."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "muster.db")
        yield f"sqlite:///{tmp_path / 'muster.db'}"
    else:
        yield await fresh_database(request.getfixturevalue("postgres_server"))


async def broadcast(
    count: int, folder: Path, database_url: str, redis_url: str, gazetteer: Path, deadline_s: float
) -> AuditReport:
    """Register `count` citizens on five channels, let a day pass, warn, let them answer, audit."""
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
            simulator.twilio.point(f"{service.url}/hooks/twilio/message")
            await approve_templates(service, simulator)
            progress = await simulator.register(people, service.url, PACE)
            assert not progress.stuck, stuck(simulator)
            await simulator.drain(120)
            await overnight(service, simulator, clock)
            await simulator.strike(Moment.BEFORE)
            await simulator.drain(120)
            sent = await send_five(service, clock, draft_of_five(1, clock.now()), 1)
            await service.finished(sent.alert, 300)
            await simulator.drain(120)
            await service.quiet()
            report = await judge(service, simulator, people, sent)
            sys.stdout.write(f"\n{progress}\n{report.table()}\n")
    return report


def stuck(simulator: Simulator) -> str:
    """Who could not register, and where."""
    return "\n".join(
        f"{name} {person.outcome} {person.citizen.channels} {person.citizen.language} {person.talks}"
        for name, person in simulator.crowd.people.items()
        if person.outcome.startswith("stuck")
    )


async def test_a_warning_finds_its_people_on_five_channels(
    tmp_path: Path, database_url: str, own_redis: OwnRedis, gazetteer: Path
) -> None:
    report = await broadcast(120, tmp_path, database_url, own_redis.url, gazetteer, DEADLINE_S)
    assert report.ok, report.table()
    assert report.seen["must get it"] > 30
    assert {f"first on {channel}" for channel in Channel} <= set(report.seen)
    assert report.seen["second notices"] > 0
    assert report.seen["whole texts"] > 0


@pytest.mark.soak
async def test_four_thousand_citizens_on_five_channels(
    tmp_path: Path, database_url: str, own_redis: OwnRedis, gazetteer: Path
) -> None:
    report = await broadcast(4_000, tmp_path, database_url, own_redis.url, gazetteer, 60.0)
    assert report.ok, report.table()
