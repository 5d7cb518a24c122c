"""Whom an area concerns, among 100,000 simulated people. Pure numpy on positions drawn from a seed.

The yardstick is the least that any exact answer must do: the great-circle distance to every single position,
in one numpy expression.
"""

from functools import partial

import numpy as np

from benchmarks.measure import head, repeated, say
from places.area import Area
from places.audience import AudienceIndex
from places.cells import cell_of, centres
from places.distance import distance_km
from places.people import Rows
from places.shapes import Circle, Polygon

PEOPLE = 100_000
SEED = 20261122
NOW = 1_795_000_000
CENTRE = (21.03, 105.85)
COAST = ((20.0, 105.0), (22.5, 104.6), (23.0, 106.2), (21.6, 107.4), (20.3, 106.6))


def people(count: int = PEOPLE) -> Rows:
    """Two thirds known by cell, a quarter by city, the rest by country; some hundred towns, most of the world
    empty."""
    random = np.random.default_rng(SEED)
    towns = np.column_stack([random.uniform(8, 24, 400), random.uniform(100, 110, 400)])
    spread = random.normal(0, 0.15, (count, 2))
    where = towns[random.integers(0, len(towns), count)] + spread
    kinds = random.random(count)
    cells = [
        None if kind > 0.92 else cell_of(float(lat), float(lon))
        for kind, (lat, lon) in zip(kinds, where, strict=True)
    ]
    radii = np.where((kinds > 0.67) & (kinds <= 0.92), 12.0, 0.0)
    countries = random.choice(["VN", "LA", "TH"], count).tolist()
    return Rows.of(list(range(1, count + 1)), cells, radii, countries)


def run() -> None:
    """Build, resolve three kinds of area, and take changes along."""
    head(f"Audience, {PEOPLE:,} people")
    rows = people()
    built = repeated(lambda: AudienceIndex.build(rows), times=3)
    index = AudienceIndex.build(rows)
    say("build the index", f"{built.cpu_s * 1e3:.0f} ms CPU", "once in a process")
    lats, lons = centres(rows.cell[rows.cell > 0])
    least = repeated(lambda: distance_km(*CENTRE, lats, lons) <= 60.0)
    say("yardstick: distance to every position", f"{least.cpu_s * 1e3:.1f} ms CPU")
    areas = {
        "circle of 60 km": Area(circles=(Circle(*CENTRE, 60.0),)),
        "polygon of 5 corners": Area(polygons=(Polygon(COAST),)),
        "country": Area(countries=("VN",)),
    }
    for title, area in areas.items():
        spent = repeated(partial(index.resolve, area, at=NOW, touched=frozenset({"VN"})))
        found = index.resolve(area, at=NOW, touched=frozenset({"VN"}))
        ratio = spent.cpu_s / least.cpu_s
        say(
            f"resolve a {title}",
            f"{spent.cpu_s * 1e3:.1f} ms CPU",
            f"{len(found):,} people, {ratio:.1f} x yardstick",
        )
    moved = rows.take(np.arange(0, 1_000, dtype=np.int64))
    spent = repeated(lambda: index.with_delta(moved, moved.person_id))
    say("take 1,000 changes along", f"{spent.cpu_s * 1e3:.1f} ms CPU")
