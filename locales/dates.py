"""Days read back: the weekday, the month in words, the year of the language's own calendar. Reads Babel's
data only."""

from datetime import date

from babel.dates import format_date

from locales.catalog import Catalog
from locales.times import BUDDHIST_ERA, locale_of


def day_words(catalog: Catalog, language: str, day: date) -> str:
    """`day` read back: weekday, month in words, the year of the language's own calendar."""
    locale = locale_of(language)
    year = day.year + (BUDDHIST_ERA if locale.language == "th" else 0)
    return catalog.say(
        language,
        "date.day",
        weekday=format_date(day, "EEEE", locale=locale),
        day=str(day.day),
        month=format_date(day, "MMMM", locale=locale),
        year=str(year),
    )


def span_words(catalog: Catalog, language: str, first: date, last: date) -> str:
    """Both days read back."""
    return catalog.say(
        language,
        "date.span",
        first=day_words(catalog, language, first),
        last=day_words(catalog, language, last),
    )
