"""HTML parse mode: what Telegram takes, what it refuses and with which words."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.telegram_errors import ApiError
from simulator.telegram_html import parse_html, units


@pytest.mark.parametrize(
    ("markup", "text", "entities"),
    [
        ("plain", "plain", []),
        ("<b>a</b>b", "ab", [("bold", 0, 1)]),
        ("<B>a</B>", "a", [("bold", 0, 1)]),
        ("a <i>b <u>c</u></i>", "a b c", [("italic", 2, 3), ("underline", 4, 1)]),
        ("&lt;&gt;&amp;&quot;&#9888;&#x26A0;", '<>&"⚠⚠', []),
        ("&nbsp; &copy", "&nbsp; &copy", []),
        ("🌊<b>🌊x</b>", "🌊🌊x", [("bold", 2, 3)]),
        ('<a href="https://example.org/?a=1&amp;b=2">l</a>', "l", [("text_link", 0, 1)]),
        ("<a>l</a>", "l", []),
        ('<span class="tg-spoiler">s</span>', "s", [("spoiler", 0, 1)]),
        ("<b></b>x", "x", []),
        ("<b>a</>", "a", [("bold", 0, 1)]),
    ],
)
def test_reads(markup: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    parsed = parse_html(markup)
    assert parsed.text == text
    assert [(one["type"], one["offset"], one["length"]) for one in parsed.entities] == entities


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<p>x</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("lũ <p>", 'Unsupported start tag "p" at byte offset 4'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("1 < 2", "Unclosed start tag at byte offset 2"),
        ("1 < 2 > 0", 'Unsupported start tag "" at byte offset 2'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_refuses(markup: str, words: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_html(markup)
    assert caught.value.status == 400
    assert caught.value.description == f"Bad Request: can't parse entities: {words}"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_escaped_words_come_out_as_they_were(words: str) -> None:
    assert parse_html(html.escape(words)).text == words.replace("'", "&#x27;").replace("&#x27;", "'")
    assert units(words) == len(words.encode("utf-16-le")) // 2
