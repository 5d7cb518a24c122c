"""What a ministry calls a country is what its citizens and officers read, unasked messages included."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.core import Core, open_core
from app.geography import Geography
from app.planning import PlannerProcess
from bot.codec import load_outbound
from bot.tables import outbox
from console.countries import countries, usual
from places.gazetteer import Gazetteer
from registry.whereabouts import Whereabouts, WhereaboutsKind
from simulator.server import Simulator
from staff.officers import Role
from storage.database import Database
from storage.vault import Place, Vault
from tests.alerts.office import everywhere
from tests.conftest import OwnRedis
from tests.console.duty import open_duty
from tests.registry.newcomers import join, telegram
from tests.service import make_settings, until

TOLD = {"vi": "Thái Lan của chúng ta", "en": "Our Thailand"}


@pytest.fixture(scope="module")
def named(gazetteer: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Geography]:
    """The world with Thailand called otherwise, as compiling a worldview of these names leaves it
    (tests/places/test_worldview.py)."""
    path = tmp_path_factory.mktemp("named") / "gazetteer.sqlite"
    shutil.copy(gazetteer, path)
    with closing(sqlite3.connect(path)) as connection, connection:
        [place] = connection.execute(
            "SELECT id FROM place WHERE kind = 'country' AND country = 'TH'"
        ).fetchone()
        connection.executemany(
            "REPLACE INTO label (place, language, text) VALUES (?, ?, ?)",
            [(place, language, text) for language, text in TOLD.items()],
        )
    world = Gazetteer.open(path)
    yield Geography(world)
    world.close()


async def asked(core: Core) -> str:
    """The first text in the outbox, "" while there is none."""
    async with core.database.read() as connection:
        row = (await connection.execute(select(outbox.c.key, outbox.c.body))).first()
    return load_outbound(core.vault.open(row.body, Place("outbox", "body", row.key))).text if row else ""


async def test_a_question_of_the_planner_names_it_so(
    tmp_path: Path, own_redis: OwnRedis, gazetteer: Path, sqlite_template: Path, named: Geography
) -> None:
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    async with Simulator() as simulator:
        settings = make_settings(
            tmp_path,
            database_url=f"sqlite:///{tmp_path / 'muster.db'}",
            redis_url=own_redis.url,
            gazetteer=gazetteer,
            simulator=simulator,
        )
        async with open_core(settings) as core:
            long_ago = core.clock.now() - timedelta(days=200)
            async with core.database.durable() as connection:
                home = Whereabouts(WhereaboutsKind.HOME, None, 0.0, "TH")
                await join(connection, core.vault, telegram("1"), place=home, now=long_ago)
            planner = PlannerProcess(core, named.touch, named.region, named.country_name)
            running = asyncio.create_task(planner.run())
            text = await until(lambda: asked(core), what="nobody was asked")
            planner.stop()
            await running
    assert TOLD["vi"] in text


async def test_the_console_names_it_so_and_takes_the_name(
    sqlite: Database, vault: Vault, tmp_path: Path, named: Geography
) -> None:
    duty = await open_duty(sqlite, vault, tmp_path / "no-vendor", named)
    anna = await duty.browser(await duty.officer("anna", *everywhere(Role.ADMIN, Role.AUTHOR)))
    await anna.get("/missions")
    assert '<option value="TH">Our Thailand</option>' in anna.page
    mission = {"name": "Bangkok", "country": "TH", "phone": "+66 2 555 0100"}
    assert (await anna.post("/missions", mission)).status == 303
    await anna.get("/missions")
    assert "<td>Our Thailand</td>" in anna.page
    await duty.close()


def test_a_list_of_ones_own() -> None:
    own = countries({"TH": "Our Thailand", "IS": "Iceland"})
    assert list(own.names) == ["IS", "TH"]
    assert [own.code(text) for text in ("th", "our thailand", "Thailand", "Norway", "NO")] == [
        "TH", "TH", "TH", None, None
    ]  # fmt: skip
    assert [own.name(code) for code in ("TH", "NO", "XX", "")] == [
        "Our Thailand", "Norway", "XX", "country unknown"
    ]  # fmt: skip
    assert usual().code("Our Thailand") is None
