"""Cuts a long text into messages, dropping no word. Pure; touches nothing."""

import re
import unicodedata

from bot.words import utf16_units

# Where a cut hurts least, best first: after a paragraph, a line, a sentence (also of scripts without
# spaces), a word.
_BORDERS = (
    re.compile(r"\n[ \t]*\n\s*"),
    re.compile(r"\n\s*"),
    re.compile(r"(?<=[.!?…。！？؟۔।။])\s+|(?<=[。！？])"),
    re.compile(r"\s+"),
)
_SHORTEST = 0.4  # of the limit: a border before that would make crumbs
_ZWJ = "\u200d"


def split_text(text: str, limit: int) -> tuple[str, ...]:
    """Return `text` in pieces of 1..`limit` UTF-16 units, cut at paragraphs, sentences or words where
    possible.

    Joined again the pieces differ from `text` in white space at the cuts only. Blank text gives no pieces.

    Args:
        limit: at least 2, so that every character fits.
    """
    pieces = []
    rest = text.strip()
    while utf16_units(rest) > limit:
        end = _cut(rest, _fitting(rest, limit))
        piece = rest[:end].strip()
        if piece:
            pieces.append(piece)
        rest = rest[end:].strip()
    return (*pieces, rest) if rest else tuple(pieces)


def _fitting(text: str, limit: int) -> int:
    """How many characters of `text` fit into `limit` UTF-16 units."""
    units = 0
    for index, character in enumerate(text):
        units += 2 if ord(character) > 0xFFFF else 1
        if units > limit:
            return index
    return len(text)


def _cut(text: str, most: int) -> int:
    window = text[: most + 1]  # one more: a border may begin exactly at the limit
    for border in _BORDERS:
        ends = [match for match in border.finditer(window) if int(most * _SHORTEST) < match.start() <= most]
        if ends:
            return max(1, min(ends[-1].end(), most))
    cut = most
    while cut > 1 and _sticks(text, cut):
        cut -= 1
    return cut if cut > 1 or not _sticks(text, 1) else most


def _sticks(text: str, at: int) -> bool:
    """Whether the character at `at` belongs to the one before it: an accent, a vowel sign, a joined emoji."""
    return (
        bool(unicodedata.combining(text[at]))
        or unicodedata.category(text[at]) in {"Mn", "Mc"}
        or (_ZWJ in text[at - 1 : at + 1])
    )
