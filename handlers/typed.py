"""What somebody typed, made comparable: whole messages, phrases inside them, with and without their accents.
Pure.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_SPACES = re.compile(r"\s+")
_QUESTIONS = "?\uff1f\u061f\u037e\u203d"
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u02bc": "'", "\u0060": "'", "\u00b4": "'"})
# Scripts written without spaces: a phrase is found anywhere in them. First words of Unicode's names.
_UNSPACED = {"THAI", "LAO", "KHMER", "MYANMAR", "CJK", "HIRAGANA", "KATAKANA", "TIBETAN"}


@dataclass(frozen=True, slots=True)
class Typed:
    """A message as it is compared.

    Attributes:
        whole: NFC, case-folded, one space between words, nothing around it but letters, marks and digits.
        questioning: it asks something ("safe?"), so it is no plain answer.
    """

    whole: str
    questioning: bool

    def is_one_of(self, phrases: frozenset[str]) -> bool:
        """Whether the whole message is exactly one of `phrases`, accents and all, and asks nothing."""
        return bool(self.whole) and not self.questioning and self.whole in phrases

    def resembles(self, phrases: frozenset[str]) -> bool:
        """Whether the message is one of `phrases` once accents are gone, or asks it: a reason to ask, never
        to act.
        """
        return bool(self.whole) and fold(self.whole) in _folded(phrases)

    def holds(self, phrases: frozenset[str]) -> bool:
        """Whether one of `phrases` stands in the message, as whole words where its script has spaces."""
        return any(_stands_in(phrase, self.whole) for phrase in phrases)

    def holds_unaccented(self, phrases: frozenset[str]) -> bool:
        """`holds` for somebody who types without accents; never true of a message that has some."""
        if fold(self.whole) != self.whole:
            return False
        return any(_stands_in(phrase, self.whole) for phrase in _folded(phrases))


def typed(text: str) -> Typed:
    """Make `text` comparable."""
    plain = unicodedata.normalize("NFC", text.translate(_APOSTROPHES).casefold())
    questioning = any(sign in text for sign in _QUESTIONS)
    return Typed(_SPACES.sub(" ", _trim(plain)), questioning)


def fold(text: str) -> str:
    """`text` without accents; Thai vowel signs and the like stay, they are letters."""
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    kept = (sign for sign in decomposed if not "\u0300" <= sign <= "\u036f")
    return unicodedata.normalize("NFC", "".join(kept))


@lru_cache(maxsize=256)  # holds lists of our own words, never anything typed
def _folded(phrases: frozenset[str]) -> frozenset[str]:
    return frozenset(fold(phrase) for phrase in phrases)


def _trim(text: str) -> str:
    # Marks that follow a letter (Thai vowels, tones) are not \w to `re` and must not be cut off.
    start, end = 0, len(text)
    while start < end and not _is_word(text[start]):
        start += 1
    while end > start and not _is_word(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_word(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LMN"


def _stands_in(phrase: str, text: str) -> bool:
    if not phrase:
        return False
    if unicodedata.name(phrase[0], "").split(" ")[0] in _UNSPACED:
        return phrase in text
    start = text.find(phrase)
    while start != -1:
        before, after = text[start - 1 : start], text[start + len(phrase) :][:1]
        if not (before and _is_word(before)) and not (after and _is_word(after)):
            return True
        start = text.find(phrase, start + 1)
    return False
