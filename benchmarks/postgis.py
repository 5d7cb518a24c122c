"""A PostgreSQL with PostGIS of our own, from Debian's packages, in a temporary folder, on a socket only.

The judge of the audience index: exact points, GiST, subdivided polygons, ANALYZE. Touches that server only.
"""

import asyncio
import os
import pwd
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import asyncpg

LIBRARIES = Path("/usr/lib/postgresql")
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "512MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "max_parallel_workers_per_gather": "0",  # so that one process's CPU is all of it
    "jit": "off",
}
ABSENT = "PostGIS is not here (Debian: postgresql-15-postgis-3): not compared"


def binaries() -> Path | None:
    """The folder of a PostgreSQL that has PostGIS, None = there is none."""
    for folder in sorted(LIBRARIES.glob("*/bin"), reverse=True):
        if (folder / "initdb").exists() and (folder.parent / "lib" / "postgis-3.so").exists():
            return folder
    return None


@contextmanager
def server(tools: Path, folder: Path) -> Iterator[str]:
    """Run a server with its data in `folder`; yields the URL of its database. fsync is on."""
    folder.mkdir()
    user = None
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        user = "nobody"
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        folder.parent.chmod(0o755)
    data = folder / "data"
    environment = {"LC_ALL": "C", "TZ": "UTC"}
    subprocess.run(  # noqa: S603 - the server's own tool, arguments are ours
        [tools / "initdb", "-D", data, "-U", "muster", "-A", "trust", "-E", "UTF8", "--locale=C"],
        check=True,
        user=user,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    options = [part for pair in SETTINGS.items() for part in ("-c", "=".join(pair))]
    with (folder.parent / "postgres.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - as above
            [tools / "postgres", "-D", data, "-c", f"unix_socket_directories={folder}", *options],
            user=user,
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 60
        while not (folder / ".s.PGSQL.5432").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL did not start")
            time.sleep(0.05)
        yield f"postgresql://muster@/postgres?host={folder}"
    finally:
        process.send_signal(2)  # fast shutdown
        process.wait(60)


async def connect(url: str) -> asyncpg.Connection:
    """Connect, as soon as it answers."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return await asyncpg.connect(url)
        except (OSError, asyncpg.CannotConnectNowError):
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.1)


def cpu_of(process: int) -> float:
    """Seconds of CPU that a process (one connection's server) has had."""
    return int(Path(f"/proc/{process}/schedstat").read_text("ascii").split()[0]) / 1e9


async def load_people(
    link: asyncpg.Connection, ids: Sequence[int], lats: Sequence[float], lons: Sequence[float]
) -> None:
    """Put everybody's exact point into table `who`, indexed as geometry and as geography."""
    await link.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    await link.execute("CREATE TABLE raw (id bigint, lat float8, lon float8)")
    rows = list(zip(ids, lats, lons, strict=True))
    await link.copy_records_to_table("raw", records=rows, columns=["id", "lat", "lon"])
    await link.execute(
        "CREATE TABLE who AS SELECT id, ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS at,"
        " ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography AS ground FROM raw"
    )
    await link.execute("DROP TABLE raw")
    await link.execute("CREATE INDEX who_at ON who USING gist (at)")
    await link.execute("CREATE INDEX who_ground ON who USING gist (ground)")
    await link.execute("CREATE TABLE piece (shape text, at geometry(Geometry, 4326))")
    await link.execute("CREATE INDEX piece_at ON piece USING gist (at)")
    await link.execute("CREATE TABLE sent (alert int, person bigint, seq int, PRIMARY KEY (alert, person))")
    await link.execute("VACUUM ANALYZE who")


async def load_shape(link: asyncpg.Connection, name: str, wkb: bytes) -> None:
    """Keep a shape, cut into small pieces as PostGIS likes them."""
    await link.execute(
        "INSERT INTO piece SELECT $1, ST_Subdivide(ST_SetSRID(ST_GeomFromWKB($2), 4326), 255)", name, wkb
    )
    await link.execute("ANALYZE piece")


CIRCLE = "SELECT id FROM who WHERE ST_DWithin(ground, ST_MakePoint($1, $2)::geography, $3)"
CIRCLE_NEAREST = f"{CIRCLE} ORDER BY ground <-> ST_MakePoint($1, $2)::geography"
RAW = "SELECT id FROM who WHERE ST_Covers(ST_SetSRID(ST_GeomFromWKB($1), 4326), at)"
KEPT = "SELECT id FROM piece JOIN who ON ST_Covers(piece.at, who.at) WHERE shape = ANY($1)"
DRAWN = (
    "WITH drawn AS MATERIALIZED"
    " (SELECT ST_Subdivide(ST_SetSRID(ST_GeomFromWKB($1), 4326), 255) AS at)"
    " SELECT id FROM drawn JOIN who ON ST_Covers(drawn.at, who.at)"
)
"""The best forms found: one plain ST_Covers for a shape of few corners, a subdivided one for many."""
