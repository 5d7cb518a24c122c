"""A question made comparable: folded text, character n-grams, words. Pure.

Latin marks are folded away on both sides (half of those who write Vietnamese on a phone leave them out);
vowel and tone signs of Thai and its neighbours are letters and stay. No dictionary and no segmenter: n-grams
of characters find Thai as well as a segmenter does, and better where it is misspelt.
"""

import re
import unicodedata

MAX_SIGNS = 400  # of a question; what stands behind says little and costs much
_SPACES = re.compile(r"\s+")
# Letters, marks and digits; Python's \w leaves out the vowel signs of Thai and its neighbours.
_LETTERS = "LMN"
# Scripts written without spaces between words: Thai, Lao, Myanmar, Khmer, kana, Han.
_UNSPACED = "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_TOKENS = re.compile(rf"[{_UNSPACED}]+|[^\s{_UNSPACED}]+")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")


def fold(text: str) -> str:
    """`text` without Latin marks, NFC; signs of other scripts stay."""
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return unicodedata.normalize("NFC", "".join(s for s in decomposed if not "\u0300" <= s <= "\u036f"))


def neat(text: str) -> str:
    """`text` as it is embedded: NFC, one space between words, at most 400 signs."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()[:MAX_SIGNS]


def plain(text: str) -> str:
    """`text` as it is compared: folded, case-folded, letters, marks and digits with one space between."""
    folded = fold(unicodedata.normalize("NFKC", text[: 2 * MAX_SIGNS]).casefold())
    kept = "".join(s if unicodedata.category(s)[0] in _LETTERS else " " for s in folded)
    return _SPACES.sub(" ", kept).strip()[:MAX_SIGNS]


def is_markless(text: str) -> bool:
    """Whether `text` is Latin without a single mark, as Vietnamese is typed in a hurry."""
    composed = unicodedata.normalize("NFC", text)
    return fold(composed) == composed and all(s.isascii() or not s.isalpha() for s in composed)


def grams(text: str) -> list[str]:
    """Character 2-, 3- and 4-grams of a `plain` text, over word borders."""
    padded = f" {text} "
    return [padded[i : i + n] for n in (2, 3, 4) for i in range(len(padded) - n + 1)]


def words(text: str) -> list[str]:
    """Words of a `plain` text; 2- and 3-grams where the script has no spaces."""
    found = []
    for token in _TOKENS.findall(text):
        if _IS_UNSPACED.match(token):
            found += [token[i : i + n] for n in (2, 3) for i in range(len(token) - n + 1)]
        else:
            found.append(token)
    return found
