"""Puts questions that ask the same together. Pure numpy; off the loop.

By letters and, where the model is, by meaning, which also joins languages. A question joins the group it is
likest to, or begins one.
"""

from collections.abc import Sequence

import numpy as np

from assistance.faq.grams import grams, plain
from assistance.faq.groups import Scores
from assistance.faq.semantic import Vectors
from assistance.faq.tfidf import TfIdf

ALIKE = 0.42  # mean likeness with the members of a group
ALIKE_BY_LETTERS = 0.30


def group(texts: Sequence[str], languages: Sequence[str], vectors: Vectors | None) -> list[list[int]]:
    """Groups of positions in `texts`, the largest first; each position is in one group."""
    likeness = _likeness(texts, languages, vectors)
    least = ALIKE if vectors is not None else ALIKE_BY_LETTERS
    groups: list[list[int]] = []
    for position in range(len(texts)):
        means = [float(likeness[position, members].mean()) for members in groups]
        best = int(np.argmax(means)) if means else -1
        if best >= 0 and means[best] >= least:
            groups[best].append(position)
        else:
            groups.append([position])
    return sorted(groups, key=lambda members: (-len(members), members[0]))


def _likeness(texts: Sequence[str], languages: Sequence[str], vectors: Vectors | None) -> Scores:
    rows = [grams(plain(text)) for text in texts]
    index = TfIdf(rows)
    letters: Scores = np.array([index.scores(row) for row in rows]) if rows else np.zeros((0, 0))
    if vectors is None or not rows:
        return letters
    centred = _centred(vectors, languages)
    meaning: Scores = centred @ centred.T
    same = np.array([[one == other for other in languages] for one in languages])
    likeness: Scores = np.where(same, 0.5 * letters + 0.5 * meaning, meaning * 0.9)
    return likeness


def _centred(vectors: Vectors, languages: Sequence[str]) -> Vectors:
    """On the mean of their own language where there are enough to know it, else of all."""
    found = np.array(vectors, np.float32)
    tags = np.array(languages)
    overall = found.mean(axis=0)
    for tag in set(languages):
        own = tags == tag
        found[own] -= found[own].mean(axis=0) if own.sum() >= 8 else overall
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    scaled: Vectors = found / np.maximum(lengths, 1e-9)
    return scaled
