"""Where a worker sends to: addresses with what it must check before the bytes leave. Touches SQL, reads
only."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.addresses import AddressState
from registry.lifecycle import PersonState
from registry.tables import address, person
from storage.listed import listed

_THERE, _IN_USE = PersonState.ACTIVE.value, AddressState.ACTIVE.value


class Destination(NamedTuple):
    """One address as it stands now; fulfils `registry.addresses.SealedValue`.

    A tuple, because one is made for every message.

    Attributes:
        wanted: the person is active and the address in use: they neither stopped nor went; and both are real
            or both simulated.
        closed: the person is active and this address of theirs is not in use: another one of theirs may be.
        drill: a simulated person or address: only drills may go there.
        heard_at: when its owner last wrote from it, None = never.
    """

    address_id: int
    person_id: int
    wanted: bool
    drill: bool
    lane: bytes
    sealed_value: bytes
    sealed_key: bytes
    heard_at: datetime | None = None
    closed: bool = False

    def __repr__(self) -> str:  # what is sealed has no business in a log, nor has a lane
        return f"Destination({self.address_id}, wanted={self.wanted}, drill={self.drill})"


_QUERY = (
    select(
        address.c.id,
        address.c.person_id,
        address.c.state,
        person.c.state.label("person_state"),
        address.c.drill,
        person.c.drill.label("person_drill"),
        address.c.lane,
        address.c.value,
        address.c.last_inbound_at,
        person.c.data_key,
    )
    .join(person, person.c.id == address.c.person_id)
    .where(listed(address.c.id), person.c.data_key.is_not(None))
)


async def destinations(connection: AsyncConnection, address_ids: Sequence[int]) -> dict[int, Destination]:
    """Return what is known of these addresses by id; those that no longer exist are left out."""
    found = await connection.execute(_QUERY, {"ids": address_ids})
    return {
        key: Destination(
            key,
            owner,
            # An address that is real where its person is not, or the reverse, is nobody's to write to.
            person_state == _THERE and state == _IN_USE and drill == person_drill,
            drill or person_drill,
            lane,
            value,
            data_key,
            heard_at,
            person_state == _THERE and state != _IN_USE,
        )
        for key, owner, state, person_state, drill, person_drill, lane, value, heard_at, data_key in found
    }
