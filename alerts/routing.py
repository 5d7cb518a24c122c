"""Which address of a person is tried next, and in which order. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from alerts.channels import ChannelTable, Reception
from bot.channels import FACTS
from registry.addresses import AddressState

Account = tuple[str, str]
"""Channel and sender account."""


class Usable(Protocol):
    """One address of one person: `registry.ways.Way`."""

    @property
    def person_id(self) -> int: ...
    @property
    def address_id(self) -> int: ...
    @property
    def channel(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def drill(self) -> bool: ...
    @property
    def address_state(self) -> str: ...


W = TypeVar("W", bound=Usable)

_STEP = {Reception.WORKS: 0, Reception.SLOW: 1, Reception.BLOCKED: 2}


@dataclass(frozen=True, slots=True)
class Preference:
    """What corrects a person's own order.

    Attributes:
        table: where a channel works.
        troubled: accounts whose receipts stopped or failed lately, or that their provider refuses.
    """

    table: ChannelTable = field(default_factory=lambda: ChannelTable({}))
    troubled: frozenset[Account] = frozenset()

    def arrange(self, ways: Iterable[W], country: str) -> list[W]:
        """Put a person's addresses in the order in which they are tried.

        Their own order, but what is slow where they are (ISO-2) or in trouble stands behind what works, and
        what is blocked there stands last; what is on a budget behind its equals. Nothing is left out.
        """

        def place(way: W) -> tuple[int, bool]:
            step, last = self.step(country, way.channel)
            return (max(step, 1) if (way.channel, way.account) in self.troubled else step), last

        return sorted(ways, key=place)  # a stable sort: equals keep the person's order

    def step(self, country: str, channel: str) -> tuple[int, bool]:
        """Where a channel without trouble stands in a country; lower ones are tried first."""
        return _STEP[self.table.of(country, channel)], FACTS[channel].on_a_budget


def next_address(
    ways: Iterable[W], *, drill: bool, accounts: Collection[Account], used: Collection[int] = ()
) -> W | None:
    """Return the first address, in the given order, that is in use, can be sent to and was not tried yet.

    A drill never takes a real address and a real alert never a simulated one.
    """
    for way in ways:
        usable = way.address_state == AddressState.ACTIVE and (way.channel, way.account) in accounts
        if usable and way.drill == drill and way.address_id not in used:
            return way
    return None


def with_a_choice(ways: Mapping[int, Sequence[W]]) -> list[int]:
    """People with more than one address in use: for the others an order means nothing."""
    return [
        person
        for person, group in ways.items()
        if sum(way.address_state == AddressState.ACTIVE for way in group) > 1
    ]
