"""Which countries there are and what officers call them: as the ministry sees it, else in English. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from babel import Locale

_NOT_COUNTRIES = frozenset({"EU", "EZ", "UN", "ZZ", "QO", "XA", "XB"})
UNKNOWN = "country unknown"


@dataclass(frozen=True, slots=True, eq=False)
class Countries:
    """One list of countries.

    Attributes:
        names: two-letter codes to English names, by name.
    """

    names: Mapping[str, str]

    def name(self, code: str) -> str:
        """`TH` is Thailand, "" is unknown; what is not in the list is called what it is called elsewhere."""
        return (self.names.get(code) or _everywhere().get(code, code)) if code else UNKNOWN

    def code(self, text: str) -> str | None:
        """The two-letter code of a country named by its code or a name; None when it is not in the list."""
        if text.upper() in self.names:
            return text.upper()
        wanted = text.casefold()
        named = (*self.names.items(), *_everywhere().items())
        return next((code for code, name in named if name.casefold() == wanted and code in self.names), None)


def countries(names: Mapping[str, str]) -> Countries:
    """The list that has these names."""
    return Countries(MappingProxyType(dict(sorted(names.items(), key=lambda pair: pair[1]))))


@cache
def usual() -> Countries:
    """Where nobody has a view of their own: all that Babel names."""
    return countries(_everywhere())


@cache
def _everywhere() -> Mapping[str, str]:
    territories = Locale("en").territories.items()
    return MappingProxyType(
        {str(code): str(name) for code, name in territories if len(code) == 2 and code not in _NOT_COUNTRIES}
    )
