"""What is found, in which language, and what is done with it. The model's place is taken by letters where a
test needs vectors: what is tested is what we do with them.
"""

import random
from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import pytest

from assistance.faq.clusters import group
from assistance.faq.engine import Decision, Engine, texts_needed
from assistance.faq.grams import fold, grams, is_markless, plain, words
from assistance.faq.groups import Groups
from assistance.faq.intake import starter_bank
from assistance.faq.semantic import DIMENSIONS, Vectors
from assistance.faq.thresholds import LEXICAL, UNKNOWN, WRONG, Sample, confidence, fit
from assistance.faq.vectors import vectors_now
from tests.assistance.faq.shelf import BANK

SHELVES = ("work", "travel", "money")  # what else is asked: a few questions alone have no vectors
QUESTIONS = {
    language: {
        slug: list(words_of[language].questions) for slug, words_of in BANK.items() if language in words_of
    }
    | {
        entry.slug: list(entry.wordings[language].questions)
        for entry in starter_bank()
        if entry.facts.topic in SHELVES
    }
    for language in ("en", "vi", "th")
}
FEW_QUESTIONS = {"th": {"passport-lost": ["หนังสือเดินทางหาย", "พาสปอร์ตโดนขโมย"]}}


class Letters:
    """Vectors of hashed n-grams, all leaning one way as the real model's do."""

    name = "letters"

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = np.full((len(texts), DIMENSIONS), 0.5, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for gram in grams(text.casefold()):
                row[int.from_bytes(sha256(gram.encode()).digest()[:2]) % DIMENSIONS] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(scope="module", params=["lexical", "semantic"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "lexical":
        return Engine(QUESTIONS, None, None)
    return Engine(QUESTIONS, Letters(), vectors_now(Letters(), texts_needed(QUESTIONS)))


def test_an_approved_question_is_answered(engine: Engine) -> None:
    for language, subjects in QUESTIONS.items():
        for subject, questions in subjects.items():
            found = engine.search(questions[0], language)
            assert found.candidates[0].subject == subject
            assert found.decision is Decision.ANSWER
            assert found.language == language


def test_misspelt_and_without_marks_it_is_still_found(engine: Engine) -> None:
    for text, language, subject in [
        ("i lots my pasport", "en", "passport-lost"),
        ("TOI BI MAT HO CHIEU", "vi", "passport-lost"),
        ("dang ky ket hon the nao", "vi", "marriage"),
        ("พาสปอตหาย", "th", "passport-lost"),
    ]:
        assert engine.search(text, language).candidates[0].subject == subject, text


def test_a_language_with_few_questions_goes_by_letters_and_words() -> None:
    """One subject alone is the mean of itself: centred on it, nothing would be near any more."""
    few = Engine(FEW_QUESTIONS, Letters(), vectors_now(Letters(), texts_needed(FEW_QUESTIONS)))
    found = few.search("หนังสือเดินทางหายที่สนามบิน", "th")
    assert found == Engine(FEW_QUESTIONS, None, None).search("หนังสือเดินทางหายที่สนามบิน", "th")
    assert found.decision is Decision.CHOOSE


def test_only_what_holds_for_the_asker_is_found(engine: Engine) -> None:
    found = engine.search("I lost my passport", "en", {"visa-needed", "marriage"})
    assert {each.subject for each in found.candidates} <= {"visa-needed", "marriage"}
    assert engine.search("I lost my passport", "en", set()).candidates == ()


def test_another_language_is_offered_and_never_answered(engine: Engine) -> None:
    found = engine.search("How do I register a marriage?", "th")
    assert found.decision is not Decision.ANSWER
    assert engine.search("thủ tục xin visa", "de").decision is not Decision.ANSWER


@pytest.mark.parametrize("text", ["", "   ", "!?", "zzzz qqqq xxxx", "\u0e31", "💥" * 50, "a" * 5000])
def test_noise_is_handed_over(engine: Engine, text: str) -> None:
    assert engine.search(text, "en").decision is Decision.HANDOVER


def test_an_empty_bank_knows_nothing() -> None:
    assert Engine({}, None, None).search("passport", "en").candidates == ()


def test_the_centre_without_a_row_is_that_of_the_others() -> None:
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(7, 12)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    groups = Groups([3, 4], lambda row: rows @ rows[row])
    asked = rows[1]
    best, centre = groups.best_and_centre(rows @ asked, without=1)
    others = rows[[0, 2]]
    expected = others.mean(axis=0) / np.linalg.norm(others.mean(axis=0))
    assert centre[0] == pytest.approx(float(expected @ asked), abs=1e-4)
    assert best[0] == pytest.approx(float((others @ asked).max()), abs=1e-5)


def test_thresholds_hold_what_they_promise() -> None:
    rng = random.Random(7)
    samples = [
        Sample(rng.random() + 0.3 * right, rng.random() / 2, right, True)
        for right in [True] * 180 + [False] * 20
    ]
    samples += [Sample(rng.random() * 0.8, rng.random() / 2, False, False) for _ in range(200)]
    fitted = fit(samples, LEXICAL)
    known = [one for one in samples if one.in_scope]
    wrong = [one for one in known if not one.right and one.confidence >= fitted.answer]
    unknown = [one for one in samples if not one.in_scope and one.confidence >= fitted.answer]
    assert len(wrong) <= WRONG * len(known)
    assert len(unknown) <= UNKNOWN * 200
    assert fit(samples[:20], LEXICAL) == LEXICAL.few


def test_one_alone_leads_nobody() -> None:
    assert confidence(np.array([0.6])) == pytest.approx(0.6)
    assert confidence(np.array([0.6, 0.5, 0.1])) == pytest.approx(0.7)


def test_letters_marks_and_words() -> None:
    assert fold("Đường phố") == "Duong pho"
    assert plain("  Tôi  bị MẤT hộ-chiếu!! ") == "toi bi mat ho chieu"
    assert plain("หนังสือเดินทาง") == "หนังสือเดินทาง"
    assert is_markless("toi bi mat ho chieu")
    assert not is_markless("tôi")
    assert not is_markless("หาย")
    assert words("visa หาย") == ["visa", "หา", "าย", "หาย"]


def test_the_same_questions_come_together() -> None:
    texts = [
        "can I bring my cat",
        "bring my cat home?",
        "opening hours",
        "may I bring my cat",
        "hours of opening",
    ]
    assert group(texts, ["en"] * 5, None, {}) == [[0, 1, 3], [2, 4]]
    assert group([], [], None, {}) == []


def test_three_languages_come_together_by_meaning_though_nobody_else_asks() -> None:
    """Centred on what is approved: on their own mean, three that ask the same have nothing in common."""
    subject, other = np.eye(8, dtype=np.float32)[:2]
    means = {tag: 5 * axis for tag, axis in zip(("en", "vi", "th"), np.eye(8)[5:], strict=True)}
    tags = ["en", "vi", "th", "id", "en"]
    asked = [subject, subject, subject, subject, other]
    overall = np.mean(list(means.values()), axis=0)
    vectors = np.stack([what + means.get(tag, overall) for what, tag in zip(asked, tags, strict=True)])
    texts = ["does my parrot fly", "vẹt của tôi", "นกแก้ว", "burung", "opening hours"]
    assert group(texts, tags, vectors, means) == [[0, 1, 2, 3], [4]]
