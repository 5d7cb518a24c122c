"""The ways to many people at once, without the sealed values: for whoever decides which one is tried.

Reads SQL only. Active people who consented, and nobody real with a drill's address or the reverse.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.audience import warned
from registry.tables import address, person
from storage.listed import listed


class Way(NamedTuple):
    """One address of one person; sending looks its value up again."""

    person_id: int
    language: str
    drill: bool
    address_id: int
    channel: str
    account: str
    rank: int
    address_state: str


async def ways(
    connection: AsyncConnection, person_ids: Sequence[int], channel_order: Sequence[str] = ()
) -> dict[int, list[Way]]:
    """Every address, gone and stopped ones too, of those of `person_ids` who are active and have any.

    One person's addresses by rank, then by the place of their channel in `channel_order` (unlisted ones
    last). About 5 microseconds a person.
    """
    query = (
        select(
            person.c.id,
            person.c.language,
            person.c.drill,
            address.c.id,
            address.c.channel,
            address.c.account,
            address.c.rank,
            address.c.state,
        )
        .join(address, address.c.person_id == person.c.id)
        .where(warned(), address.c.drill == person.c.drill, person.c.data_key.is_not(None))
        .where(listed(person.c.id))
    )
    found: dict[int, list[Way]] = {}
    for row in (await connection.execute(query, {"ids": person_ids})).all():
        found.setdefault(row[0], []).append(Way(*row))
    order = {str(channel): place for place, channel in enumerate(channel_order)}
    for several in found.values():
        if len(several) > 1:
            several.sort(key=lambda way: (way.rank, order.get(way.channel, len(order)), way.address_id))
    return found
