"""Areas that are regions, among the people of `benchmarks.audience`. Reads the compiled gazetteer.

PostGIS has no part: there are no outlines of regions under a free licence, and Muster's own rule is what
`muster place at` says of a person's true position.
"""

import time
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from benchmarks.crowd import NOW, Crowd
from benchmarks.measure import head, say
from places.area import Area
from places.audience import AudienceIndex
from places.gazetteer import Gazetteer

CHOSEN = (
    ("VN-13", "VN-HP"), ("TH-83",), ("JP-13",), ("US-CA",), ("GB-ENG",), ("RU-SA",), ("MY-10", "MY-14")
)  # fmt: skip
ASKED = 4_000
"""People whose true position is looked up one by one, half of them among those found."""
BAR_MS = 30.0
ROUNDS = 5


def measure(
    index: AudienceIndex, people: Crowd, world: Gazetteer, chosen: Sequence[Sequence[str]] = CHOSEN
) -> None:
    """Resolve areas of one or two regions, the first time and again, and ask who is missed."""
    head(f"Regions, {len(people):,} people, everybody known by cell")
    random = np.random.default_rng(1)
    for codes in chosen:
        area, spent = Area(regions=tuple(codes)), []
        for _ in range(ROUNDS + 1):
            began = time.thread_time()
            found = index.resolve(area, at=NOW, touched=frozenset(), regions=world.region).person_ids
            spent.append((time.thread_time() - began) * 1e3)
        got = np.isin(people.rows.person_id, found)
        outlines = [part for code in codes if (known := world.region(code)) for part in known.outline()]
        near = np.flatnonzero(_beside(people, outlines))
        asked = random.choice(near, min(ASKED, near.size), replace=False)
        positions = zip(people.lat[asked].tolist(), people.lon[asked].tolist(), strict=True)
        named = np.array([not {*codes}.isdisjoint(world.at(*at).admin1) for at in positions], dtype=np.bool_)
        missed, over = int((named & ~got[asked]).sum()), int((got[asked] & ~named).sum())
        corners = int(shapely.get_num_coordinates(outlines).sum())
        again = min(spent[1:])
        say(
            " and ".join(codes),
            f"{again:.1f} ms CPU",
            f"first {spent[0]:,.0f} ms; {found.size:,} people; of {named.sum():,} asked missed {missed}, "
            f"over {100.0 * over / max(1, int(named.sum())):.1f} %; {corners:,} corners: "
            f"{'met' if again <= BAR_MS and not missed else 'NOT MET'} (bar {BAR_MS:.0f} ms, missed 0)",
        )


def _beside(people: Crowd, outlines: Sequence[BaseGeometry]) -> NDArray[np.bool_]:
    """Who is in the outlines or within a degree of them."""
    found = np.zeros(len(people), dtype=np.bool_)
    for part in outlines:
        west, south, east, north = part.bounds
        level = (people.lat >= south - 1) & (people.lat <= north + 1)
        found |= level & (people.lon >= west - 1) & (people.lon <= east + 1)
    return found
