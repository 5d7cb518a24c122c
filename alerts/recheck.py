"""Whom of a batch nobody must send to any more, though it was read a while ago: it may have waited an hour
while its provider kept us out. Touches SQL, reads only.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from alerts.attempt import Item, Told
from alerts.delivery import WAITING, DeliveryState
from alerts.recipients import GONE, SPARED, UNWANTED, recipients
from alerts.standing import Standing
from storage.clock import Clock
from storage.database import Database

FRESH_S = 5.0
SETTLED = "settled"


def kept_back(refusal: str, *, perhaps: bool) -> DeliveryState:
    """What becomes of a delivery whose recipient must not be sent to; perhaps it was sent before."""
    if refusal == GONE:
        return DeliveryState.GONE  # as if the provider said so now: the next channel is tried at once
    return DeliveryState.UNKNOWN if perhaps and refusal in {SPARED, UNWANTED} else DeliveryState.SKIPPED


@dataclass(slots=True)
class Recheck:
    """Of one batch, from when its people were read."""

    database: Database
    clock: Clock
    _read_at: float = field(init=False)  # monotonic

    def __post_init__(self) -> None:
        self._read_at = self.clock.monotonic()

    async def refused(self, items: Collection[Item], standing: Standing) -> list[Told]:
        """Who of those that are about to be sent to must not be; nobody while what was read is fresh.

        Raises:
            StorageUnavailableError: nobody knows.
        """
        now = self.clock.monotonic()
        if now - self._read_at <= FRESH_S:
            return []
        async with self.database.glance() as connection:
            people = await recipients(connection, [item.delivery for item in items])
        self._read_at = now
        found = []
        for item in items:
            person = people.get(item.delivery)
            if person is None or person.state not in WAITING:
                # Somebody else ended it; their word stays, since outcomes only move forward.
                found.append(Told(item, DeliveryState.SKIPPED, SETTLED))
            elif refusal := person.refusal(drill=standing.drill):
                found.append(Told(item, kept_back(refusal, perhaps=item.perhaps), refusal))
        return found
