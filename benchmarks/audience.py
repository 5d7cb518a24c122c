"""Whom an area concerns, among 1,000,000 simulated people, beside PostGIS in one run. Touches `var/bench`, a
temporary folder and a PostgreSQL of its own.

PostGIS is given everybody's exact point; Muster knows their cell only. Both are asked in turn, round by
round; figures are the least of the rounds. Ratios are of CPU (of the thread here, of the server's process
there): on a busy machine the clock measures the neighbours.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from benchmarks import borders, deliveries, postgis, regions
from benchmarks.crowd import BY_CELL, BY_CITY, EXACT, NOW, USUAL, Crowd, crowd, kept
from benchmarks.measure import Spent, head, memory, say
from places.area import Area
from places.audience import Audience, AudienceIndex
from places.compile import compile_gazetteer, is_current
from places.gazetteer import Gazetteer
from places.people import Rows
from places.shapes import Circle

PEOPLE = 1_000_000
ROUNDS = 3
CHANGED = 10_000
FOLDER = Path("var/bench")
TOWN = (22.62, 120.31)
ELEVEN = tuple(borders.NUMBERS)


@dataclass(frozen=True, slots=True)
class Question:
    """One area, and how PostGIS is asked for it: the fastest form, and nearest first where there is one."""

    title: str
    area: Area
    ask: tuple[str, tuple[Any, ...]]
    ordered: tuple[str, tuple[Any, ...]] | None
    bar: float  # times PostGIS
    most_over: float  # percent


def run() -> None:
    """Measure everything that can be measured here."""
    exact, usual = _crowds()
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(_measure(exact, usual, Path(name)))


def _gazetteer() -> Path:
    found = Path("var/gazetteer.sqlite")
    if not is_current(found):
        found = FOLDER / "gazetteer.sqlite"
        FOLDER.mkdir(parents=True, exist_ok=True)
        if not is_current(found):
            compile_gazetteer(found)
    return found


def _crowds() -> tuple[Crowd, Crowd]:
    found = _gazetteer()

    def make(mix: Any) -> Callable[[], Crowd]:
        def work() -> Crowd:
            world = Gazetteer.open(found)
            try:
                return crowd(world.atlas, PEOPLE, mix)
            finally:
                world.close()

        return work

    return kept(FOLDER / "exact.npz", make(EXACT)), kept(FOLDER / "usual.npz", make(USUAL))


async def _measure(exact: Crowd, usual: Crowd, folder: Path) -> None:
    head(f"Audience, {PEOPLE:,} people, everybody known by cell")
    index = _build(exact.rows)
    gazetteer = Gazetteer.open(_gazetteer())
    regions.measure(index, exact, gazetteer)
    gazetteer.close()
    atlas = borders.atlas(FOLDER / "world")
    tools = postgis.binaries()
    if tools is None:
        say(postgis.ABSENT, "-")
        for question in _questions(atlas):
            best = least(_ours(index, question.area) for _ in range(ROUNDS))
            say(question.title, f"{best.cpu_s * 1e3:.2f} ms CPU")
        _usual(usual)
        await deliveries.on_sqlite(folder / "sqlite", index)
        return
    with postgis.server(tools, folder / "pg") as url:
        link = await postgis.connect(url)
        began = time.perf_counter()
        ids, lats, lons = (axis.tolist() for axis in (exact.rows.person_id, exact.lat, exact.lon))
        await postgis.load_people(link, ids, lats, lons)
        for iso in ELEVEN:
            await postgis.load_shape(link, iso, shapely.to_wkb(borders.country(iso, atlas)))
        world = borders.countries(atlas)
        say("PostGIS: load, index, analyse", f"{time.perf_counter() - began:.0f} s")
        for question in _questions(atlas):
            await _compare(index, link, question, world)
        _usual(usual)
        await deliveries.on_sqlite(folder / "sqlite", index)
        await deliveries.on_postgresql(url, link, index)
        await link.close()


def _questions(atlas: Path) -> list[Question]:
    lat, lon = TOWN
    region, drawn = borders.octagon(36.6, 127.9, 175.0), borders.ragged()
    shapes = shapely.to_wkb(borders.plane_of(region)), shapely.to_wkb(borders.plane_of(drawn))
    circle = (lon, lat, 25_000.0)
    corners = borders.corners_of(borders.country("JP", atlas))
    return [
        Question(
            "circle of 25 km",
            Area(circles=(Circle(lat, lon, 25.0),)),
            (postgis.CIRCLE, circle),
            (postgis.CIRCLE_NEAREST, circle),
            1 / 10,
            2.0,
        ),
        Question(
            "polygon of 8 corners", Area(polygons=(region,)), (postgis.RAW, shapes[:1]), None, 1 / 8, 3.0
        ),
        Question(
            f"country (there: {corners:,} corners)",
            Area(countries=("JP",)),
            (postgis.KEPT, (["JP"],)),
            None,
            1 / 15,
            7.0,
        ),
        Question(
            "11 countries",
            Area(countries=borders.codes(ELEVEN)),
            (postgis.KEPT, (list(ELEVEN),)),
            None,
            1 / 40,
            7.0,
        ),
        Question(
            f"fresh polygon of {len(drawn.exterior):,} corners",
            Area(polygons=(drawn,)),
            (postgis.DRAWN, shapes[1:]),
            None,
            1 / 3,
            3.0,
        ),
    ]


async def _compare(
    index: AudienceIndex, link: asyncpg.Connection, question: Question, world: Sequence[BaseGeometry]
) -> None:
    """Ask both in turn."""
    server = link.get_server_pid()

    async def theirs(asked: tuple[str, tuple[Any, ...]]) -> Spent:
        wall, cpu = time.perf_counter(), postgis.cpu_of(server)
        await link.fetch(asked[0], *asked[1])
        return Spent(postgis.cpu_of(server) - cpu, time.perf_counter() - wall)

    rival = question.ordered or question.ask
    rounds = [(_ours(index, question.area), await theirs(rival)) for _ in range(ROUNDS)]
    ours, other = (least(column) for column in zip(*rounds, strict=True))
    truth = np.array([row[0] for row in await link.fetch(question.ask[0], *question.ask[1])], dtype=np.int64)
    found = _resolve(index, question.area).person_ids
    missed = int((~np.isin(truth, found)).sum())
    extra = found[~np.isin(found, truth)]
    at_sea = int(await _at_sea(link, extra, world)) if question.area.countries else 0
    over = 100.0 * (extra.size - at_sea) / max(1, truth.size)
    ratio = other.cpu_s / ours.cpu_s
    met = ratio * question.bar >= 1.0 and not missed and over <= question.most_over
    say(
        question.title,
        f"{ours.cpu_s * 1e3:.2f} ms CPU",
        f"PostGIS {other.cpu_s * 1e3:.1f} ms CPU: 1/{ratio:.1f} (bar 1/{1 / question.bar:.0f}); "
        f"clock {ours.wall_s * 1e3:.1f} and {other.wall_s * 1e3:.1f} ms: 1/{other.wall_s / ours.wall_s:.1f}",
    )
    say(
        "",
        f"{found.size:,} people",
        f"missed {missed}, over {over:.2f} % (bar {question.most_over:.0f})"
        + (f", and {100.0 * at_sea / truth.size:.1f} % drawn into the sea" if at_sea else "")
        + f": {'met' if met else 'NOT MET'}",
    )


async def _at_sea(link: asyncpg.Connection, ids: NDArray[np.int64], world: Sequence[BaseGeometry]) -> int:
    """How many of these people stand in no country at all: our drawing of people does not know the shore."""
    where = await link.fetch("SELECT ST_X(at), ST_Y(at) FROM who WHERE id = ANY($1)", ids.tolist())
    points = np.array([tuple(row) for row in where]).reshape(-1, 2)
    ashore = np.zeros(len(points), dtype=np.bool_)
    for country in world:
        west, south, east, north = country.bounds
        x, y = points[:, 0], points[:, 1]
        near = np.flatnonzero((x >= west) & (x <= east) & (y >= south) & (y <= north) & ~ashore)
        if near.size:
            ashore[near] = shapely.contains_xy(country, x[near], y[near])
    return int((~ashore).sum())


def _ours(index: AudienceIndex, area: Area) -> Spent:
    wall, cpu = time.perf_counter(), time.thread_time()
    _resolve(index, area).person_ids.tolist()
    return Spent(time.thread_time() - cpu, time.perf_counter() - wall)


def least(runs: Iterable[Spent]) -> Spent:
    """The least of each."""
    listed = list(runs)
    return Spent(min(run.cpu_s for run in listed), min(run.wall_s for run in listed))


def _resolve(index: AudienceIndex, area: Area) -> Audience:
    return index.resolve(area, at=NOW, touched=frozenset())


def _build(rows: Rows) -> AudienceIndex:
    wall, cpu = time.perf_counter(), time.process_time()
    index = AudienceIndex.build(rows)
    say(
        "build the index, once in a process",
        f"{time.process_time() - cpu:.1f} s CPU",
        f"{time.perf_counter() - wall:.1f} s on the clock, {memory(index) / 1e6:.1f} MB (bar 60)",
    )
    moved = rows.take(np.arange(0, len(rows), max(1, len(rows) // CHANGED))[:CHANGED])
    wall, cpu = time.perf_counter(), time.process_time()
    after = index.with_delta(moved, moved.person_id)
    say(
        f"take {len(moved):,} changes along", f"{(time.process_time() - cpu) * 1e3:.0f} ms CPU", "in a thread"
    )
    area = Area(circles=(Circle(*TOWN, 25.0),))
    after_it, before = (least(_ours(one, area) for _ in range(2 * ROUNDS)) for one in (after, index))
    say("  what they add to a circle", f"{(after_it.cpu_s - before.cpu_s) * 1e3:.2f} ms CPU", "bar 5 ms")
    return index


def _usual(people: Crowd) -> None:
    head(
        f"Audience, {PEOPLE:,} people as they register: by cell, city or country, {len(people):,} whereabouts"
    )
    index = _build(people.rows)
    present = people.present()
    for title, area, inside in _plain_truths(people):
        best = least(_ours(index, area) for _ in range(ROUNDS))
        found = _resolve(index, area)
        owed = {
            kind: set(people.rows.person_id[inside & present & (people.kind == kind)].tolist())
            for kind in (BY_CELL, BY_CITY)
        }
        got = set(found.person_ids.tolist())
        missed = sum(len(some - got) for some in owed.values())
        levels = ", ".join(f"{kind.value} {count:,}" for kind, count in found.counts().items() if count)
        say(
            title,
            f"{best.cpu_s * 1e3:.2f} ms CPU",
            f"{len(found):,} people ({levels}), missed {missed} of {sum(map(len, owed.values())):,}",
        )


def _plain_truths(people: Crowd) -> list[tuple[str, Area, Any]]:
    lat, lon = TOWN
    apart = (
        6371.0088
        * 2
        * np.arcsin(
            np.sqrt(
                np.sin(np.radians(people.lat - lat) / 2) ** 2
                + np.cos(np.radians(lat))
                * np.cos(np.radians(people.lat))
                * np.sin(np.radians(people.lon - lon) / 2) ** 2
            )
        )
    )
    drawn = borders.ragged()
    inside = shapely.contains_xy(borders.plane_of(drawn), people.lon, people.lat)
    return [
        ("circle of 25 km", Area(circles=(Circle(lat, lon, 25.0),)), apart <= 25.0),
        (f"polygon of {len(drawn.exterior):,} corners", Area(polygons=(drawn,)), inside),
    ]
