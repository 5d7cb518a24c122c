"""How many people an area would reach, and the contract of whoever counts them. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from places.area import Area


@dataclass(frozen=True, slots=True)
class WayCount:
    """People who have a channel, are in one country (ISO-2, "" = not known) and read one language.

    Attributes:
        first: those whom it is tried on first. any: all who have it, tried sooner or later.
    """

    channel: str
    country: str
    language: str
    first: int
    any: int


@dataclass(frozen=True, slots=True)
class Headcount:
    """Unit everywhere: people (registrations). `by_channel` counts each person under their first channel."""

    people: int
    by_country: Mapping[str, int] = field(default_factory=dict)
    by_channel: Mapping[str, int] = field(default_factory=dict)
    by_language: Mapping[str, int] = field(default_factory=dict)
    by_confidence: Mapping[str, int] = field(default_factory=dict)
    ways: tuple[WayCount, ...] = ()


class AudienceCounter(Protocol):
    """Counts without sending anything; `alerts/targeting.py` is the real one."""

    async def count(self, area: Area, *, drill: bool, include_maybe: bool) -> Headcount:
        """Count the people `area` concerns now: simulated ones only (`drill`), or real ones only."""
        ...
