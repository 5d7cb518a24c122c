"""How a place name sounds, across scripts: "นาโงย่า" and Nagoya, "Tô-ky-ô" and Tokyo, "Istambul" and Istanbul.

Pure. Letters fall into five classes of consonants and three of vowels, coarse enough that what one language
cannot write (v in Thai, final s in Vietnamese, vowels in Arabic) does not matter much.
"""

import re
import unicodedata

from anyascii import anyascii

from places.folding import MAX_TEXT, fold

_THAI = str.maketrans(
    {
        **dict.fromkeys("กฃฅ", "k"), **dict.fromkeys("ขคฆ", "kh"), "ง": "ng", "จ": "ch",
        **dict.fromkeys("ฉชฌ", "ch"), **dict.fromkeys("ซศษส", "s"), "ญ": "y", **dict.fromkeys("ดฎ", "d"),
        **dict.fromkeys("ตฏ", "t"), **dict.fromkeys("ถทธฐฑฒ", "th"), **dict.fromkeys("นณ", "n"), "บ": "b",
        "ป": "p", **dict.fromkeys("ผพภ", "ph"), **dict.fromkeys("ฝฟ", "f"), "ม": "m", "ย": "y", "ร": "r",
        **dict.fromkeys("ลฬ", "l"), "ว": "w", **dict.fromkeys("หฮ", "h"),
        "ะ": "a", "ั": "a", "า": "a", "ำ": "am", "ิ": "i", "ี": "i", "ึ": "u", "ื": "u", "ุ": "u",
        "ู": "u", "เ": "e", "แ": "e", "โ": "o", "ไ": "ai", "ใ": "ai", "ฤ": "ru", "อ": "o",
        **dict.fromkeys("็่้๊๋์ํๆฯ", ""),
    }
)  # fmt: skip
_THAI_BEFORE = re.compile("([เแโไใ])([ก-ฮ])")
"""Vowels written before the consonant they are spoken after."""
_THAI_CARRIER = re.compile("^([เแโไใ]?)อ(?=[ะ-ู็-๎ก-ฮเแโไใ])")
"""อ at the beginning carries a vowel and has no sound of its own."""
_SOUNDS = re.compile(
    "(?P<S>tsch|tch|sch|sh|ch|zh|ts|tz|cz|dz|dj|c(?=[eiy])|[jzsx])|(?P<K>ck|kh|gh|[ckqg])"
    "|(?P<P>ph|[pbf])|(?P<T>th|dh|[td])|(?P<R>[rl])|(?P<M>m)|(?P<N>n)|(?P<a>a)|(?P<i>[eiy])|(?P<u>[ouwv])|."
)
_TWICE = re.compile(r"(.)\1+")
_VOWELS = re.compile("[aiu]+")


def romanized(text: str) -> str:
    """A name in plain Latin letters, none else."""
    short = text[:MAX_TEXT]
    if short.isascii():
        return fold(short)
    if any("\u0e00" <= c <= "\u0e7f" for c in short):
        short = _THAI_CARRIER.sub(_carried, short)
        short = _THAI_BEFORE.sub(r"\2\1", short).translate(_THAI)
    letters = "".join(c for c in short if c.isalpha() or unicodedata.category(c) in {"Mn", "Mc"})
    return "".join(c for c in fold(anyascii(letters)) if "a" <= c <= "z")


def sounds(text: str) -> str:
    """The classes a name's letters fall into: Shibuya is "Sipuia"; "" without letters."""
    spoken = "".join(match.lastgroup or "" for match in _SOUNDS.finditer(romanized(text)))
    return _TWICE.sub(r"\1", spoken)


def skeleton(spoken: str) -> str:
    """The consonants of `sounds`, "A" in front when a vowel begins it."""
    bare = _TWICE.sub(r"\1", _VOWELS.sub("", spoken))
    return f"A{bare}" if spoken[:1] in {"a", "i", "u"} else bare


def _carried(match: re.Match[str]) -> str:
    return match[1].translate(_THAI) if match[1] else ""
