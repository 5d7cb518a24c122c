"""Right to left, and Latin runs inside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locales.direction import FIRST_STRONG_ISOLATE, POP_ISOLATE, direction, isolate


@pytest.mark.parametrize(
    ("language", "way"),
    [
        ("ar", "rtl"),
        ("fa-AF", "rtl"),
        ("ur", "rtl"),
        ("he", "rtl"),
        ("vi", "ltr"),
        ("th", "ltr"),
        ("xx", "ltr"),
        ("", "ltr"),
    ],
)
def test_direction(language: str, way: str) -> None:
    assert direction(language) == way


def test_latin_runs_inside_arabic_are_isolated_whole() -> None:
    plain = "اتصل 112 أو +354 545 9900 الآن /stop"
    told = isolate(plain, "ar")
    for run in ("112", "+354 545 9900", "/stop"):
        assert f"{FIRST_STRONG_ISOLATE}{run}{POP_ISOLATE}" in told
    assert isolate(plain, "vi") == plain


@given(st.text())
def test_nothing_is_lost_and_twice_is_once(text: str) -> None:
    bare = "".join(sign for sign in text if not "\u2066" <= sign <= "\u2069")
    told = isolate(bare, "ar")
    assert "".join(sign for sign in told if sign not in (FIRST_STRONG_ISOLATE, POP_ISOLATE)) == bare
    assert isolate(told, "ar") == told
    assert told.count(FIRST_STRONG_ISOLATE) == told.count(POP_ISOLATE)
