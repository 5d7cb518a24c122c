"""Long texts are cut where it hurts least, and no word is lost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.splitting import split_text
from bot.words import utf16_units

ALPHABET = "ab .!?\n\u0301🌊👩\u200d🚒นำ้ệ。।"


@settings(deadline=None)
@given(st.text(ALPHABET, max_size=300), st.integers(2, 60))
def test_no_character_is_lost_and_every_piece_fits(text: str, limit: int) -> None:
    pieces = split_text(text, limit)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(0 < utf16_units(piece) <= limit for piece in pieces)
    assert bool(pieces) == bool(text.strip())


def test_a_short_text_is_left_alone() -> None:
    assert split_text("one\n\ntwo", 100) == ("one\n\ntwo",)


def test_paragraphs_go_before_sentences_before_words() -> None:
    assert split_text("First one. Still first.\n\nSecond here.", 30) == (
        "First one. Still first.",
        "Second here.",
    )
    assert split_text("Go up the hill. Take the children with you", 26) == (
        "Go up the hill.",
        "Take the children with you",
    )
    assert split_text("abcdefghij klm", 12) == ("abcdefghij", "klm")


def test_accents_and_joined_emoji_stay_with_their_letters() -> None:
    assert split_text("abcdéf".replace("é", "e\u0301"), 5) == ("abcd", "e\u0301f")
    family = "👩\u200d🚒"
    assert split_text(f"abcd{family}", 7) == ("abcd", family)


def test_the_limit_counts_utf_16_units() -> None:
    assert [utf16_units(piece) for piece in split_text("🌊" * 5, 4)] == [4, 4, 2]
