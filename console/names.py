"""Names and figures as officers read them: languages, states, times. Pure; Babel's English."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal
from functools import cache
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal

from alerts.lifecycle import AlertState
from bot.channels import FACTS

STATES: Mapping[AlertState, str] = MappingProxyType(
    {
        AlertState.DRAFT: "Draft",
        AlertState.SUBMITTED: "Waiting for a second officer",
        AlertState.APPROVED: "Approved, about to be sent",
        AlertState.SENDING: "Sending",
        AlertState.SENT: "Sent, still live",
        AlertState.UPDATED: "Replaced by a follow-up",
        AlertState.CANCELLED: "Cancelled",
        AlertState.EXPIRED: "Expired",
        AlertState.REJECTED: "Sent back to its authors",
    }
)
CONFIDENCE: Mapping[str, str] = MappingProxyType(
    {
        "area": "in the area",
        "city": "in a city the area touches",
        "country": "in a country named",
        "maybe": "perhaps: only the country is known",
        "untried": "cannot be tried at all",
    }
)
NO_CHANNEL = "no channel"


@cache
def time_zones() -> tuple[str, ...]:
    """Every IANA time zone this machine knows, by name."""
    return tuple(sorted(available_timezones()))


@cache
def language(tag: str) -> str:
    """`vi` is Vietnamese; a tag nobody knows is shown as it is."""
    try:
        name = Locale.parse(tag.replace("-", "_")).get_display_name("en")
    except (UnknownLocaleError, ValueError):
        return tag
    return name or tag


def channel(name: str) -> str:
    """The name of a channel as people know it."""
    return FACTS[name].name if name in FACTS else name or NO_CHANNEL


def confidence(level: str) -> str:
    """How sure we are that somebody is there, in words."""
    return CONFIDENCE.get(level, level)


def number(value: float) -> str:
    """12430 is 12,430."""
    return str(format_decimal(value, locale="en"))


def people(count: int) -> str:
    """A count with its unit, which every figure names."""
    return "1 person (registration)" if count == 1 else f"{number(count)} people (registrations)"


def when(moment: datetime | None, zone: str = "UTC") -> str:
    """An absolute time with its zone, e.g. `22 Nov 2026, 07:05 UTC` or `... 14:05 (Asia/Bangkok)`."""
    if moment is None:
        return "not set"
    local = moment.astimezone(ZoneInfo(zone))
    name = "UTC" if zone == "UTC" else f"({zone})"
    return f"{local.day} {local:%b %Y, %H:%M} {name}"


def money(amount: Decimal) -> str:
    """An amount, rounded up to two places: `24.80`; an estimate must not promise less than it costs."""
    return f"{amount.quantize(Decimal('0.01'), rounding=ROUND_UP):,}"


def span(seconds: float) -> str:
    """How long, in words: `about 40 seconds`, `about 7 minutes`, `about 2.5 hours`."""
    if seconds < 1.5:
        return "about a second"
    if seconds < 90:
        return f"about {seconds:.0f} seconds"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} minutes"
    return f"about {seconds / 3600:.1f} hours"


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, in one word or two: `just now`, `4 min`, `3 h`, `2 days`."""
    passed = max(now - moment, timedelta(0))
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return f"{passed // timedelta(minutes=1)} min"
    if passed < timedelta(days=2):
        return f"{passed // timedelta(hours=1)} h"
    return f"{passed // timedelta(days=1)} days"
