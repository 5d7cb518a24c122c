"""Counted as phones count: at every border, in both alphabets, and against an independent counter."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.gateways.twilio.sms_segments import GSM_BASIC, GSM_EXTENSION, is_gsm, plain, segments
from simulator import twilio_segments


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 1530, 10),
        ("[" * 80, 1),  # two septets each
        ("[" * 80 + "a", 2),
        ("a" * 159 + "€", 2),
        ("a" * 152 + "€" + "a" * 153, 3),  # a sign of two septets is not torn: the first part ends one short
        ("a" * 151 + "€" + "a" * 153, 2),
        ("ạ" * 70, 1),
        ("ạ" * 71, 2),
        ("ạ" * 134, 2),
        ("ạ" * 135, 3),
        ("🌊" * 35, 1),
        ("🌊" * 36, 2),
        ("ạ" * 66 + "🌊" + "ạ" * 67, 3),
        ("ạ" * 65 + "🌊" + "ạ" * 67, 2),
        ("a" * 160 + "ç", 3),  # one sign outside the alphabet turns the whole message
        ("Ç" * 160, 1),  # the capital is in it
        ("\n" * 160, 1),
        ("\f" * 80, 1),
        ("ก" * 201, 3),
        ("ก" * 202, 4),
    ],
)
def test_at_the_borders(text: str, parts: int) -> None:
    assert segments(text) == parts


@pytest.mark.parametrize("sign", "áíóúçêô“”‘’–—…`đ中あ🌊")
def test_signs_that_people_take_for_plain_are_not(sign: str) -> None:
    assert not is_gsm(sign)


@pytest.mark.parametrize("sign", "éèùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉÄÖÑÜ§äöñüà¿¡£$¥¤^{}\\[~]|€")
def test_signs_that_are_in_the_alphabet(sign: str) -> None:
    assert is_gsm(sign)


def test_the_alphabet_is_that_of_the_standard() -> None:
    assert len(GSM_BASIC) == 127  # 128 less the escape
    assert len(GSM_EXTENSION) == 10
    assert set(string.ascii_letters + string.digits) < GSM_BASIC


texts = st.text(
    st.sampled_from("ab[€ç🌊ạก \n") | st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=400
)


@given(texts)
def test_an_independent_counter_agrees(text: str) -> None:
    assert segments(text) == twilio_segments.segments(text)


@given(texts, texts)
def test_more_words_never_need_fewer_parts(one: str, other: str) -> None:
    assert segments(one + other) >= segments(one)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=700))
def test_parts_have_room_for_every_sign_and_no_part_too_many(text: str) -> None:
    parts = segments(text)
    if is_gsm(text):
        size, alone, joined = sum(2 if sign in GSM_EXTENSION else 1 for sign in text), 160, 153
    else:
        size, alone, joined = len(text.encode("utf-16-le")) // 2, 70, 67
    assert (parts == 1) == (size <= alone)
    if parts > 1:
        assert parts >= -(-size // joined)  # all fit
        assert (parts - 1) * (joined - 1) < size  # each but the last is full, or one short


def test_typographic_signs_become_plain_ones() -> None:
    fancy = "“Don’t go” – wait…\u00a0now\u200b"
    assert plain(fancy) == '"Don\'t go" - wait... now'
    assert is_gsm(plain(fancy))


@given(st.text(string.ascii_letters + "ạกع 🌊", max_size=100))
def test_letters_of_no_language_change(text: str) -> None:
    assert plain(text) == text
