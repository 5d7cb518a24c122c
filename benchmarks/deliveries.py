"""From an area to delivery rows that are committed: 300,000 people, by the code that the planner uses.

SQLite in a temporary folder; PostgreSQL beside PostGIS, which finds and inserts them in one statement. Each
person's address is given: finding it is measured in `benchmarks.reach`.
"""

import asyncio
import shutil
import time
from pathlib import Path

import asyncpg

from alerts import plans
from alerts.assignments import Assignments
from alerts.batches import BatchSizes
from alerts.strata import Concerned, strata
from benchmarks import borders
from benchmarks.crowd import NOW as MOMENT
from benchmarks.measure import head, say
from benchmarks.reach import ACCOUNT, NOW, new_plan
from places.area import Area
from places.audience import AudienceIndex
from storage.database import Database, open_database
from storage.migrate import migrate

FIRST = 100
MOST = 300_000
ROUNDS = 3
LANGUAGES = ("vi", "en", "vi", "th")
AREA = Area(countries=borders.codes(borders.NUMBERS))
SIZES = BatchSizes({ACCOUNT: 100})


async def on_sqlite(folder: Path, index: AudienceIndex) -> None:
    """Resolve and write, on SQLite."""
    head(f"Deliveries: resolve 11 countries and commit {MOST:,} rows with their batches")
    await asyncio.to_thread(folder.mkdir)
    url = f"sqlite:///{folder / 'muster.db'}"
    await asyncio.to_thread(migrate, url)
    database = open_database(url)
    try:
        best = await _rounds(database, index)
        say(
            "SQLite",
            f"{best[0]:.2f} s",
            f"{best[1]:.2f} s CPU; bar 2 s; first {FIRST} after {best[2] * 1e3:.0f} ms",
        )
    finally:
        await database.close()
        await asyncio.to_thread(shutil.rmtree, folder)


async def on_postgresql(url: str, link: asyncpg.Connection, index: AudienceIndex) -> None:
    """Resolve and write by COPY, in turn with PostGIS' INSERT .. SELECT."""
    await link.execute("CREATE DATABASE muster")
    own = url.replace("/postgres?", "/muster?")
    await asyncio.to_thread(migrate, own)
    database = open_database(own)
    try:
        ours, theirs = [], []
        for alert in range(ROUNDS):
            ours.append(await _once(database, index))
            began = time.perf_counter()
            await link.execute(
                "INSERT INTO sent SELECT $1, id, row_number() OVER ("
                " ORDER BY ground <-> ST_MakePoint(139.7, 35.7)::geography)"
                " FROM (SELECT DISTINCT ON (id) id, ground FROM piece JOIN who ON ST_Covers(piece.at, who.at)"
                " WHERE shape = ANY($2)) AS found",
                alert,
                list(borders.NUMBERS),
            )
            theirs.append(time.perf_counter() - began)
        best = min(ours)
        rows = await link.fetchval("SELECT count(*) FROM sent WHERE alert = 0")
        ratio = (min(theirs) / rows) / (best[0] / MOST)
        say(
            "PostgreSQL, COPY",
            f"{best[0]:.2f} s",
            f"{best[1]:.2f} s CPU here; first {FIRST} after {best[2] * 1e3:.0f} ms",
        )
        say(
            f"  PostGIS INSERT .. SELECT, {rows:,} rows of 3 columns",
            f"{min(theirs):.2f} s",
            f"a row of ours (21 columns, 5 indexes) costs 1/{ratio:.1f} of one of these; bar 1/3",
        )
    finally:
        await database.close()


async def _rounds(database: Database, index: AudienceIndex) -> tuple[float, float, float]:
    return min([await _once(database, index) for _ in range(ROUNDS)])


async def _once(database: Database, index: AudienceIndex) -> tuple[float, float, float]:
    """Seconds on the clock, of CPU, and until the first ones were committed."""
    plan = await new_plan(database)
    wall, cpu = time.perf_counter(), time.process_time()
    found = index.resolve(AREA, at=MOMENT, touched=frozenset())
    first = 0.0
    for chunks in strata(Concerned.of(found).take(slice(MOST))):
        for chunk in chunks:
            await _write(database, plan, chunk)
            first = first or time.perf_counter() - wall
    return time.perf_counter() - wall, time.process_time() - cpu, first


async def _write(database: Database, plan: plans.Plan, people: Concerned) -> None:
    ids = people.person_id.tolist()
    chosen = Assignments(
        ids,
        ids,
        [ACCOUNT[0]] * len(ids),
        [ACCOUNT[1]] * len(ids),
        [LANGUAGES[person & 3] for person in ids],
        [False] * len(ids),
        people.levels(),
        people.distances(),
        people.place.tolist(),
    )
    async with database.bulk() as connection:
        await plans.write_deliveries(
            connection,
            plan,
            chosen,
            rung=0,
            priority=1,
            sizes=SIZES,
            now=NOW,
            first_run=True,
        )
