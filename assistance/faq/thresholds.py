"""From how sure to what is done: answer, offer three choices, or hand over. Fitted to the bank itself. Pure.

No test questions are needed: each approved question is asked as if it were not there (it should find its
entry), and again as if its whole entry were not there (it should find nothing). The threshold to answer is
the lowest at which hardly any of the first kind is answered wrongly and hardly any of the second kind at all;
it rises by itself where entries are twins.

To answer, the first one needs a lead over the second. To offer choices it does not: where two are equally
near, both are shown. So answers go by `confidence`, choices by the nearest score alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from assistance.faq.groups import Scores
from assistance.faq.index import FEW, Asked, LanguageIndex

WRONG = 0.01  # most of what an entry exists for that may be answered with another one
# Most of what no entry exists for, though its neighbours do, that may be answered. Such questions are harder
# to tell than most of what people ask in vain, of which less than 1 % is answered then.
UNKNOWN = 0.02
LEFT_OUT = 3.0  # percent of what an entry exists for that may be too far from everything to offer choices
CAREFUL = 0.25  # more for entries where a wrong answer could cost a life
MOST_ASKED = 2_000  # questions a calibration asks
ACROSS_CHOOSE = 0.30


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How sure is sure enough to answer (of `confidence`), how near is near enough to offer choices."""

    answer: float
    choose: float


@dataclass(frozen=True, slots=True)
class Range:
    """Where thresholds may lie; the scores of the engine with and without the model differ."""

    few: Thresholds
    least_answer: float
    choose: tuple[float, float]


SEMANTIC = Range(Thresholds(1.0, 0.22), 0.50, (0.18, 0.40))
LEXICAL = Range(Thresholds(1.0, 0.17), 0.50, (0.10, 0.30))


@dataclass(frozen=True, slots=True)
class Sample:
    """One question asked of the bank: how sure it was, how near the first one, and whether that was right."""

    confidence: float
    nearest: float
    right: bool
    in_scope: bool


def confidence(scores: Scores) -> float:
    """How sure the first of some scores is: itself and its lead. One alone leads nobody."""
    if not len(scores):
        return 0.0
    if len(scores) == 1:
        return float(scores[0])
    second, first = np.partition(scores, -2)[-2:]
    return float(2 * first - second)


def ask_itself(index: LanguageIndex, asked: Sequence[Asked], *, markless: bool = False) -> list[Sample]:
    """Ask each question without itself, and without its whole entry; at most 2,000, evenly chosen."""
    samples = []
    groups = index.groups
    step = max(1, -(-len(asked) // MOST_ASKED))
    for row in range(0, len(asked), step):
        own = groups.owner(row)
        if groups.size(own) > 1:
            scores = index.score(asked[row], markless=markless, without=row)
            samples.append(_sample(scores, right=int(np.argmax(scores)) == own, in_scope=True))
        else:
            scores = index.score(asked[row], markless=markless)
        samples.append(_sample(np.delete(scores, own), right=False, in_scope=False))
    return samples


def fit(samples: Sequence[Sample], allowed: Range) -> Thresholds:
    """Thresholds for a bank that answered itself like this."""
    in_scope = [sample.nearest for sample in samples if sample.in_scope]
    if len(in_scope) < FEW:
        return allowed.few
    answer = max(_lowest_right(samples), allowed.least_answer)
    choose = float(np.clip(np.percentile(in_scope, LEFT_OUT), *allowed.choose))
    return Thresholds(round(answer, 4), round(choose, 4))


def _sample(scores: Scores, *, right: bool, in_scope: bool) -> Sample:
    return Sample(confidence(scores), float(scores.max(initial=0.0)), right, in_scope)


def _lowest_right(samples: Sequence[Sample]) -> float:
    """Just above the confidence at which one answer too many of either kind would be wrong."""
    known = [sample for sample in samples if sample.in_scope]
    wrong = [sample.confidence for sample in known if not sample.right]
    unknown = [sample.confidence for sample in samples if not sample.in_scope]
    return max(_above(wrong, WRONG * len(known)), _above(unknown, UNKNOWN * len(unknown)))


def _above(confidences: Sequence[float], most: float) -> float:
    """The lowest threshold that at most `most` of `confidences` reach."""
    ordered = sorted(confidences, reverse=True)
    spared = int(most)
    return ordered[spared] + 1e-4 if len(ordered) > spared else 0.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """Thresholds by language; `vi~` is Vietnamese typed without marks."""

    by_language: Mapping[str, Thresholds]

    def of(self, language: str, allowed: Range) -> Thresholds:
        """Those of a language; the cautious ones where there are none."""
        return self.by_language.get(language, allowed.few)

    def to_json(self) -> dict[str, Any]:
        return {name: [one.answer, one.choose] for name, one in self.by_language.items()}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        return cls({name: Thresholds(float(pair[0]), float(pair[1])) for name, pair in content.items()})
