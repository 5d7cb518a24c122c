"""Puts questions that ask the same together. Pure numpy; off the loop.

By letters and, where the model is, by meaning, which also joins languages. A question joins the group it is
likest to, or begins one. Vectors are centred on the mean of what is approved in their language: a few
questions have no mean of their own that says anything.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from assistance.faq.grams import grams, plain
from assistance.faq.groups import Scores
from assistance.faq.index import unit
from assistance.faq.semantic import Vectors
from assistance.faq.tfidf import TfIdf

ALIKE = 0.42  # mean likeness with the members of a group
ALIKE_BY_LETTERS = 0.30
# Of two languages, where there are no letters to compare: of questions strangers asked about the same, one in
# five pairs is joined then, of other pairs one in 700.
ALIKE_ACROSS = 0.35


def group(
    texts: Sequence[str], languages: Sequence[str], vectors: Vectors | None, means: Mapping[str, Vectors]
) -> list[list[int]]:
    """Groups of positions in `texts`, the largest first; each position is in one group.

    Args:
        means: by language, of the approved questions; without any, letters decide alone.
    """
    centred = _centred(vectors, languages, means) if vectors is not None and means else None
    likeness = _likeness(texts, languages, centred)
    least = ALIKE if centred is not None else ALIKE_BY_LETTERS
    groups: list[list[int]] = []
    for position in range(len(texts)):
        likest = [float(likeness[position, members].mean()) for members in groups]
        best = int(np.argmax(likest)) if likest else -1
        if best >= 0 and likest[best] >= least:
            groups[best].append(position)
        else:
            groups.append([position])
    return sorted(groups, key=lambda members: (-len(members), members[0]))


def _likeness(texts: Sequence[str], languages: Sequence[str], centred: Vectors | None) -> Scores:
    rows = [grams(plain(text)) for text in texts]
    index = TfIdf(rows)
    letters: Scores = np.array([index.scores(row) for row in rows]) if rows else np.zeros((0, 0))
    if centred is None or not rows:
        return letters
    meaning: Scores = centred @ centred.T
    tags = np.array(languages)
    same = tags[:, None] == tags[None, :]
    likeness: Scores = np.where(same, 0.5 * letters + 0.5 * meaning, meaning * (ALIKE / ALIKE_ACROSS))
    return likeness


def _centred(vectors: Vectors, languages: Sequence[str], means: Mapping[str, Vectors]) -> Vectors:
    """On the mean of their own language, else on that of all."""
    overall = np.mean(list(means.values()), axis=0)
    found = np.stack(
        [vector - means.get(tag, overall) for vector, tag in zip(vectors, languages, strict=True)]
    )
    return unit(found)
