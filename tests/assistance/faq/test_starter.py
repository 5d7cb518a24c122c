"""The starter bank of consular questions: whole, in four languages, and safe for somebody in danger."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

STARTER = Path(__file__).parents[3] / "assistance" / "faq" / "starter"
GROUPS = {
    "passports": 9,
    "visas": 4,
    "documents": 5,
    "family": 9,
    "health": 5,
    "crime": 8,
    "work": 4,
    "money": 3,
    "disasters": 4,
    "travel": 4,
    "service": 9,
}
LANGUAGES = ["en", "vi", "th", "id"]
FIELDS = {"mission_phone", "emergency_number", "mission_name", "link"}
MOST_CHARACTERS = 900
ALIKE = 0.6  # share of common letter triples from which two questions count as one, worded twice
# Entries somebody may read while a life is at risk: the local emergency number comes first.
DANGER = {
    "airport-closed",
    "child-abduction",
    "crime-victim",
    "divorce",
    "domestic-violence",
    "embassy-address",
    "emergency-phone",
    "employer-keeps-passport",
    "evacuation",
    "hospital",
    "medicine",
    "mental-health",
    "missing-person",
    "natural-disaster",
    "opening-hours",
    "passport-stolen",
    "quarantine",
    "scam",
    "sexual-assault",
    "traffic-accident",
    "trafficking",
    "travel-advice",
    "unpaid-wages",
    "war-unrest",
}
VIETNAMESE_MARK = re.compile(r"[ăâđêôơư]|[\u0300\u0301\u0303\u0309\u0323]")
# Thai alone has no spaces between words: a run of many short pieces is a text cut by a machine.
THAI_CUT_UP = re.compile(r"(?:(?<!\S)[\u0e00-\u0e7f]{1,4} ){4}")


def read(group: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((STARTER / f"{group}.yaml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def entries() -> list[dict[str, Any]]:
    return [entry for group in GROUPS for entry in read(group)]


def answers(entries: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for entry in entries:
        for language, answer in entry["answers"].items():
            yield entry["id"], language, answer


def folded(question: str) -> str:
    """What is left of a question without case, marks of Latin letters, punctuation and double spaces."""
    bare = unicodedata.normalize("NFD", question.casefold().replace("đ", "d"))
    bare = re.sub(r"[\u0300-\u036f]", "", bare)
    return " ".join(re.findall(r"[a-z0-9\u0e00-\u0e7f]+", bare))


def likeness(one: str, other: str) -> float:
    """Letter triples in both of two questions, as a share (0 to 1) of those in either."""
    a, b = ({text[i : i + 3] for i in range(len(text) - 2)} for text in (folded(one), folded(other)))
    return len(a & b) / len(a | b)


def test_every_group_is_there_and_no_other_file() -> None:
    assert {path.stem for path in STARTER.iterdir()} == set(GROUPS)


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_is_composed_unicode_without_tabs_or_loose_ends(group: str) -> None:
    text = (STARTER / f"{group}.yaml").read_bytes().decode("utf-8")
    assert unicodedata.is_normalized("NFC", text)
    assert text.endswith("\n")
    odd = {letter for letter in text if letter != "\n" and unicodedata.category(letter) in {"Cc", "Cf", "Co"}}
    assert not odd
    assert len(read(group)) == GROUPS[group]


def test_every_entry_has_its_own_name_and_nothing_unknown(entries: list[dict[str, Any]]) -> None:
    assert len({entry["id"] for entry in entries}) == len(entries) == 64
    for entry in entries:
        assert list(entry) == ["id", "questions", "answers"], entry["id"]
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", entry["id"])
        assert list(entry["questions"]) == list(entry["answers"]) == LANGUAGES, entry["id"]
    assert {entry["id"] for entry in entries} >= DANGER


def test_five_questions_in_every_language(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        for language, questions in entry["questions"].items():
            where = f"{entry['id']} {language}"
            assert len(questions) == 5, where
            assert all(isinstance(question, str) and 3 <= len(question) <= 120 for question in questions), (
                where
            )
            assert all(question == " ".join(question.split()) for question in questions), where


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_question_is_asked_twice(entries: list[dict[str, Any]], language: str) -> None:
    asked = Counter(folded(question) for entry in entries for question in entry["questions"][language])
    assert [question for question, times in asked.items() if times > 1] == []


def test_the_five_of_an_entry_are_really_different(entries: list[dict[str, Any]]) -> None:
    alike = [
        (entry["id"], one, other)
        for entry in entries
        for questions in entry["questions"].values()
        for one, other in combinations(questions, 2)
        if likeness(one, other) >= ALIKE
    ]
    assert alike == []


def test_questions_are_in_the_letters_of_their_language(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        for language, questions in entry["questions"].items():
            for question in questions:
                assert bool(re.search(r"[\u0e00-\u0e7f]", question)) == (language == "th"), question
                marked = bool(VIETNAMESE_MARK.search(unicodedata.normalize("NFD", question.casefold())))
                assert marked or language != "vi", question
                assert not marked or language not in {"en", "id"}, question


def test_answers_are_short_and_name_only_declared_fields(entries: list[dict[str, Any]]) -> None:
    for name, language, answer in answers(entries):
        where = f"{name} {language}"
        assert 60 <= len(answer) <= MOST_CHARACTERS, where
        assert answer == " ".join(answer.split()), where
        assert set(re.findall(r"\{(\w+)\}", answer)) <= FIELDS, where
        assert not re.search(r"[{}]", re.sub(r"\{\w+\}", "", answer)), where
        if language != "th":  # Thai has no full stop to count by
            assert len(re.findall(r"[.!?](?: |$)", answer)) <= 5, where


def test_every_language_names_the_same_fields(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        named = {language: set(re.findall(r"\{\w+\}", text)) for language, text in entry["answers"].items()}
        assert all(fields == named["en"] for fields in named.values()), (entry["id"], named)
        assert named["en"], entry["id"]


def test_no_number_price_or_address_is_written_out(entries: list[dict[str, Any]]) -> None:
    for name, language, answer in answers(entries):
        assert not re.search(r"\d|https?:|www\.|@|[$€£฿₫]", answer), f"{name} {language}"


def test_who_may_be_in_danger_reads_the_emergency_number_first(entries: list[dict[str, Any]]) -> None:
    for name, language, answer in answers(entries):
        where = f"{name} {language}"
        if name in DANGER:
            assert 0 <= answer.find("{emergency_number}") < 180, where
            assert "{mission_phone}" in answer, where
        if "{emergency_number}" in answer:
            rest = [answer.find(f"{{{field}}}") for field in ("mission_phone", "mission_name", "link")]
            assert all(at == -1 or at > answer.find("{emergency_number}") for at in rest), where


def test_thai_is_not_cut_into_words(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        for text in [*entry["questions"]["th"], entry["answers"]["th"]]:
            assert not THAI_CUT_UP.search(text), text
            assert not re.search(r"[\u0e00-\u0e7f][.,;]", text.replace("ตม.", "")), text
            assert not re.search(r"\s[\u0e30-\u0e3a\u0e45\u0e47-\u0e4e]", text), text
