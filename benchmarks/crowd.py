"""Simulated people all over the world, drawn from a seed: where they truly are, and what Muster knows of it.

Reads the compiled gazetteer, then pure numpy and h3. Nobody in here exists.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray

from places.atlas import Atlas
from places.cells import CELL_RESOLUTION
from places.countries import countries_of
from places.distance import Floats
from places.people import EVER, FOREVER, Rows, pack_countries
from places.source_cities import city_radius_km

SEED = 20261122
NOW = 1_795_000_000
DAY_S = 86_400
KM_PER_DEGREE = 111.195
BY_CELL, BY_CITY, BY_COUNTRY = range(3)
HOSTS = {"JP": 9.0, "KR": 9.0, "TW": 8.0, "MY": 6.0, "SG": 8.0, "TH": 5.0, "AU": 6.0, "DE": 5.0, "FR": 4.0,
         "CZ": 6.0, "US": 3.0, "GB": 3.0, "LA": 8.0, "KH": 8.0, "AE": 5.0, "PL": 3.0}  # fmt: skip
"""Countries in which many citizens of one country live, and how much likelier than by population alone."""


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of people known by a cell and by a city (the rest by country only), and of those with a trip."""

    cell: float
    city: float
    trips: float


EXACT = Mix(1.0, 0.0, 0.0)
"""Everybody by cell: what a database of exact points can be compared with."""
USUAL = Mix(0.70, 0.22, 0.30)
"""As registrations are: most type a city or share a pin, some name only a country, three in ten travel."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Aligned arrays, one row for each whereabouts. `lat`, `lon` is the truth; `rows` is what is known."""

    lat: Floats
    lon: Floats
    kind: NDArray[np.int8]
    rows: Rows

    def __len__(self) -> int:
        return len(self.rows)

    def present(self, at: int = NOW) -> NDArray[np.bool_]:
        """Which rows say where somebody is at `at` (epoch seconds)."""
        return np.asarray((self.rows.valid_from <= at) & (self.rows.valid_to >= at))


def kept(path: Path, make: Callable[[], Crowd]) -> Crowd:
    """A crowd from a file, made once: finding every cell's countries takes a minute or two."""
    if not path.exists():
        made = make()
        columns = {name: getattr(made.rows, name) for name in Rows.__slots__}
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, lat=made.lat, lon=made.lon, kind=made.kind, **columns)
    with np.load(path) as found:
        rows = Rows(*(found[name] for name in Rows.__slots__))
        return Crowd(found["lat"], found["lon"], found["kind"], rows)


def crowd(atlas: Atlas, count: int, mix: Mix = EXACT, seed: int = SEED) -> Crowd:
    """`count` people: cities by population, more in host countries; most within 2 to 14 km (one standard
    deviation, by the size of the city) of its centre, every tenth within 45 km. The same for the same seed.

    A trip is one more row of a person, one day to six months long; about half of them are under way at NOW.
    """
    random = np.random.default_rng(seed)
    travelling = np.flatnonzero(random.random(count) < mix.trips)
    size = count + travelling.size
    city = _cities(atlas, size, random)
    kind = np.where((drawn := random.random(size)) < mix.cell, BY_CELL, BY_CITY).astype(np.int8)
    kind[drawn >= mix.cell + mix.city] = BY_COUNTRY
    radius = np.array([city_radius_km(people) for people in atlas.population.tolist()], dtype=np.float32)[
        city
    ]
    lat, lon = _positions(atlas, city, kind, radius, random)
    cell = np.zeros(size, dtype=np.int64)
    pinned = kind == BY_CELL
    cell[pinned] = _cells(lat[pinned], lon[pinned])
    named = kind == BY_CITY
    centres, of = np.unique(city[named], return_inverse=True)
    cell[named] = _cells(atlas.lat[centres].astype(np.float64), atlas.lon[centres].astype(np.float64))[of]
    nations = np.array([pack_countries((iso,)) for iso in atlas.countries], dtype=np.int64)[
        atlas.country[city]
    ]
    begins, ends = np.full(size, EVER, dtype=np.int64), np.full(size, FOREVER, dtype=np.int64)
    begins[count:] = NOW - random.integers(0, 180 * DAY_S, travelling.size)
    ends[count:] = begins[count:] + random.integers(DAY_S, 180 * DAY_S, travelling.size)
    rows = Rows(
        np.append(np.arange(1, count + 1), travelling + 1).astype(np.int64),
        cell,
        np.where(named, radius, 0.0).astype(np.float32),
        np.where(pinned, countries_of(atlas, cell), nations),
        begins,
        ends,
    )
    return Crowd(lat, lon, kind, rows)


def _cities(atlas: Atlas, size: int, random: np.random.Generator) -> NDArray[np.int64]:
    boost = np.array([HOSTS.get(iso, 1.0) for iso in atlas.countries])
    weight = atlas.population * boost[atlas.country] * (atlas.place > 0)
    return random.choice(weight.size, size, p=weight / weight.sum())


def _positions(
    atlas: Atlas,
    city: NDArray[np.int64],
    kind: NDArray[np.int8],
    radius: NDArray[np.float32],
    random: np.random.Generator,
) -> tuple[Floats, Floats]:
    sigma = np.clip(2.0 + 4.0 * np.log10(np.maximum(atlas.population[city], 15_000) / 15_000), 2.0, 14.0)
    sigma = np.where(random.random(city.size) < 0.10, 45.0, sigma)
    north, east = random.normal(0.0, 1.0, (2, city.size)) * sigma
    # Somebody who names a city is in it: no farther from its centre than what is kept of it.
    away = np.hypot(north, east)
    inside = radius * np.sqrt(random.random(city.size))
    share = np.where((kind == BY_CITY) & (away > radius), inside / np.maximum(away, 1e-9), 1.0)
    lat = np.clip(atlas.lat[city] + north * share / KM_PER_DEGREE, -89.9, 89.9)
    lon = atlas.lon[city] + east * share / (KM_PER_DEGREE * np.cos(np.radians(lat)))
    return lat, (lon + 180.0) % 360.0 - 180.0


def _cells(lats: Floats, lons: Floats) -> NDArray[np.int64]:
    pairs = zip(lats.tolist(), lons.tolist(), strict=True)
    found = (h3.latlng_to_cell(lat, lon, CELL_RESOLUTION) for lat, lon in pairs)
    return np.fromiter(found, dtype=np.int64, count=lats.size)
