"""Parts of text messages, against the published limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.twilio_segments import BASIC, gsm, segments, smart


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 8, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # the euro sign is not torn apart: 152 + (2 + 151) + 1
        ("ệ" * 70, 1),
        ("ệ" * 71, 2),
        ("ệ" * 134, 2),
        ("ệ" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),  # 33 in a part, one unit stays empty
        ("😀" * 67, 3),
        ("ç" + "a" * 70, 2),
        ("Ç" + "a" * 70, 1),
    ],
)
def test_counts_at_the_edges(text: str, count: int) -> None:
    assert segments(text) == count


def test_the_alphabet_has_its_127_characters() -> None:
    assert len(BASIC) == 127  # without the escape
    assert not gsm("`")
    assert not gsm("á")


def test_smart_encoding_saves_the_alphabet() -> None:
    assert not gsm("“Don’t” – go…")
    assert smart("“Don’t” – go…") == '"Don\'t" - go...'


@given(st.text(max_size=700))
def test_more_text_never_takes_fewer_parts(text: str) -> None:
    assert 1 <= segments(text) <= segments(text + "ệ")
    units = len(text.encode("utf-16-le")) // 2
    assert segments(text) <= max(1, -(-units // 66))
