"""Emergency numbers of a country, from the short-number metadata of libphonenumber.

Pure; touches phonenumbers only. The metadata does not say which number is the police, fire brigade or
ambulance, so they are shown as "emergency numbers", never by service. A ministry's own table comes first
where it has one.
"""

import re
from collections.abc import Mapping
from itertools import product

from phonenumbers import PhoneMetadata

MOST_DIGITS = 4
"""Longer ones (six digits in a few countries) are local services, not what a foreigner should dial."""
MOST_NUMBERS = 4
"""More than this confuses somebody in danger; the mission's table can say more."""
TOO_MANY = 12
"""A pattern that fits more numbers than this is a range, not a list of services: nobody knows what
answers."""
FIRST = ("112", "911", "999", "000", "111", "119", "110")
"""Numbers known across many countries, shown first where the country really has them."""
AT_HOME = {"US": "911", "CA": "911", "AU": "000"}
"""Where 112 reaches help from mobile phones only, the country's own number comes before it."""


def emergency_numbers(
    country: str, confirmed: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[str, ...]:
    """Numbers to dial in `country` (ISO 3166-1 alpha-2), () when none is known for sure.

    `confirmed` (by an officer, with its source) replaces the whole answer for a country; an empty tuple
    there means "show the mission's phone instead". Otherwise a number is given only when libphonenumber
    lists it both as an emergency number of the country and as free of charge; all of a country's are
    dropped when its pattern is a range. At most four: worldwide known ones first, then those of three
    digits, ascending.
    """
    if confirmed is not None and country in confirmed:
        return confirmed[country]
    metadata = PhoneMetadata.short_metadata_for_region(country)
    if metadata is None or metadata.emergency is None or metadata.toll_free is None:
        return ()
    emergency, free = metadata.emergency.national_number_pattern, metadata.toll_free.national_number_pattern
    if not emergency or not free:
        return ()
    lengths = [length for length in metadata.emergency.possible_length if 2 <= length <= MOST_DIGITS]
    numbers = ("".join(digits) for length in lengths for digits in product("0123456789", repeat=length))
    both = re.compile(f"(?=(?:{emergency})$)(?:{free})")
    listed = [number for number in numbers if both.fullmatch(number)]
    if len(listed) > TOO_MANY:
        return ()
    return tuple(sorted(listed, key=lambda number: _rank(number, country))[:MOST_NUMBERS])


def _rank(number: str, country: str) -> tuple[bool, int, int, str]:
    worldwide = FIRST.index(number) if number in FIRST else len(FIRST)
    return (number != AT_HOME.get(country), worldwide, abs(len(number) - 3), number)
