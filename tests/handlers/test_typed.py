"""How typed words are compared."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.typed import fold, typed


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("  STOP!! ", "stop"),
        ("“I’m safe.”", "i'm safe"),
        ("Dừng lại\n", "dừng lại"),
        ("ปลอดภัยค่ะ 🙏", "ปลอดภัยค่ะ"),
        ("ช่วยด้วย!!!", "ช่วยด้วย"),
        ("...", ""),
        ("👍", ""),
        ("I  am\tsafe", "i am safe"),
    ],
)
def test_edges_case_and_spaces_do_not_matter(text: str, whole: str) -> None:
    assert typed(text).whole == whole
    assert typed(unicodedata.normalize("NFD", text)).whole == whole


def test_a_phrase_stands_as_whole_words_where_there_are_spaces() -> None:
    assert typed("we are trapped!").holds(frozenset({"trapped"}))
    assert typed("entrapped, trapped").holds(frozenset({"trapped"}))
    assert not typed("entrapped").holds(frozenset({"trapped"}))
    assert not typed("còn tin").holds(frozenset({"con tin"}))
    assert typed("คนติดอยู่ใต้ตึก").holds(frozenset({"ติดอยู่ใต้"}))


def test_unaccented_words_are_understood_only_from_who_types_none() -> None:
    words = frozenset({"bị bắn"})
    assert typed("toi bi ban").holds_unaccented(words)
    assert not typed("tôi bị bận").holds_unaccented(words)


def test_thai_vowels_are_no_accents() -> None:
    assert fold("ช่วยด้วย") == "ช่วยด้วย"
    assert fold("Đúng dừng") == "Dung dung"


@given(st.text())
def test_any_text_can_be_compared(text: str) -> None:
    said = typed(text)
    assert typed(said.whole).whole == said.whole
    assert not said.is_one_of(frozenset())
    assert said.whole == "" or said.holds(frozenset({said.whole}))
