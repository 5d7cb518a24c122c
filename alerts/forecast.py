"""What a warning would take before it is sent: people, units, time and money by channel. Pure.

Two figures of each: the first round, and the worst case in which everybody goes through all their channels
and gets the longest message there is. Channels work side by side. Prices, and in the first round the lengths
of text messages, are those of the country people are in; a foreign number may have its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from alerts.headcount import WayCount
from alerts.prices import Prices
from bot.channels import FACTS

NOTHING: Mapping[str, Decimal] = {}


@dataclass(frozen=True, slots=True)
class Capacity:
    """What one channel can do now, all its accounts together.

    Attributes:
        per_second: units a second: segments of text messages, else messages.
        weight: units of one message by language of the reader, at most; not named = 1. It takes so much of
            the rate.
        charged: units of one message by language and country (ISO-2); not named = its weight.
        refused: by language, why nobody who reads it can be reached there at all (a stable code).
        left: billed messages that may still leave this month, None = no cap.
        per_day: people a day whom we may write to first, None = no limit.
        queue_s: the provider keeps so much waiting; what takes longer fails there. None = it takes what it
            is given.
    """

    channel: str
    per_second: float
    weight: Mapping[str, int] = field(default_factory=dict)
    charged: Mapping[tuple[str, str], int] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    left: int | None = None
    per_day: int | None = None
    queue_s: float | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What one channel is given in one case. Unit of `people`: registrations; `units` are those charged."""

    people: int = 0
    units: int = 0
    seconds: float = 0.0
    cost: Mapping[str, Decimal] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class ChannelForecast:
    """One channel.

    Attributes:
        first: the first round. worst: every round, everybody on all their channels.
        unpriced: countries (ISO-2) without a price, most people first; their cost is not in `cost`.
        unreachable: people who cannot be reached there, by code (`refused` of the capacity).
        warnings: stable codes of what will not fit: `off`, `cap`, `per_day`, `queue`.
    """

    channel: str
    first: Load
    worst: Load
    unpriced: tuple[str, ...] = ()
    unreachable: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def people(self) -> int:
        return self.first.people

    @property
    def seconds(self) -> float | None:
        """Of the first round; None = the channel is off."""
        return None if "off" in self.warnings else self.first.seconds


def forecast(
    ways: Iterable[WayCount], capacities: Sequence[Capacity], prices: Prices
) -> tuple[ChannelForecast, ...]:
    """Reckon every channel that somebody has, those first with most people in the first round."""
    by_channel: defaultdict[str, list[WayCount]] = defaultdict(list)
    for way in ways:
        by_channel[way.channel].append(way)
    known = {one.channel: one for one in capacities}
    found = [_channel(channel, group, known.get(channel), prices) for channel, group in by_channel.items()]
    return tuple(sorted(found, key=lambda one: (-one.first.people, -one.worst.people, one.channel)))


def seconds_of(found: Sequence[ChannelForecast]) -> float:
    """Until the first round is out."""
    return max((one.first.seconds for one in found), default=0.0)


def _channel(
    channel: str, ways: Sequence[WayCount], capacity: Capacity | None, prices: Prices
) -> ChannelForecast:
    if capacity is None:
        first, worst = (Load(people=sum(getattr(way, case) for way in ways)) for case in ("first", "any"))
        return ChannelForecast(channel, first, worst, warnings=("off",))
    unreachable: defaultdict[str, int] = defaultdict(int)
    unpriced: defaultdict[str, int] = defaultdict(int)
    open_ways = []
    for way in ways:
        refusal = capacity.refused.get(way.language)
        if refusal:
            unreachable[refusal] += way.any
            continue
        open_ways.append(way)
        if not FACTS[channel].free and way.any and prices.of(channel, way.country) is None:
            unpriced[way.country] += way.any
    first, worst = (_load(channel, open_ways, case, capacity, prices) for case in ("first", "any"))
    warnings = []
    if capacity.left is not None and worst.units > capacity.left:
        warnings.append("cap")
    if capacity.per_day is not None and worst.people > capacity.per_day:
        warnings.append("per_day")
    if capacity.queue_s is not None and worst.seconds > capacity.queue_s:
        warnings.append("queue")
    return ChannelForecast(
        channel,
        first,
        worst,
        tuple(sorted(unpriced, key=lambda country: (-unpriced[country], country))),
        dict(unreachable),
        tuple(warnings),
    )


def _load(channel: str, ways: Sequence[WayCount], case: str, capacity: Capacity, prices: Prices) -> Load:
    people = units = slots = 0
    cost: defaultdict[str, Decimal] = defaultdict(Decimal)
    for way in ways:
        count = getattr(way, case)
        weight = capacity.weight.get(way.language, 1)
        charged = weight if case == "any" else capacity.charged.get((way.language, way.country), weight)
        taken = count * charged
        people, units, slots = people + count, units + taken, slots + count * weight
        price = prices.of(channel, way.country)
        if price is not None and taken:
            cost[price.currency] += taken * price.amount
    return Load(people, units, slots / capacity.per_second if capacity.per_second else 0.0, dict(cost))
