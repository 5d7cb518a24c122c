"""Keys under which a place name is found however it was typed: exact, without marks, by sound, by script.

Pure. Marks are dropped only where the language can do without them: Vietnamese, French, Arabic vowels,
Thai tones; Thai, Lao, Khmer, Burmese and Indic vowel signs and Japanese voicing stay, they are letters.
"""

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

MAX_TEXT = 120
"""Longer texts are not names; only so much of them is looked at."""

_LETTERS = str.maketrans(
    {
        "đ": "d", "ð": "d", "ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "ħ":
        "h", "ŧ": "t", "ŋ": "ng", "ə": "e", "ɛ": "e", "ɔ": "o",
        "ى": "ي", "ی": "ي", "ئ": "ي", "ک": "ك", "گ": "ك", "ة": "ه", "ھ": "ه", "ہ": "ه", "ـ": "",
        "臺": "台", "ヶ": "ケ", "ゖ": "ケ",
    }
)  # fmt: skip
# Combining marks a name is recognised without: Latin, Greek and Cyrillic ones, Hebrew points, Arabic vowels,
# Thai and Lao tones and silencers.
_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1-\u05c7\u064b-\u065f\u0670\u0e47-\u0e4e\u0ec8-\u0ecd]"
)
_SIGNS = {"Mn", "Mc"}
_NOT_ALNUM = re.compile("[^a-z0-9]+")
_SPACES = re.compile(r"\s+")
_SCRIPTS = {
    "LATIN": "Latn", "THAI": "Thai", "LAO": "Laoo", "KHMER": "Khmr", "MYANMAR": "Mymr", "ARABIC": "Arab",
    "CYRILLIC": "Cyrl", "HANGUL": "Kore", "HIRAGANA": "Jpan", "KATAKANA": "Jpan", "CJK": "Hani",
    "HEBREW": "Hebr", "GREEK": "Grek", "DEVANAGARI": "Deva", "BENGALI": "Beng", "TAMIL": "Taml",
    "SINHALA": "Sinh", "GEORGIAN": "Geor", "ARMENIAN": "Armn", "ETHIOPIC": "Ethi",
}  # fmt: skip


def tidy(text: str) -> str:
    """NFC, single spaces, no punctuation at either end, at most 120 characters."""
    short = text[:MAX_TEXT]
    composed = short if short.isascii() else unicodedata.normalize("NFC", short)
    squeezed = _SPACES.sub(" ", composed).strip()
    return squeezed.strip(" .,;:!?\"'“”‘’()[]-–—/\\")


def exact_key(text: str) -> str:
    """Two names with the same key differ at most in case and spacing."""
    return tidy(text).casefold()


def fold(text: str) -> str:
    """Two names with the same key differ at most in marks, case, spaces and punctuation; "" when no letter
    is left."""
    if text.isascii():
        return _NOT_ALNUM.sub("", text[:MAX_TEXT].lower())
    folded = unicodedata.normalize("NFKD", text[:MAX_TEXT]).casefold().translate(_LETTERS)
    plain = unicodedata.normalize("NFC", _MARKS.sub("", folded))
    return _drop_punctuation(plain)


def _drop_punctuation(text: str) -> str:
    if text.isalnum():
        return text
    # \W also matches combining vowel signs of Thai, Khmer or Hindi, which must stay.
    return "".join(c for c in text if c.isalnum() or unicodedata.category(c) in _SIGNS)


def bridge(text: str) -> str:
    """The folded Latin transliteration of a name in another script; "" when it is Latin already."""
    letters = "".join(
        c for c in text[:MAX_TEXT] if c.isalpha() or c in " -'" or unicodedata.category(c) in _SIGNS
    )
    latin = "" if text.isascii() else fold(anyascii(letters))
    return "" if latin == fold(text) else latin


def script_of(text: str) -> str:
    """ISO 15924 code of the first letter's script ("Jpan" for kana, "Hani" for ideographs), "" when
    unknown."""
    for character in text:
        if character.isalpha():
            return _script(character)
    return ""


@lru_cache(maxsize=1 << 15)
def _script(letter: str) -> str:
    return _SCRIPTS.get(unicodedata.name(letter, "").split(" ")[0], "")


def one_script(text: str) -> str:
    """`script_of` when all letters share it, else ""; kana may mix with ideographs."""
    scripts = {_script(character) for character in text if character.isalpha()}
    if scripts <= {"Jpan", "Hani"} and "Jpan" in scripts:
        return "Jpan"
    return scripts.pop() if len(scripts) == 1 else ""
