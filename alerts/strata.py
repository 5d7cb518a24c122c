"""The people of an audience by column, and in which order they are written. Pure numpy.

Whoever is near is written first; but in the order of distance persons come in no order at all, and every
transaction then writes the whole index of persons anew: most of what a large audience takes. So the nearest
are written in the order of distance, and those farther off stratum by stratum: the chunks of one stratum
follow each other by person, and the batches of them all are offered together, nearest first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from places.audience import CONFIDENCES, Audience

FIRST_CHUNK = 100  # goes to the senders while the rest is still being written
CHUNK = 5_000  # about 50 ms of writing on SQLite
STRATUM = 60_000  # written within a second
LEVELS = tuple(level.value for level in CONFIDENCES)


@dataclass(frozen=True, slots=True)
class Concerned:
    """People, aligned by column.

    Attributes:
        confidence: index into `LEVELS`.
        distance_km: infinite where it is not known.
        place: in the order of distance, from 0.
    """

    person_id: NDArray[np.int64]
    confidence: NDArray[np.uint8]
    distance_km: NDArray[np.float32]
    place: NDArray[np.int64]

    @classmethod
    def of(cls, found: Audience) -> Self:
        """Everybody who was found, nearest first."""
        return cls(found.person_ids, found.confidence, found.distance_km, np.arange(len(found)))

    @classmethod
    def told(cls, person_ids: list[int]) -> Self:
        """People who are concerned wherever they are now."""
        size = len(person_ids)
        apart = np.full(size, np.inf, dtype=np.float32)
        return cls(
            np.array(person_ids, dtype=np.int64), np.zeros(size, dtype=np.uint8), apart, np.arange(size)
        )

    def __len__(self) -> int:
        return int(self.person_id.size)

    def take(self, chosen: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Self:
        """Some of them."""
        return type(self)(
            self.person_id[chosen], self.confidence[chosen], self.distance_km[chosen], self.place[chosen]
        )

    def levels(self) -> list[str]:
        """How sure we are of each."""
        return [LEVELS[code] for code in self.confidence.tolist()]

    def distances(self) -> list[float | None]:
        """Kilometres, None where they are not known."""
        known = np.isfinite(self.distance_km)
        apart: list[float | None] = self.distance_km.tolist()
        return (
            apart if known.all() else [km if there else None for km, there in zip(apart, known, strict=True)]
        )


def strata(people: Concerned) -> Iterator[list[Concerned]]:
    """Cut people, given nearest first, into strata, and each of these into chunks of one transaction."""
    start = 0
    for size in (FIRST_CHUNK, CHUNK):
        if start < len(people):
            yield [people.take(slice(start, start + size))]
        start += size
    for low in range(start, len(people), STRATUM):
        part = people.take(slice(low, low + STRATUM))
        part = part.take(np.argsort(part.person_id, kind="stable"))
        yield [part.take(slice(at, at + CHUNK)) for at in range(0, len(part), CHUNK)]
