"""Moments in words: in a named zone, the month in words, never to be mistaken. Reads Babel's data only."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_datetime, get_timezone, get_timezone_location

from locales.catalog import SOURCE_LANGUAGE, Catalog, chain
from locales.errors import UnknownWordsError

BUDDHIST_ERA = 543  # years the Thai calendar is ahead


def moment(catalog: Catalog, language: str, at: datetime, zone: str) -> str:
    """Return `at` (aware) as people in `zone` (IANA name) read it: weekday, day, month, year, time.

    Raises:
        UnknownWordsError: `at` has no zone of its own, or `zone` is not a known one.
    """
    if at.tzinfo is None:
        raise UnknownWordsError("a time without a zone cannot be told")
    known_zone(zone)
    locale = locale_of(language)
    local = at.astimezone(ZoneInfo(zone))
    year = local.year + (BUDDHIST_ERA if locale.language == "th" else 0)

    def part(pattern: str) -> str:
        return format_datetime(local, pattern, tzinfo=get_timezone(zone), locale=locale)

    return catalog.say(
        language,
        "time.full",
        weekday=part("EEEE"),
        day=str(local.day),
        month=part("MMMM"),
        year=str(year),
        clock=f"{local:%H:%M}",
        zone=zone_words(catalog, language, zone),
    )


def zone_words(catalog: Catalog, language: str, zone: str) -> str:
    """Name `zone` (IANA name) by the city its people know; raises `UnknownWordsError` for an unknown one."""
    known_zone(zone)
    if (
        zone.startswith("Etc/") or "/" not in zone
    ):  # no city; and the sign of Etc/GMT+5 is the wrong way round
        offset = f"{datetime(2000, 1, 1, tzinfo=ZoneInfo(zone)):%z}"
        if offset == "+0000":
            return catalog.say(language, "time.utc")
        return catalog.say(language, "time.zone", city=f"UTC{offset[:3]}:{offset[3:]}")
    city = get_timezone_location(get_timezone(zone), locale=locale_of(language), return_city=True)
    return catalog.say(language, "time.zone", city=city.split("/")[-1])


def known_zone(zone: str) -> None:
    """Raises `UnknownWordsError` when `zone` is not an IANA name."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownWordsError("this is not the name of a time zone") from error


def zone_of(name: str | None) -> ZoneInfo | None:
    """The zone of that IANA name; None when there is no name or no such zone."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def locale_of(language: str) -> Locale:
    """Babel's locale nearest to a BCP 47 tag, English where there is none."""
    for code in chain(language):
        try:
            return Locale.parse(code, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale(SOURCE_LANGUAGE)
