"""The words of dates in the languages of ours, as marks that a reader of dates understands. Pure; Babel's
names of months.

Every word that means something becomes a mark: [m12] a month, [t0] today, [w] weeks, ~ up to; words that mean
nothing here ("from", "ngày") go. Whatever else is left makes the text unreadable, so nothing is guessed.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from babel.core import Locale

from locales.catalog import SOURCE_LANGUAGE
from locales.digits import ascii_digits
from locales.times import locale_of

TO = "~"  # between two days
_TO = (
    "to",
    "until",
    "till",
    "til",
    "through",
    "đến",
    "den",
    "tới",
    "toi",
    "ถึง",
    "จนถึง",
    "sampai",
    "hingga",
    "sd",
)
_NOISE = (
    "from", "the", "of", "on", "in", "for", "stay", "between", "and", "about",
    "từ", "tu", "ngày", "ngay", "năm", "nam", "trong", "khoảng",
    "วันที่", "วัน", "จาก", "ตั้งแต่", "เดือน", "ปี", "พ.ศ.", "พศ", "เป็นเวลา",
    "dari", "mulai", "tanggal", "tgl", "pada", "bulan", "tahun", "selama",
)  # fmt: skip
_TODAY = ("today", "now", "hôm nay", "hom nay", "bây giờ", "วันนี้", "ตอนนี้", "hari ini", "sekarang")
_TOMORROW = ("tomorrow", "ngày mai", "ngay mai", "พรุ่งนี้", "besok")
_UNITS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "d": ("days", "day", "hari"),
        "w": ("weeks", "week", "tuần", "tuan", "สัปดาห์", "อาทิตย์", "minggu", "pekan"),
        "m": ("months", "month"),
    }
)
_VIETNAMESE_MONTH = re.compile(r"(?<![^\W\d_])(?:tháng|thang|thg|th|t)\.?\s*(1[0-2]|0?[1-9])(?!\d)")
_ORDINAL = re.compile(r"(\d)(?:st|nd|rd|th)\b")
_TOKEN = re.compile(
    r"\s*(?:(?P<iso>\d{4}-\d{1,2}-\d{1,2})|(?P<dashed>\d{1,2}-\d{1,2}-\d{4})"
    r"|(?P<slashed>\d{1,2}[./]\d{1,2}(?:[./](?:\d{4}|\d{2}))?(?!\d|[./]\d))"
    r"|\[(?P<mark>[a-z])(?P<value>\d*)\]|(?P<number>\d+)|(?P<to>[-~]))"
)


def tokens_of(text: str, language: str) -> list[tuple[str, str]] | None:
    """The marks, numbers and dates in numbers that `text` consists of, in order, as (kind, value); None when
    anything else is in it.
    """
    text = _marked(text, language)
    found, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _TOKEN.match(text, at)
        if match is None or match.end() == at:
            return None
        kind = match.lastgroup or ""
        if kind in {"mark", "value"}:
            found.append((match["mark"], match["value"]))
        else:
            found.append((kind, match[kind]))
        at = match.end()
        while at < len(text) and text[at] in " .":
            at += 1
    return found or None


def _marked(text: str, language: str) -> str:
    """`text` with every word that is understood as a mark: [m12] a month, [t] today, ~ up to."""
    plain = unicodedata.normalize("NFC", ascii_digits(text)).casefold()
    plain = re.sub(r"[–—−]", "-", plain).replace("s/d", TO).replace("...", TO).replace(",", " ")
    plain = _ORDINAL.sub(r"\1", plain)
    if locale_of(language).language == "vi":
        plain = _VIETNAMESE_MONTH.sub(r" [m\1] ", plain)
        plain = _swapped(plain, ("mai",), "[t1]")
    for words, mark in ((_TODAY, "[t0]"), (_TOMORROW, "[t1]")):
        plain = _swapped(plain, words, mark)
    for word, number in _months(language):
        plain = _swapped(plain, (word,), f"[m{number}]")
    for unit, names in _UNITS.items():
        plain = _swapped(plain, names, f"[{unit}]")
    plain = re.sub(r"(\d)\s*(?:ngày|ngay|วัน)(?!ที่)(?!\s*\d)", r"\1 [d] ", plain)
    plain = re.sub(r"(\d)\s*(?:tháng|thang|เดือน|bulan)(?!\s*\[?\d)", r"\1 [o] ", plain)
    plain = _swapped(plain, _TO, f" {TO} ")
    return _swapped(plain, _NOISE, " ").strip(" .;!()")


def _swapped(text: str, words: tuple[str, ...], mark: str) -> str:
    for word in sorted(words, key=len, reverse=True):
        if word.isascii() or not _is_thai(word):
            text = re.sub(rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])", f" {mark} ", text)
        else:
            text = text.replace(word, f" {mark} ")
    return text


def _is_thai(word: str) -> bool:
    return any("\u0e00" <= sign <= "\u0e7f" for sign in word)


@lru_cache(maxsize=64)
def _months(language: str) -> tuple[tuple[str, int], ...]:
    """Names of months in a language and in English, longest first; names that hold a number left out."""
    found: dict[str, int] = {}
    for locale in (locale_of(language), Locale(SOURCE_LANGUAGE)):
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in locale.months[context][width].items():
                    plain = unicodedata.normalize("NFC", str(name)).casefold()
                    for word in {plain, plain.rstrip("."), plain.replace(".", "")}:
                        if not any(sign.isdigit() for sign in word):
                            found.setdefault(word, int(number))
    found.setdefault("sept", 9)
    return tuple(sorted(found.items(), key=lambda pair: -len(pair[0])))
