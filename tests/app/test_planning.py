"""A part of the planner that breaks keeps no warning from being planned."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from alerts.planner import Planner
from app import planning
from app.core import open_core
from app.planning import PlannerProcess
from places.region import nowhere
from staff import notices
from storage.database import Database, open_database
from tests.conftest import OwnRedis
from tests.service import make_settings, until


class OurMistakeError(Exception):
    """What nobody thought of."""


@pytest.fixture
async def process(
    tmp_path: Path, sqlite_template: Path, own_redis: OwnRedis, gazetteer: Path
) -> AsyncIterator[PlannerProcess]:
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    settings = make_settings(
        tmp_path,
        database_url=f"sqlite:///{tmp_path / 'muster.db'}",
        redis_url=own_redis.url,
        gazetteer=gazetteer,
        simulator=None,
    )
    async with open_core(settings) as core:
        yield PlannerProcess(core, lambda _matcher: frozenset(), nowhere, lambda code, _language: code)


async def test_what_breaks_beside_it_keeps_nobody_from_being_planned(
    process: PlannerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broke = planned = 0

    async def breaks() -> None:
        nonlocal broke
        broke += 1
        raise OurMistakeError

    async def plans(_planner: Planner) -> bool:
        nonlocal planned
        planned += broke > 1
        return False

    async def went_on() -> bool:
        return planned > 1

    monkeypatch.setattr(planning, "TEMPLATES_EVERY_S", 0.01)
    monkeypatch.setattr(process._templates, "watch", breaks)
    monkeypatch.setattr(Planner, "step", plans)
    running = asyncio.create_task(process.run())
    await until(went_on, what="it broke twice, and warnings are planned")
    process.stop()
    await running
    assert await told(open_database(f"sqlite:///{tmp_path / 'muster.db'}")) == [
        ("planner.broken", "part:templates")
    ]


async def test_where_planning_itself_breaks_the_process_ends(
    process: PlannerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one begins with a clean memory."""

    async def breaks(_planner: Planner) -> bool:
        raise OurMistakeError

    monkeypatch.setattr(Planner, "step", breaks)
    ours = asyncio.all_tasks()
    with pytest.raises(OurMistakeError):
        await process.run()
    process.stop()
    await asyncio.gather(*(asyncio.all_tasks() - ours))


async def told(database: Database) -> list[tuple[str, str]]:
    async with database.read() as connection:
        found = await notices.open_notices(connection)
    await database.close()
    return [(one.kind, one.subject) for one in found]
