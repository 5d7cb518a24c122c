"""Getting in at a provider: who waits while it refuses us, and for how long."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select

from app import opening
from app.core import Core, open_core
from app.opening import PATIENCE_S, UNREACHABLE, Opening
from bot.errors import ClosedError
from staff.tables import notice
from tests.bot.wiring import Provider
from tests.conftest import OwnRedis
from tests.service import make_settings, until


@dataclass
class Guarded(Provider):
    """A provider that answers as planned, then lets us in."""

    answers: list[str] = field(default_factory=list)

    async def open(self) -> None:
        if self.answers:
            raise ClosedError(self.answers.pop(0))


class Hands:
    """A clock whose hands a test moves."""

    def __init__(self, core: Core) -> None:
        self._clock = core.clock
        self.ahead_s = 0.0

    def now(self) -> object:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic() + self.ahead_s


@pytest.fixture
async def core(
    tmp_path: Path, sqlite_template: Path, own_redis: OwnRedis, gazetteer: Path
) -> AsyncIterator[Core]:
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    settings = make_settings(
        tmp_path,
        database_url=f"sqlite:///{tmp_path / 'muster.db'}",
        redis_url=own_redis.url,
        gazetteer=gazetteer,
        simulator=None,
    )
    async with open_core(settings) as core:
        yield core


async def test_nobody_knows_before_it_was_asked(core: Core) -> None:
    way = Opening(core, Guarded())
    assert way.access() is None
    await way.run(asyncio.Event())
    assert way.access() == ""


async def test_a_refusal_counts_at_once_and_ends_once_we_are_in(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "REOPEN_S", 0.2)
    way, stopping = Opening(core, Guarded(answers=["unauthorized"])), asyncio.Event()

    async def refused() -> bool:
        return way.access() == "unauthorized"

    async def let_in() -> bool:
        return way.access() == ""

    knocking = asyncio.create_task(way.run(stopping))
    await until(refused, 10, "the refusal is known", every=0.01)
    async with core.database.read() as connection:
        assert (await connection.execute(select(notice.c.kind))).scalars().all() == ["account.closed"]
    await until(let_in, 10, "we are in")
    await knocking


async def test_who_cannot_be_reached_has_a_minute(core: Core) -> None:
    way, stopping = Opening(core, Guarded(answers=[UNREACHABLE] * 3)), asyncio.Event()
    knocking = asyncio.create_task(way.run(stopping))

    async def asked() -> bool:
        async with core.database.read() as connection:
            return bool((await connection.execute(select(notice.c.id))).all())

    await until(asked, 10, "the provider was asked")
    assert way.access() is None
    object.__setattr__(core, "clock", hands := Hands(core))
    hands.ahead_s = PATIENCE_S
    assert way.access() == UNREACHABLE
    stopping.set()
    await knocking
