"""From likeness with single questions to likeness with what they ask: the best of a group, and its centre.

Pure numpy. Works for every kind of unit vectors, of letters, words or meaning: the cosine with the centre of
some unit vectors is the mean of the cosines with each, divided by the length of the centre.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.floating[Any]]


class Groups:
    """Rows in groups, each group's rows in one piece; immutable."""

    def __init__(self, sizes: Sequence[int], likeness: Callable[[int], Scores]) -> None:
        """`likeness(row)` gives the cosine of a row with every row."""
        self._sizes = np.array(sizes, np.float32)
        self._starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._owner = np.repeat(np.arange(len(sizes)), sizes)
        self._row_sums = np.zeros(len(self._owner), np.float32)
        for row, group in enumerate(self._owner):
            own = slice(self._starts[group], self._starts[group + 1])
            self._row_sums[row] = likeness(row)[own].sum()
        self._sums = np.add.reduceat(self._row_sums, self._starts[:-1]) if len(sizes) else self._row_sums
        self._lengths = np.sqrt(np.maximum(self._sums, 1e-6)) / self._sizes

    def owner(self, row: int) -> int:
        """The group of a row."""
        return int(self._owner[row])

    def size(self, group: int) -> int:
        """How many rows a group has."""
        return int(self._sizes[group])

    def best_and_centre(self, scores: Scores, without: int | None = None) -> tuple[Scores, Scores]:
        """Per group the best row and the cosine with the centre, from the cosine with each row.

        Args:
            without: a row to leave out as if it were not there (its group must have another one).
        """
        if without is not None:
            scores = scores.copy()
            left_out, scores[without] = float(scores[without]), 0.0
        centre = np.add.reduceat(scores, self._starts[:-1]) / self._sizes / self._lengths
        if without is None:
            return np.maximum.reduceat(scores, self._starts[:-1]), centre
        group = self._owner[without]
        count = self._sizes[group] - 1
        rest = max(float(self._sums[group] - 2 * self._row_sums[without] + 1), 1e-6)
        own = scores[self._starts[group] : self._starts[group + 1]]
        centre[group] = own.sum() / count / (np.sqrt(rest) / count)
        scores[without] = min(-1.0, left_out)
        return np.maximum.reduceat(scores, self._starts[:-1]), centre
