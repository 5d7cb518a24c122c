"""Which address of a person is tried next. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from registry.addresses import AddressState
from registry.audience import Reach

Account = tuple[str, str]
"""Channel and sender account."""


def next_address(
    ways: Iterable[Reach], *, drill: bool, accounts: Collection[Account], used: Collection[int] = ()
) -> Reach | None:
    """Return the first address, in the person's order, that is in use, can be sent to and was not tried yet.

    A drill never takes a real address and a real alert never a simulated one.
    """
    for way in ways:
        usable = way.address_state == AddressState.ACTIVE and (way.channel, way.account) in accounts
        if usable and way.drill == drill and way.address_id not in used:
            return way
    return None


def by_person(ways: Sequence[Reach]) -> Iterator[tuple[int, list[Reach]]]:
    """Split the answer of `registry.audience.reach` into persons, in its order."""
    for person, group in groupby(ways, key=attrgetter("person_id")):
        yield person, list(group)
