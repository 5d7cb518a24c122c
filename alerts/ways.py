"""The ways to people in the order in which they are tried now. Reads SQL through `registry`."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.routing import Preference, with_a_choice
from registry import audience
from registry.ways import Way, ways


async def ways_of(
    connection: AsyncConnection,
    person_ids: Collection[int],
    channel_order: Sequence[str],
    preference: Preference,
    at: datetime,
) -> dict[int, list[Way]]:
    """Every address of these people, those first that are tried first; who has none is left out.

    Args:
        channel_order: for addresses that a person put on the same place.
        at: where they are then decides what works.
    """
    found = await ways(connection, list(person_ids), channel_order)
    choosing = with_a_choice(found)
    where = await audience.where(connection, choosing, at)
    for person in choosing:
        found[person] = preference.arrange(found[person], where.get(person, ""))
    return found
