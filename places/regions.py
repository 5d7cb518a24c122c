"""Regions: the admin-1 regions of an atlas, their outlines found when first asked for, and kept.

Pure; safe to ask from several threads. An outline takes up to 0.3 MB.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from functools import partial

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from places.atlas import Atlas
from places.distance import to_degrees, unit_vectors
from places.locate import locate
from places.region import Region, country_in
from places.region_outline import outline_of, sample_of
from places.repair import polygons

MOST_KEPT = 100
"""Outlines in memory at a time; those asked for least recently go first."""

Subdivisions = Callable[[str], Iterable[tuple[str, float, float]]]
"""Every subdivision of a country (ISO 3166-1 alpha-2) that has a name: code, lat, lon."""


class AtlasRegions:
    """Answers as `places.region.Regions`."""

    def __init__(self, atlas: Atlas, subdivisions: Subdivisions) -> None:
        self._atlas = atlas
        self._subdivisions = subdivisions
        self._numbers = {code: number for number, code in enumerate(atlas.admins) if code}
        self._known: dict[str, Region] = {}
        self._outlines: OrderedDict[int, tuple[BaseGeometry, ...]] = OrderedDict()
        self._sample: NDArray[np.int64] | None = None
        self._turn = threading.Lock()

    def __call__(self, code: str) -> Region | None:
        """The region of that code, None when no place in the atlas is in it. Milliseconds."""
        if code not in self._numbers:
            return None
        if code not in self._known:
            self._known[code] = self._region(code)
        return self._known[code]

    def by_country(self) -> Mapping[str, tuple[str, ...]]:
        """The codes of all regions by country, sorted."""
        found: dict[str, list[str]] = {}
        for code in sorted(self._numbers):
            found.setdefault(country_in(code), []).append(code)
        return {country: tuple(codes) for country, codes in found.items()}

    def _region(self, code: str) -> Region:
        atlas, number = self._atlas, self._numbers[code]
        rows = np.flatnonzero(atlas.admin == number)
        country = atlas.countries[int(np.bincount(atlas.country[rows]).argmax())]
        weights = np.maximum(atlas.population[rows], 1).astype(np.float64)
        vectors = unit_vectors(atlas.lat[rows], atlas.lon[rows])
        lats, lons = to_degrees((vectors * weights[:, None]).sum(axis=0)[None, :])
        parts = (
            part
            for part, lat, lon in self._subdivisions(country)
            if part not in self._numbers and code in locate(atlas, lat, lon).admin1
        )
        return Region(
            code=code,
            country=country,
            countries=frozenset({country, *self._claimants(lats=atlas.lat[rows], lons=atlas.lon[rows])}),
            members=frozenset({code, *parts}),
            centre=(float(lats[0]), float(lons[0])),
            outline=partial(self._outline, number),
        )

    def _claimants(self, lats: NDArray[np.float32], lons: NDArray[np.float32]) -> set[str]:
        """Countries of places that borders give to several."""
        borders = self._atlas.borders
        rows, pieces = borders.tree.query(shapely.points(lons, lats), predicate="intersects")
        countries: dict[int, set[str]] = {}
        for row, piece in zip(rows.tolist(), pieces.tolist(), strict=True):
            countries.setdefault(row, set()).update(borders.sets[int(borders.owner[piece])])
        return {code for codes in countries.values() if len(codes) > 1 for code in codes}

    def _outline(self, number: int) -> tuple[BaseGeometry, ...]:
        with self._turn:
            if number not in self._outlines:
                if self._sample is None:
                    self._sample = sample_of(self._atlas)
                parts = tuple(polygons(outline_of(self._atlas, number, self._sample)))
                for part in parts:
                    shapely.prepare(part)
                self._outlines[number] = parts
            self._outlines.move_to_end(number)
            while len(self._outlines) > MOST_KEPT:
                self._outlines.popitem(last=False)
            return self._outlines[number]
