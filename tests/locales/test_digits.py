"""Digits of every script."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locales.digits import ascii_digits, whole_number


def test_digits_of_every_script_become_ours() -> None:
    digits = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Nd"]
    assert len(digits) > 600
    for digit in digits:
        assert ascii_digits(digit) == str(unicodedata.decimal(digit))


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1), (" ๒ ", 2), ("٣.", 3), ("４)", 4), ("007", 7), ("123456789", 123456789)]
)
def test_a_number_and_nothing_else(text: str, number: int) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize("text", ["", "a1", "1a", "-1", "1.5", "²", "1 2", "1234567890", "Ⅳ"])
def test_anything_else_is_none(text: str) -> None:
    assert whole_number(text) is None


@given(st.text())
def test_only_digits_change(text: str) -> None:
    changed = ascii_digits(text)
    assert len(changed) == len(text)
    assert all(one == other or other in "0123456789" for one, other in zip(text, changed, strict=True))
