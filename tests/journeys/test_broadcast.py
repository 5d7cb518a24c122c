"""One warning to citizens on Telegram and web chat, audited: everyone inside once, in their language, all
counted."""

import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulator.citizen import Moment
from simulator.config import NO_LATENCY, LimitRules, SimulatorConfig
from simulator.geometry import area_from
from simulator.person import Pace
from simulator.population import generate
from simulator.server import Simulator
from tests.conftest import OwnRedis
from tests.journeys.audited import CENTRE, KM, draft_of_test, judge, send_audited
from tests.postgres import fresh_database
from tests.service import make_settings, running

PER_SECOND = 200
PACE = Pace(speed=60.0, think_s=0.05, parallel=120, patience_s=900.0, fate_window_s=1.0)


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
    count: int, folder: Path, database_url: str, redis_url: str, gazetteer: Path, per_second: int
) -> None:
    """Register `count` citizens by their conversations, warn, let them answer, audit."""
    people = generate(count, 11, area_from({"circles": [[*CENTRE, KM]]}), country="IS")
    config = SimulatorConfig(latency=NO_LATENCY, limits=LimitRules(bot_per_second=per_second))
    async with Simulator(config) as simulator:
        settings = make_settings(
            folder,
            database_url=database_url,
            redis_url=redis_url,
            gazetteer=gazetteer,
            simulator=simulator,
            telegram_per_second=per_second,
        )
        async with running(settings) as service:
            progress = await simulator.register(people, service.url, PACE)
            assert not progress.stuck, progress
            await simulator.drain(120)
            await simulator.strike(Moment.BEFORE)
            await simulator.drain(120)
            sent = await send_audited(service, draft_of_test(1), 1)
            await service.finished(sent.alert, 300)
            await service.acknowledged()
            await simulator.drain(120)
            await service.quiet()
            report = await judge(service, simulator, people, sent)
            sys.stdout.write(f"\n{progress}\n{report.table()}\n")
            assert report.ok, report.table()
            assert report.seen["must get it"] > count / 4


async def test_everyone_inside_gets_one_warning(
    tmp_path: Path, database_url: str, own_redis: OwnRedis, gazetteer: Path
) -> None:
    await broadcast(120, tmp_path, database_url, own_redis.url, gazetteer, PER_SECOND)


@pytest.mark.soak
async def test_three_thousand_citizens(
    tmp_path: Path, database_url: str, own_redis: OwnRedis, gazetteer: Path
) -> None:
    await broadcast(3_000, tmp_path, database_url, own_redis.url, gazetteer, PER_SECOND)
