"""Fronts: a warning for a few dozen people, on a database and a Redis that a test may break."""

import contextlib
import importlib
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import OwnRedis
from tests.faults.front import Front, open_front
from tests.faults.nursery import Nursery, open_nursery
from tests.faults.points import HASTE
from tests.postgres import fresh_database

Opener = Callable[..., AbstractAsyncContextManager[Front]]


@pytest.fixture(scope="session")
def nursery_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Loads the service once for all tests that kill it."""
    with open_nursery(tmp_path_factory.mktemp("nursery")) as opened:
        yield opened


@pytest.fixture
def nursery(nursery_of_session: Nursery, tmp_path: Path) -> Iterator[Nursery]:
    """Where this test's processes come from; all are gone when it ends."""
    nursery_of_session.folder = tmp_path
    yield nursery_of_session
    nursery_of_session.end()


@pytest.fixture
def haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same shorter patience as children have, for parts that run in this process."""
    for module, name, value in HASTE:
        monkeypatch.setattr(importlib.import_module(module), name, value)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """An empty SQLite database, by URL."""
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    return f"sqlite:///{tmp_path / 'muster.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind, by URL."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    return await fresh_database(request.getfixturevalue("postgres_server"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)])
async def either_url(request: pytest.FixtureRequest) -> str:
    """The same, on PostgreSQL only by `make soak`: for faults that hardly touch the database."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    return await fresh_database(request.getfixturevalue("postgres_server"))


@pytest.fixture
def front(tmp_path: Path, own_redis: OwnRedis, gazetteer: Path) -> Opener:
    """Opens a front on the given database."""

    @contextlib.asynccontextmanager
    async def opened(database_url: str, people: int, **more: Any) -> AsyncIterator[Front]:
        async with open_front(
            tmp_path,
            database_url=database_url,
            redis_url=more.pop("redis_url", own_redis.url),
            gazetteer=gazetteer,
            people_count=people,
            **more,
        ) as made:
            yield made

    return opened
