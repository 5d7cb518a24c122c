"""Words from outside are made harmless and lose nothing else."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.words import MAX_TEXT, clean, utf16_units


@settings(deadline=None)
@given(st.text(st.characters(codec=None), max_size=200))
def test_clean_words_are_nfc_without_controls_and_can_be_written(text: str) -> None:
    words = clean(text)
    assert words.encode() or not words
    assert words == unicodedata.normalize("NFC", words)
    assert not [c for c in words if unicodedata.category(c) == "Cc" and ord(c) < 0x80 and c not in "\n\t"]
    assert clean(words) == words


def test_words_are_kept() -> None:
    assert clean("  Toi o\u0309 Ha\u0300 Nội\r\nGiúp!\x00 ") == "Toi ỏ Hà Nội\nGiúp!"


def test_a_flood_of_words_is_cut() -> None:
    assert len(clean("ก" * 100_000)) == MAX_TEXT


def test_units_are_those_of_utf_16() -> None:
    text = "a🌊é"
    assert utf16_units(text) == len(text.encode("utf-16-le")) // 2 == 4
