"""Geocodes of a CAP area that name countries and regions by ISO 3166. Pure.

A sender's codes repeat its shapes (CAP 1.2, section 3.2.4), often more roughly: they count only where an area
has no shape.
"""

from alerts.cap.model import CapArea
from places.region import FORM

COUNTRY, REGION = "ISO3166-1-alpha-2", "ISO3166-2"
"""As we write them."""
_COUNTRY = frozenset({"iso31661alpha2", "iso31661a2", "iso31661"})
_REGION = frozenset({"iso31662"})


def countries_in(area: CapArea) -> tuple[str, ...]:
    """ISO 3166-1 alpha-2 codes of an area without shapes."""
    values = _values(area, _COUNTRY)
    return tuple(code for code in values if len(code) == 2 and code.isascii() and code.isalpha())


def regions_in(area: CapArea) -> tuple[str, ...]:
    """ISO 3166-2 codes of an area without shapes."""
    return tuple(code for code in _values(area, _REGION) if FORM.fullmatch(code))


def _values(area: CapArea, names: frozenset[str]) -> list[str]:
    if area.polygons or area.circles:
        return []
    return [code.value.strip().upper() for code in area.geocodes if _plain(code.name) in names]


def _plain(name: str) -> str:
    """`ISO 3166-2` and `iso_3166_2` are one."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())
