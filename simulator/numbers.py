"""Fictional telephone numbers by country. Data and a formula.

Where a country keeps numbers free for fiction they are used: the United States (555-0100 to 555-0199 of every
area), Great Britain (07700 900000 to 900999), Ireland (020 91). Elsewhere it is a run of zeros inside the
mobile range. Nothing ever leaves this machine for any of them.
"""

from collections.abc import Callable

AREAS = (
    *(201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228),
    *(229, 231, 234, 239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281, 301, 302),
    *(303, 304, 305, 307, 308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323, 325, 330),
    *(404, 405, 406, 407, 408, 409, 410, 412, 413, 414, 415, 417, 419, 423, 424, 425, 432, 434, 435, 440),
    *(501, 502, 503, 504, 505, 507, 508, 509, 510, 512, 513, 515, 516, 517, 518, 520, 530, 541, 551, 559),
)


def american(place: int) -> str:
    """555-01xx in one area after the other."""
    return f"+1{AREAS[place // 100]}55501{place % 100:02d}"


MAKERS: dict[str, tuple[int, Callable[[int], str]]] = {
    "US": (100 * len(AREAS), american),
    "GB": (1_000, lambda place: f"+447700900{place:03d}"),
    "IE": (100_000, lambda place: f"+3532091{place:05d}"),
    "TH": (1_000_000, lambda place: f"+66600{place:06d}"),
    "VN": (1_000_000, lambda place: f"+84390{place:06d}"),
    "ID": (10_000_000, lambda place: f"+62811{place:07d}"),
}
SPARE = "IE"


def number_in(country: str, place: int) -> tuple[str, str]:
    """Number and country of the citizen of that place, 0 or more; Irish where a country has no more."""
    room, _ = MAKERS[country]
    owner = country if place < room else SPARE
    return MAKERS[owner][1](place % MAKERS[owner][0]), owner
