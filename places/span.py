"""Spans: from when to when each row counts. Pure numpy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from places.growth import Mask
from places.people import EVER, FOREVER, Rows

LAST = 2**32 - 1
"""Seconds are kept in 32 bits; whatever ends later (the year 2106) never ends."""


@dataclass(frozen=True, slots=True)
class Spans:
    """First and last second (epoch, UTC, both included) of each row."""

    first: NDArray[np.uint32]
    last: NDArray[np.uint32]

    @classmethod
    def of(cls, rows: Rows, order: NDArray[np.int64]) -> "Spans | None":
        """Of `rows` in another order; None when none of them has a beginning or an end."""
        if not ((rows.valid_from != EVER).any() or (rows.valid_to != FOREVER).any()):
            return None
        return cls(_clipped(rows.valid_from[order]), _clipped(rows.valid_to[order]))

    def cover(self, rows: NDArray[np.int64], at: int) -> Mask:
        """Which of some rows count at `at` (epoch seconds)."""
        moment = np.uint32(min(max(at, 0), LAST))
        return np.asarray((self.first[rows] <= moment) & (self.last[rows] >= moment))


def _clipped(seconds: NDArray[np.int64]) -> NDArray[np.uint32]:
    return np.clip(seconds, 0, LAST).astype(np.uint32)
