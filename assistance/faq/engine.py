"""Finds what somebody asks among the approved questions, in any language. Pure; no SQL, no files.

The asker's language first, with thresholds of its own; the others only where nothing there is near enough,
by meaning, and then as choices, never as an answer. About 20 ms of CPU with the model, 2 ms without: off the
event loop.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from assistance.faq.grams import fold, is_markless, neat, plain
from assistance.faq.groups import Scores
from assistance.faq.index import Asked, LanguageIndex, take_apart, texts_of
from assistance.faq.semantic import Embedder, Vectors
from assistance.faq.thresholds import (
    ACROSS_CHOOSE,
    CAREFUL,
    LEXICAL,
    SEMANTIC,
    Calibration,
    Range,
    Thresholds,
    ask_itself,
    confidence,
    fit,
)

SHOWN = 3
LISTED = 10
CERTAIN = 2.0  # the most a confidence can be: asked exactly as it was approved
TWIN = "~"  # behind a language: typed without its marks

Bank = Mapping[str, Mapping[str, Sequence[str]]]
"""Approved questions by language, then by subject."""


class Decision(StrEnum):
    """What may be done with what was found."""

    ANSWER = "answer"
    CHOOSE = "choose"
    HANDOVER = "handover"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A subject that may be meant; the first one's score is how sure, with its lead over the second."""

    subject: str
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome of a search.

    Attributes:
        language: in whose approved questions it was found, "" = nowhere.
        candidates: at most ten, best first, also where nothing is near enough.
    """

    decision: Decision
    language: str
    candidates: tuple[Candidate, ...]

    @property
    def score(self) -> float:
        """How sure the first one is, 0..2."""
        return self.candidates[0].score if self.candidates else 0.0


@dataclass(frozen=True, slots=True)
class _Ranked:
    order: tuple[str, ...]
    scores: Scores
    sure: float
    language: str

    @property
    def nearest(self) -> float:
        return float(self.scores[0])

    def candidates(self) -> tuple[Candidate, ...]:
        values = [self.sure, *(float(score) for score in self.scores[1:])]
        return tuple(Candidate(*pair) for pair in zip(self.order, values, strict=True))[:LISTED]


class Engine:
    """One bank, ready to be asked; immutable but for the model's turn, safe to be used by several threads."""

    def __init__(
        self,
        bank: Bank,
        embedder: Embedder | None,
        vectors: Mapping[str, Vectors] | None,
        *,
        calibration: Calibration | None = None,
        careful: Collection[str] = (),
    ) -> None:
        """`vectors` of `texts_needed(bank)`; without a calibration the bank is calibrated by itself."""
        self._embedder = embedder if vectors is not None else None
        self._careful = frozenset(careful)
        known = vectors if self._embedder is not None else None
        self._indexes = {
            language: LanguageIndex(language, questions, known)
            for language, questions in bank.items()
            if any(questions.values())
        }
        for index in self._indexes.values():
            index.join([other for other in self._indexes.values() if other is not index])
        self.calibration = calibration or self._calibrate(known)

    @property
    def kind(self) -> str:
        """`semantic` with the model, `lexical` without."""
        return "semantic" if self._embedder is not None else "lexical"

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages there are approved questions in."""
        return tuple(sorted(self._indexes))

    @property
    def means(self) -> Mapping[str, Vectors]:
        """By language, of the approved questions; only where there are vectors, and enough questions."""
        return {
            name: index.meaning.mean for name, index in self._indexes.items() if index.meaning is not None
        }

    def search(self, text: str, language: str, allowed: Collection[str] | None = None) -> Found:
        """What `text` asks, typed in `language`; only subjects in `allowed`, None = all."""
        words = neat(text)
        if not words or not self._indexes:
            return Found(Decision.HANDOVER, "", ())
        exact = self._exact(words, language, allowed)
        model = self._embedder if exact is None else None  # what needs no model does not wait for it
        asked = take_apart(words, model.embed([words])[0] if model is not None else None)
        own = self._in_language(asked, words, language, allowed)
        if exact is not None:
            others = own[0].candidates() if own is not None else ()
            rest = [each for each in others if each.subject != exact]
            return Found(Decision.ANSWER, language, (Candidate(exact, CERTAIN), *rest)[:LISTED])
        if own is not None:
            ranked, thresholds = own
            if ranked.nearest >= thresholds.choose:
                needed = thresholds.answer + (CAREFUL if ranked.order[0] in self._careful else 0.0)
                decision = Decision.ANSWER if ranked.sure >= needed else Decision.CHOOSE
                return Found(decision, ranked.language, ranked.candidates())
        other = self._elsewhere(asked, words, language, allowed)
        if other is not None:
            return Found(Decision.CHOOSE, other.language, other.candidates())
        nearest = own[0] if own is not None else self._across(asked, language, allowed)
        return Found(Decision.HANDOVER, "", nearest.candidates() if nearest is not None else ())

    def _in_language(
        self, asked: Asked, words: str, language: str, allowed: Collection[str] | None
    ) -> tuple[_Ranked, Thresholds] | None:
        index = self._indexes.get(language)
        if index is None:
            return None
        markless = index.twin is not None and is_markless(words)
        ranked = _rank(index.subjects, index.score(asked, markless=markless), language, allowed)
        if ranked is None:
            return None
        name = f"{language}{TWIN}" if markless else language
        return ranked, self.calibration.of(name, _range_of(index))

    def _exact(self, words: str, language: str, allowed: Collection[str] | None) -> str | None:
        """The one subject that somebody approved exactly these words for, but for marks, case and signs."""
        index = self._indexes.get(language)
        subjects = index.exactly(plain(words)) if index is not None else frozenset[str]()
        subject = next(iter(subjects)) if len(subjects) == 1 else None
        return subject if subject is not None and (allowed is None or subject in allowed) else None

    def _elsewhere(
        self, asked: Asked, words: str, language: str, allowed: Collection[str] | None
    ) -> _Ranked | None:
        """Something near enough in another language, to be offered."""
        bare = self._indexes.get("vi")
        if bare is not None and language != "vi" and is_markless(words):
            guess = self._in_language(asked, words, "vi", allowed)
            if guess is not None and guess[0].sure >= guess[1].answer:
                return guess[0]
        across = self._across(asked, language, allowed)
        return across if across is not None and across.sure >= ACROSS_CHOOSE else None

    def _across(self, asked: Asked, language: str, allowed: Collection[str] | None) -> _Ranked | None:
        """Every subject by the likest of its other languages."""
        home = self._indexes.get(language)
        mean = home.meaning.mean if home is not None and home.meaning is not None else None
        best: dict[str, tuple[float, str]] = {}
        for index in self._indexes.values():
            if index.language == language:
                continue
            scores = index.score_across(asked, mean)
            if scores is None:
                scores = index.score(asked)
            for subject, score in zip(index.subjects, scores, strict=True):
                best[subject] = max(best.get(subject, (-1.0, "")), (float(score), index.language))
        if not best:
            return None
        subjects = tuple(best)
        scores = np.array([best[subject][0] for subject in subjects], np.float32)
        ranked = _rank(subjects, scores, "", allowed)
        if ranked is None:
            return None
        return _Ranked(ranked.order, ranked.scores, ranked.sure, best[ranked.order[0]][1])

    def _calibrate(self, vectors: Mapping[str, Vectors] | None) -> Calibration:
        fitted = {}
        for language, index in self._indexes.items():
            asked = [_again(text, vectors) for text in index.texts]
            fitted[language] = fit(ask_itself(index, asked), _range_of(index))
            if index.twin is not None:
                bare = [_again(fold(neat(text)), vectors) for text in index.texts]
                fitted[f"{language}{TWIN}"] = fit(ask_itself(index, bare, markless=True), _range_of(index))
        return Calibration(fitted)


def texts_needed(bank: Bank) -> list[str]:
    """Every text whose vector an engine of this bank needs, each once."""
    return list(
        dict.fromkeys(
            text
            for language, questions in bank.items()
            for several in questions.values()
            for text in texts_of(language, several)
        )
    )


def _range_of(index: LanguageIndex) -> Range:
    return LEXICAL if index.meaning is None else SEMANTIC


def _again(text: str, vectors: Mapping[str, Vectors] | None) -> Asked:
    return take_apart(text, None if vectors is None else vectors[neat(text)])


def _rank(
    subjects: Sequence[str], scores: Scores, language: str, allowed: Collection[str] | None
) -> _Ranked | None:
    kept = [number for number, subject in enumerate(subjects) if allowed is None or subject in allowed]
    if not kept:
        return None
    few = scores[kept]
    order = np.argsort(-few, kind="stable")[: LISTED + 1]
    return _Ranked(tuple(subjects[kept[number]] for number in order), few[order], confidence(few), language)
