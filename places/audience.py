"""AudienceIndex: everybody's whereabouts in arrays, and the people an area concerns, nearest first.

Pure numpy. Rows are grouped by distinct place (cell, radius, countries), so a million people in 400,000
cells cost 400,000 tests. Changes since the index was built ride along as a small second block until the
next build.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from places.area import Area
from places.block import Block
from places.growth import Mask
from places.people import Ids, Rows, country_code
from places.region import Regions, nowhere

Distances = NDArray[np.float32]
Codes = NDArray[np.uint8]


class Confidence(StrEnum):
    """How sure we are that somebody is inside."""

    AREA = "area"
    """Known by cell, and the cell may lie in the area; or by region only, and the area names that region."""
    CITY = "city"
    """Known by city, and the city's circle may touch the area."""
    COUNTRY = "country"
    """Known by country, and the area names that country."""
    MAYBE = "maybe"
    """Known by country, and a shape of the area may touch it."""


CONFIDENCES = tuple(Confidence)
"""Position in this tuple = the code in `Audience.confidence`; lower is surer."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Each person once, nearest first. `distance_km` is infinite for people known by country only; `country`
    is where they are counted, as `places.people.country_code` (0 = not known)."""

    person_ids: Ids
    distance_km: Distances
    confidence: Codes
    country: NDArray[np.uint16]

    def __len__(self) -> int:
        return int(self.person_ids.size)

    def counts(self) -> dict[Confidence, int]:
        """People per confidence, all four always present."""
        found = np.bincount(self.confidence, minlength=len(CONFIDENCES)).tolist()
        return {confidence: found[code] for code, confidence in enumerate(CONFIDENCES)}


@dataclass(frozen=True, slots=True)
class AudienceIndex:
    """Whereabouts as they were at the last build, plus a delta. Make it with `build`; every change is a
    new value."""

    base: Block
    stale: Mask
    """Rows of `base` whose person changed since."""
    delta: Block
    changed: Rows

    @classmethod
    def build(cls, rows: Rows) -> "AudienceIndex":
        """About 1 s for a million rows. Raises CoordinateError when a cell is not one."""
        nobody = Rows.empty()
        return cls(Block.build(rows), np.zeros(len(rows), dtype=np.bool_), Block.build(nobody), nobody)

    def with_delta(self, rows: Rows, removed_person_ids: Ids) -> "AudienceIndex":
        """The index after changes: `rows` are *all* rows of every person who changed, `removed_person_ids`
        those who left altogether. Milliseconds for 10,000 rows."""
        replaced = np.union1d(rows.person_id, np.asarray(removed_person_ids, dtype=np.int64))
        kept = self.changed.take(~np.isin(self.changed.person_id, replaced))
        changed = Rows.joined(kept, rows)
        stale = self.stale.copy()
        stale[self.base.filing.rows_of(replaced)] = True
        return replace(self, stale=stale, delta=Block.build(changed), changed=changed)

    def resolve(
        self,
        area: Area,
        *,
        at: int,
        touched: frozenset[str],
        include_maybe: bool = True,
        regions: Regions = nowhere,
    ) -> Audience:
        """Whom the area concerns at `at` (epoch seconds, UTC).

        `touched`: the countries it may touch (`area.touches_countries`); people known only by one of those
        are "maybe". `regions`: what is known of its regions. Somebody with several rows counts once, with
        the surest confidence and the nearest distance.
        """
        named = frozenset(country_code(iso) for iso in area.lands(regions))
        maybe = frozenset(country_code(iso) for iso in touched) - named if include_maybe else frozenset[int]()
        ready, told = area.matcher(regions), area.members(regions)
        stale = self.stale if self.stale.any() else None
        old = self.base.hits(ready, named, maybe, at, stale, told)
        if not len(self.delta):
            return Audience(old.person_ids, old.distance_km, old.code, old.country)
        new = self.delta.hits(ready, named, maybe, at, None, told)
        place = np.searchsorted(old.distance_km, new.distance_km, side="right")
        return Audience(
            np.insert(old.person_ids, place, new.person_ids),
            np.insert(old.distance_km, place, new.distance_km),
            np.insert(old.code, place, new.code),
            np.insert(old.country, place, new.country),
        )
