"""How people write a place: "tp. Hồ Chí Minh", "Paris, Texas", "Lima Peru", "จังหวัดเชียงใหม่".

Pure. Gives the ways a text may be read, likeliest first; the lookup takes the first that names a place.
"""

import re
from dataclasses import dataclass

from places.folding import tidy

_COMMA = re.compile(r"\s*[,،、，;/\n]\s*|\s+[-–]\s+")
_TITLES = (
    r"thành phố|thanh pho|thủ đô|t\.?\s?p\.?|tỉnh|tinh|quận|quan|huyện|thị xã|nước|đảo",
    r"bang|vùng|khu|chợ|sân bay",
    r"kota|kabupaten|kab\.?|provinsi|propinsi|pulau|negara|daerah|bandara|pasar",
    r"(?:the )?(?:city|province|state|island) of|the|ville de|ciudad de|cidade de",
    r"ที่|เมือง|จังหวัด|อำเภอ|ประเทศ|เกาะ|นคร|г\.|город",
)
_BEFORE = re.compile(rf"^(?:{'|'.join(_TITLES)})\s+", re.IGNORECASE)
_BEFORE_THAI = re.compile(r"^(?:เมือง|จังหวัด|จ\.|อำเภอ|ประเทศ|เกาะ|นคร|กรุง)(?=[ก-๛]{3})")
_AFTER = re.compile(
    r"\s+(?:city|town|province|prefecture|state|island|district|county|municipality|region|area|shi|ken|si|do)$"
    r"|(?<=[^\s]{2})(?:市|省|県|縣|府|都|道|州|시|도|국|国)$",
    re.IGNORECASE,
)
MOST_WORDS = 5
"""Longer texts are sentences: no single word of them is taken for a place."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A name, and where it is said to lie ("" when not said)."""

    name: str
    within: str = ""


def readings(text: str) -> list[Reading]:
    """The whole text, without titles, then split at commas or before its last words."""
    whole = tidy(text)
    found = [Reading(whole), *(Reading(name) for name in _bare(whole))]
    parts = [part for part in (tidy(part) for part in _COMMA.split(whole)) if part]
    if len(parts) > 1:
        for within in (parts[-1], parts[1]):
            found.extend(Reading(name, within) for name in (parts[0], *_bare(parts[0])))
    else:
        words = whole.split(" ")
        for last in range(1, min(4, len(words))):
            head, rest = " ".join(words[:-last]), " ".join(words[-last:])
            found.extend(Reading(name, rest) for name in (head, *_bare(head)))
    return list(dict.fromkeys(reading for reading in found if reading.name))


def splits(text: str) -> list[tuple[str, str]]:
    """(what is asked for, what it may lie in): at the commas, else before the last words, longest first."""
    whole = tidy(text)
    parts = [part for part in (tidy(part) for part in _COMMA.split(whole)) if part]
    if len(parts) > 1:
        return [(parts[0], part) for part in parts[1:]]
    words = whole.split(" ")
    if not 2 <= len(words) <= MOST_WORDS:
        return []
    return [
        (" ".join(words[:-last]), " ".join(words[-last:])) for last in range(min(3, len(words) - 1), 0, -1)
    ]


def _bare(name: str) -> list[str]:
    """`name` without the words that say what kind of place it is."""
    found = []
    for pattern in (_BEFORE, _BEFORE_THAI, _AFTER):
        shorter = tidy(pattern.sub("", name))
        if shorter and shorter != name:
            found.append(shorter)
    return found
