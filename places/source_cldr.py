"""Unicode CLDR, as Babel carries it: country names and time-zone cities in some 300 languages.

Used when the gazetteer is compiled, only then. Data: Unicode CLDR, Unicode licence v3.
"""

from dataclasses import dataclass

from babel import Locale, localedata
from babel.core import get_global


@dataclass(frozen=True, slots=True)
class ZoneCity:
    """The city that stands for a time zone, by its English key ("Ho Chi Minh"), and its name in one
    language."""

    country: str
    key: str
    language: str
    name: str


def languages() -> list[str]:
    """Every CLDR language, and the scripts of Chinese apart; English first."""
    listed = [
        name for name in localedata.locale_identifiers() if "_" not in name and name not in {"en", "root"}
    ]
    return ["en", *sorted(listed), "zh_Hant"]


def territory_names(language: str) -> dict[str, str]:
    """ISO code -> name of every country in `language`; without the "(Burma)" and "SAR China" of some
    names."""
    names = Locale.parse(language).territories
    return {code: str(name) for code, name in names.items() if len(code) == 2 and code.isalpha()}


def zone_cities(language: str) -> list[ZoneCity]:
    """The exemplar cities of `language`, where CLDR names one."""
    countries = get_global("zone_territories")
    aliases = get_global("zone_aliases")
    found = []
    for zone, names in Locale.parse(language).time_zones.items():
        country = str(countries.get(zone) or countries.get(aliases.get(zone, "")) or "")
        if len(country) == 2 and country.isalpha() and "city" in names and "/" in zone:
            key = zone.rsplit("/", 1)[1].replace("_", " ")
            found.append(ZoneCity(country, key, language, str(names["city"])))
    return found


def zone_keys() -> list[ZoneCity]:
    """Every zone's own English key as a name in English."""
    countries = get_global("zone_territories")
    keys = [
        (zone.rsplit("/", 1)[1].replace("_", " "), country)
        for zone, country in countries.items()
        if "/" in zone
    ]
    return [ZoneCity(country, key, "en", key) for key, country in keys if len(country) == 2]


def only_zone(country: str, zone: str) -> str:
    """`zone`, or the country's own where `zone` is a neighbour's and the country has just one.

    GeoNames files Hanoi under Asia/Bangkok; people there know their time by Asia/Ho_Chi_Minh.
    """
    countries = get_global("zone_territories")
    own = [name for name, territory in countries.items() if territory == country and "/" in name]
    return own[0] if len(own) == 1 and countries.get(zone) != country else zone
