"""A guess only where it is sure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locales.catalog import Catalog
from locales.guess import LanguageGuesser

GUESSER = LanguageGuesser(Catalog.load())


@pytest.mark.parametrize(
    ("hint", "text", "language"),
    [
        ("vi-VN", "hello there my friend", "vi"),
        ("th", "", "th"),
        ("id_ID", "", "id"),
        ("en-US", "สวัสดี", "en"),
        ("fr", "สวัสดี", "th"),
        ("", "chào bạn, được", "vi"),
        ("", "saya butuh bantuan", "id"),
        ("", "where are you now please", "en"),
        ("", "ปลอดภัย 112 ok", "th"),
    ],
)
def test_hint_then_script_then_words(hint: str, text: str, language: str) -> None:
    assert GUESSER.guess(hint, text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok",
        "help",
        "Reykjavik",
        "123 456",
        "/start",
        "/language vietnamese",
        "toi dang o ha noi",
        "👍👍",
        "Привет, как дела",
        "你好",
    ],
)
def test_short_or_doubtful_words_give_none(text: str) -> None:
    assert GUESSER.guess("", text) is None


@given(hint=st.text(max_size=12), text=st.text(max_size=60))
def test_any_text_is_guessed_or_not(hint: str, text: str) -> None:
    assert GUESSER.guess(hint, text) in {None, "en", "vi", "th", "id"}
