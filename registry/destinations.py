"""Where a worker sends to: addresses with what it must check before the bytes leave. Touches SQL, reads
only."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.addresses import AddressState
from registry.lifecycle import PersonState
from registry.tables import address, person
from storage.database import MAX_PARAMETERS


@dataclass(frozen=True, slots=True)
class Destination:
    """One address as it stands now; fulfils `registry.addresses.SealedValue`.

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
    lane: bytes = field(repr=False)
    sealed_value: bytes = field(repr=False)
    sealed_key: bytes = field(repr=False)
    heard_at: datetime | None = None
    closed: bool = False


async def destinations(connection: AsyncConnection, address_ids: Sequence[int]) -> dict[int, Destination]:
    """Return what is known of these addresses by id; those that no longer exist are left out."""
    found: dict[int, Destination] = {}
    for start in range(0, len(address_ids), MAX_PARAMETERS):
        query = (
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
            .where(
                address.c.id.in_(address_ids[start : start + MAX_PARAMETERS]), person.c.data_key.is_not(None)
            )
        )
        for row in await connection.execute(query):
            there = row.person_state == PersonState.ACTIVE.value
            in_use = row.state == AddressState.ACTIVE.value
            found[row.id] = Destination(
                address_id=row.id,
                person_id=row.person_id,
                # An address that is real where its person is not, or the reverse, is nobody's to write to.
                wanted=there and in_use and row.drill == row.person_drill,
                drill=row.drill or row.person_drill,
                lane=row.lane,
                sealed_value=row.value,
                sealed_key=row.data_key,
                heard_at=row.last_inbound_at,
                closed=there and not in_use,
            )
    return found
