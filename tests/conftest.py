"""The real parts every test may stand on: a Redis server, SQLite files, a PostgreSQL server, keys."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis.asyncio import Redis

from app.embedded import EmbeddedRedis, find_redis_server, start_redis
from app.settings import settle_libraries
from places.compile import compile_gazetteer, is_current
from storage.clock import SystemClock
from storage.database import Database, open_database
from storage.migrate import migrate
from storage.redis import connect_redis
from storage.vault import Vault
from tests.cluster import Cluster, open_cluster
from tests.postgres import apart, fresh_database, postgres

ROOT = Path(__file__).parent.parent
ONE_SERVER, A_CLUSTER = "one server", "cluster"
on_both_kinds = pytest.mark.parametrize("redis", [ONE_SERVER, A_CLUSTER], indirect=True)
"""Runs a test that uses `redis` on one server and on a cluster."""


@dataclass(slots=True)
class OwnRedis:
    """A Redis of one test, to be killed and started again."""

    folder: Path
    server: EmbeddedRedis | None = None

    @property
    def url(self) -> str:
        assert self.server is not None
        return self.server.url

    def start(self) -> None:
        self.server = start_redis(self.folder)

    def kill(self) -> None:
        """As if the power went: no goodbye."""
        assert self.server is not None
        assert self.server.process is not None
        self.server.process.kill()
        self.server.process.wait()

    def empty(self) -> None:
        """Throw the file away."""
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)


def wait_until(check: Callable[[], object], seconds: float = 10.0) -> None:
    """Call `check` until it says yes; fail when it has not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s")
        time.sleep(0.02)


@pytest.fixture(scope="session", autouse=True)
def libraries() -> None:
    """As `muster` does before anything else."""
    settle_libraries()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real files that lie beside a checkout; tests that need them skip where they are absent."""
    folder = Path(os.environ.get("MUSTER_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the folder with real CAP files is not here (MUSTER_TEST_DATA)")
    return folder


@pytest.fixture(scope="session")
def short_tmp() -> Iterator[Path]:
    """A folder with a short name: unix sockets allow about 100 characters."""
    folder = Path(tempfile.mkdtemp(prefix="mu"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def redis_server(short_tmp: Path) -> Iterator[str]:
    """A real Redis of the session; returns its URL."""
    socket = short_tmp / "r.sock"
    command = [str(find_redis_server()), "--port", "0", "--unixsocket", str(socket), "--dir", str(short_tmp)]
    process = subprocess.Popen([*command, "--save", ""], stdout=subprocess.DEVNULL)
    try:
        wait_until(socket.exists)
        yield f"unix://{socket}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def redis_cluster(short_tmp: Path) -> Iterator[Cluster]:
    """A real Redis Cluster of the session: three masters, a replica each."""
    (short_tmp / "cluster").mkdir()
    with open_cluster(short_tmp / "cluster") as cluster:
        yield cluster


@pytest.fixture
async def redis(request: pytest.FixtureRequest, redis_server: str) -> AsyncIterator[Redis]:
    """An empty Redis; one server, unless a test asks for a cluster (`on_both_kinds`)."""
    on_cluster = getattr(request, "param", ONE_SERVER) == A_CLUSTER
    url = request.getfixturevalue("redis_cluster").url if on_cluster else redis_server
    client = connect_redis(url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy from."""
    path = tmp_path_factory.mktemp("sql") / "template.db"
    apart(migrate, f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_server(short_tmp: Path) -> Iterator[str]:
    """A real PostgreSQL of the session, from Debian's packages or the test extra's wheel; returns its URL."""
    with postgres(short_tmp / "pg") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated, empty database; the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        path = tmp_path / "muster.db"
        shutil.copy(template, path)
        url = f"sqlite:///{path}"
    else:
        url = await fresh_database(request.getfixturevalue("postgres_server"))
    opened = open_database(url)
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated, empty SQLite database, for tests where the kind of database does not matter."""
    path = tmp_path / "muster.db"
    shutil.copy(sqlite_template, path)
    opened = open_database(f"sqlite:///{path}")
    yield opened
    await opened.close()


@pytest.fixture
def vault() -> Vault:
    return Vault([bytes(range(32))], bytes(range(32, 64)))


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@pytest.fixture(scope="session")
def gazetteer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled gazetteer: the one setup made, or a fresh one."""
    made = ROOT / "var" / "gazetteer.sqlite"
    if is_current(made):
        return made
    path = tmp_path_factory.mktemp("places") / "gazetteer.sqlite"
    compile_gazetteer(path)
    return path


@pytest.fixture
def own_redis(short_tmp: Path) -> Iterator[OwnRedis]:
    """A Redis that a test may kill: with a file, alone."""
    own = OwnRedis(Path(tempfile.mkdtemp(prefix="own", dir=short_tmp)))
    own.start()
    yield own
    own.kill()
