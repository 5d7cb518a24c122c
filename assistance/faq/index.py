"""The approved questions of one language, and how near something typed is to each of them. Pure numpy.

One row a question, grouped by what is asked. Where there are vectors, those of a language are centred on
their own mean first (raw cosines of this model all lie between 0.75 and 1); a language with few questions
goes by letters and words. Vietnamese has a second set of
vectors made of the questions without their marks: the model does not understand Vietnamese typed without
them, but finds it among its like.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assistance.faq.abroad import Abroad
from assistance.faq.grams import fold, grams, neat, plain, words
from assistance.faq.groups import Groups, Scores
from assistance.faq.semantic import Vectors
from assistance.faq.tfidf import TfIdf

# Parts of the likeness by letters and words (best and centre of n-grams, of words) and of the whole (best and
# centre of meaning, letters and words, centre abroad); each sums to one. Fitted on CLINC150 and, for what
# other languages add, on the starter bank asked by itself.
LEXICAL = (0.20, 0.42, 0.10, 0.28)
ALONE = (0.20, 0.40, 0.40, 0.0)
TOGETHER = (0.15, 0.25, 0.30, 0.30)
MARKLESS = (0.15, 0.20, 0.65, 0.0)
ACROSS = (0.50, 0.50)
TWINNED = frozenset({"vi"})
# Questions in a language: fewer have no mean worth centring on (a single entry is its own mean, and nothing
# is like it any more), nor do they say enough to fit thresholds to.
FEW = 40


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
        self.rows = unit(vectors - self.mean)
        self.groups = Groups(sizes, lambda row: self.rows @ self.rows[row])

    def scores(self, vector: Vectors, mean: Vectors | None = None) -> Scores:
        """Cosine with every row; `mean` of the asker's own language where that is another one."""
        scores: Scores = self.rows @ self.centred(vector, mean)
        return scores

    def centred(self, vector: Vectors, mean: Vectors | None = None) -> Vectors:
        """The vector of something asked, as the rows are."""
        centred: Vectors = unit((vector - (self.mean if mean is None else mean))[None, :])[0]
        return centred


class LanguageIndex:
    """All approved questions of one language; not changed once joined, safe to be read by several threads."""

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
        owners = [subject for subject in self.subjects for _ in questions[subject]]
        self._exact: dict[str, frozenset[str]] = {}
        for words_of, owner in zip(apart, owners, strict=True):
            self._exact[words_of] = self._exact.get(words_of, frozenset()) | {owner}
        gram_rows, word_rows = [grams(text) for text in apart], [words(text) for text in apart]
        self._grams, self._words = TfIdf(gram_rows), TfIdf(word_rows)
        self.gram_groups = Groups(self.sizes, lambda row: self._grams.scores(gram_rows[row]))
        self.word_groups = Groups(self.sizes, lambda row: self._words.scores(word_rows[row]))
        self.meaning: Meaning | None = None
        self.twin: Meaning | None = None
        self._abroad: Abroad | None = None
        if vectors is not None and len(self.texts) >= FEW:
            self.meaning = Meaning(np.stack([vectors[neat(text)] for text in self.texts]), self.sizes)
            if language in TWINNED:
                bare = [vectors[fold(neat(text))] for text in self.texts]
                self.twin = Meaning(np.stack(bare), self.sizes)

    @property
    def groups(self) -> Groups:
        """How the questions belong together."""
        return self.gram_groups

    def exactly(self, asked: str) -> frozenset[str]:
        """The subjects with a question that is `asked` once both are `plain`."""
        return self._exact.get(asked, frozenset()) if asked else frozenset()

    def score(self, asked: Asked, *, markless: bool = False, without: int | None = None) -> Scores:
        """How near every subject is, about 0..1."""
        lexical = self._lexical(asked, without)
        meaning = self.twin if markless and self.twin is not None else self.meaning
        if meaning is None or asked.vector is None:
            return lexical
        best, centre = meaning.groups.best_and_centre(meaning.scores(asked.vector), without)
        elsewhere, parts = centre, MARKLESS if meaning is self.twin else ALONE
        if meaning is self.meaning and self._abroad is not None:
            itself = None if without is None else self.groups.owner(without)
            elsewhere = self._abroad.scores(meaning.centred(asked.vector), centre, itself)
            parts = TOGETHER
        shares = zip(parts, (best, centre, lexical, elsewhere), strict=True)
        scores: Scores = np.sum([share * score for share, score in shares], axis=0)
        return scores

    def vectors_by_subject(self) -> Mapping[str, Vectors]:
        """Unit vectors of each subject's questions, centred; none without the model."""
        if self.meaning is None:
            return {}
        ends = np.cumsum(self.sizes)
        pieces = np.split(self.meaning.rows, ends[:-1])
        return dict(zip(self.subjects, pieces, strict=True))

    def join(self, others: Sequence["LanguageIndex"]) -> None:
        """Learn what the other languages of the bank know; once, before anything is asked."""
        known = Abroad(self.subjects, [other.vectors_by_subject() for other in others])
        self._abroad = known if known.knows_any else None

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


def unit(rows: Vectors) -> Vectors:
    """`rows`, each of length one."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Vectors = rows / np.maximum(lengths, 1e-9)
    return scaled
