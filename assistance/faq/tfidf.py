"""TF-IDF over any kind of token, as an inverted index of numpy arrays. Pure.

Rows are approved questions. A token nobody approved still counts in the norm of what was asked: half of a
question unknown is half a likeness at most.
"""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from assistance.faq.groups import Scores


class TfIdf:
    """An index; immutable once made, safe to be read by several threads."""

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        counts = [Counter(row) for row in rows]
        self._size = len(rows)
        frequency = Counter(token for row in counts for token in row)
        self._idf = {token: self._weight(number) for token, number in frequency.items()}
        self._unknown = self._weight(0)
        posted: dict[str, list[tuple[int, float]]] = {}
        for number, row in enumerate(counts):
            weights = {token: (1 + math.log(times)) * self._idf[token] for token, times in row.items()}
            norm = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
            for token, weight in weights.items():
                posted.setdefault(token, []).append((number, weight / norm))
        self._rows = {
            token: np.array([number for number, _ in pairs], np.int32) for token, pairs in posted.items()
        }
        self._weights = {
            token: np.array([weight for _, weight in pairs], np.float32) for token, pairs in posted.items()
        }

    def scores(self, tokens: Sequence[str]) -> Scores:
        """Cosine of what was asked with every row, 0..1."""
        found = np.zeros(self._size, np.float32)
        total = 0.0
        for token, times in Counter(tokens).items():
            weight = (1 + math.log(times)) * self._idf.get(token, self._unknown)
            total += weight * weight
            if token in self._rows:
                found[self._rows[token]] += weight * self._weights[token]
        return found / np.float32(math.sqrt(total)) if total else found

    def _weight(self, frequency: int) -> float:
        return math.log((1 + self._size) / (1 + frequency)) + 1
