"""What tests of places ask of values: which countries a number packs, whether coordinates look exchanged."""

from collections.abc import Collection

from places.area import Area, Touch, readings
from places.people import MAX_COUNTRIES, country_of


def unpacked(packed: int) -> tuple[str, ...]:
    """The countries of `places.people.pack_countries`."""
    codes = (packed >> 16 * place & 0xFFFF for place in range(MAX_COUNTRIES))
    return tuple(country_of(code) for code in codes if code)


def looks_swapped(area: Area, countries: Collection[str], touch: Touch) -> bool:
    """Whether the shapes touch none of the countries, but would with latitude and longitude exchanged."""
    return readings(area, touch, countries).swapped_for(countries)
