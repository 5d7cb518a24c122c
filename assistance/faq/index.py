"""The approved questions of one language, and how near something typed is to each of them. Pure numpy.

One row a question, grouped by what is asked. Where there are vectors, those of a language are centred on
their own mean first (raw cosines of this model all lie between 0.75 and 1). Vietnamese has a second set of
vectors made of the questions without their marks: the model does not understand Vietnamese typed without
them, but finds it among its like.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assistance.faq.grams import fold, grams, neat, plain, words
from assistance.faq.groups import Groups, Scores
from assistance.faq.semantic import Vectors
from assistance.faq.tfidf import TfIdf

# Parts of the likeness by letters and words (best and centre of n-grams, of words) and of the whole (best and
# centre of meaning, letters and words); each sums to one. Fitted on CLINC150.
LEXICAL = (0.20, 0.42, 0.10, 0.28)
WHOLE = (0.20, 0.40, 0.40)
MARKLESS = (0.15, 0.20, 0.65)
ACROSS = (0.50, 0.50, 0.0)
TWINNED = frozenset({"vi"})


@dataclass(frozen=True, slots=True)
class Asked:
    """Something typed, taken apart once for all indexes. `vector` is None without the model."""

    grams: Sequence[str]
    words: Sequence[str]
    vector: Vectors | None


def take_apart(text: str, vector: Vectors | None) -> Asked:
    """`text` as the indexes compare it."""
    asked = plain(text)
    return Asked(grams(asked), words(asked), vector)


class Meaning:
    """Vectors of the questions of one language."""

    def __init__(self, vectors: Vectors, sizes: Sequence[int]) -> None:
        self.mean = vectors.mean(axis=0)
        self.rows = _unit(vectors - self.mean)
        self.groups = Groups(sizes, lambda row: self.rows @ self.rows[row])

    def scores(self, vector: Vectors, mean: Vectors | None = None) -> Scores:
        """Cosine with every row; `mean` of the asker's own language where that is another one."""
        centred = _unit((vector - (self.mean if mean is None else mean))[None, :])[0]
        scores: Scores = self.rows @ centred
        return scores


class LanguageIndex:
    """All approved questions of one language; immutable, safe to be read by several threads."""

    def __init__(
        self,
        language: str,
        questions: Mapping[str, Sequence[str]],
        vectors: Mapping[str, Vectors] | None,
    ) -> None:
        """`questions` by subject; `vectors` by `neat` text, of `texts_of` at least."""
        self.language = language
        self.subjects = tuple(subject for subject in sorted(questions) if questions[subject])
        self.texts = [text for subject in self.subjects for text in questions[subject]]
        self.sizes = [len(questions[subject]) for subject in self.subjects]
        apart = [plain(text) for text in self.texts]
        gram_rows, word_rows = [grams(text) for text in apart], [words(text) for text in apart]
        self._grams, self._words = TfIdf(gram_rows), TfIdf(word_rows)
        self.gram_groups = Groups(self.sizes, lambda row: self._grams.scores(gram_rows[row]))
        self.word_groups = Groups(self.sizes, lambda row: self._words.scores(word_rows[row]))
        self.meaning: Meaning | None = None
        self.twin: Meaning | None = None
        if vectors is not None and self.texts:
            self.meaning = Meaning(np.stack([vectors[neat(text)] for text in self.texts]), self.sizes)
            if language in TWINNED:
                bare = [vectors[fold(neat(text))] for text in self.texts]
                self.twin = Meaning(np.stack(bare), self.sizes)

    @property
    def groups(self) -> Groups:
        """How the questions belong together."""
        return self.gram_groups

    def score(self, asked: Asked, *, markless: bool = False, without: int | None = None) -> Scores:
        """How near every subject is, about 0..1."""
        lexical = self._lexical(asked, without)
        meaning = self.twin if markless and self.twin is not None else self.meaning
        if meaning is None or asked.vector is None:
            return lexical
        best, centre = meaning.groups.best_and_centre(meaning.scores(asked.vector), without)
        parts = MARKLESS if markless and self.twin is not None else WHOLE
        scores: Scores = parts[0] * best + parts[1] * centre + parts[2] * lexical
        return scores

    def score_across(self, asked: Asked, mean: Vectors | None) -> Scores | None:
        """As `score`, for something typed in another language: by meaning alone; None without the model."""
        if self.meaning is None or asked.vector is None:
            return None
        scores = self.meaning.scores(asked.vector, mean)
        best, centre = self.meaning.groups.best_and_centre(scores)
        found: Scores = ACROSS[0] * best + ACROSS[1] * centre
        return found

    def _lexical(self, asked: Asked, without: int | None) -> Scores:
        gram_best, gram_centre = self.gram_groups.best_and_centre(self._grams.scores(asked.grams), without)
        word_best, word_centre = self.word_groups.best_and_centre(self._words.scores(asked.words), without)
        parts = zip(LEXICAL, (gram_best, gram_centre, word_best, word_centre), strict=True)
        scores: Scores = np.sum([share * score for share, score in parts], axis=0)
        return scores


def texts_of(language: str, questions: Sequence[str]) -> list[str]:
    """The texts whose vectors an index of these questions needs."""
    texts = [neat(question) for question in questions]
    return [*texts, *(fold(text) for text in texts)] if language in TWINNED else texts


def _unit(rows: Vectors) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Vectors = rows / np.maximum(lengths, 1e-9)
    return scaled
