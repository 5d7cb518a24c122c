"""Public emergency numbers of a country. Pure; reads the short-number metadata of `phonenumbers`
(Apache-2.0).

The metadata says which numbers are for emergencies, not for which kind. So all of a country are shown, the
general ones first, and where there are too many to tell a frightened person the first few only. Numbers
that an officer confirmed come as `confirmed` and win.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import phonenumbers

GENERAL = ("112", "911", "999", "000", "111")
"""One call for everything, where a country has it; 112 first, handsets know it best (3GPP TS 22.101)."""
MOST = 4
CANDIDATES = (*(f"{number:03d}" for number in range(1000)), *(f"{number:04d}" for number in range(10_000)))


def emergency_numbers(country: str, confirmed: Mapping[str, Sequence[str]] | None = None) -> tuple[str, ...]:
    """Numbers to call in `country` (ISO 3166-1 alpha-2), at most four, () when nobody knows.

    Args:
        confirmed: country -> numbers an officer confirmed.
    """
    if confirmed and confirmed.get(country):
        return tuple(confirmed[country])
    return _published(country)


@lru_cache(maxsize=300)
def _published(country: str) -> tuple[str, ...]:
    known = [number for number in CANDIDATES if phonenumbers.is_emergency_number(number, country)]
    first = [number for number in GENERAL if number in known]
    return tuple(dict.fromkeys([*first, *known]))[:MOST]
