"""The same subjects in the other languages: more ways to ask the same, found by meaning. Pure numpy.

An entry with five questions in each of four languages is known by twenty. Each language is centred on its own
mean, so only what is asked is left to compare.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from assistance.faq.groups import Scores
from assistance.faq.semantic import Vectors


class Abroad:
    """Centres of subjects over all languages but one."""

    def __init__(self, subjects: Sequence[str], others: Sequence[Mapping[str, Vectors]]) -> None:
        """`others`: for each other language the unit vectors of a subject's questions."""
        found = [[rows[subject] for rows in others if subject in rows] for subject in subjects]
        self._rows = found
        width = next((rows.shape[1] for several in found for rows in several), 0)
        self._sums = np.zeros((len(subjects), width), np.float32)
        for number, several in enumerate(found):
            for rows in several:
                self._sums[number] += rows.sum(axis=0)
        lengths = np.linalg.norm(self._sums, axis=1)
        self._known = lengths > 0
        self._lengths = np.maximum(lengths, 1e-9)

    @property
    def knows_any(self) -> bool:
        """Whether any subject has questions in another language."""
        return bool(self._known.any())

    def scores(self, centred: Vectors, otherwise: Scores, asking_itself: int | None = None) -> Scores:
        """Cosine with each subject's centre; `otherwise` for subjects no other language has.

        Args:
            asking_itself: the subject of an approved question that is asked as a test: what is likest to it
                in each other language is left out, because it may be its translation.
        """
        cosines: Scores = (self._sums @ centred) / self._lengths
        if asking_itself is not None and self._known[asking_itself]:
            rest = self._sums[asking_itself].copy()
            for rows in self._rows[asking_itself]:
                rest -= rows[int(np.argmax(rows @ centred))]
            cosines[asking_itself] = float(rest @ centred) / max(float(np.linalg.norm(rest)), 1e-9)
        found: Scores = np.where(self._known, cosines, otherwise)
        return found
