"""What a provider says of somebody who told *it*, not us, that they want nothing more. Touches SQL only.

A telephone company's STOP closes one address: whoever has another stays protected there. Whose last way it
was has stopped altogether, and comes back by START like anybody who stopped.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from registry import changes
from registry.addresses import AddressState
from registry.lifecycle import PersonAct, PersonState
from registry.settling import enact
from registry.tables import address, person


async def record(connection: AsyncConnection, sent_at: Mapping[int, datetime | None], now: datetime) -> int:
    """The owners of these addresses told their provider to let nothing of ours through; returns how many are
    new.

    Args:
        sent_at: by address id, when the message left that was refused. Whoever wrote to us after that has
            changed their mind; None = now.
    """
    query = select(address.c.id, address.c.person_id, address.c.last_inbound_at).where(
        address.c.id.in_(sorted(sent_at)), address.c.state != AddressState.STOPPED.value
    )
    meant: defaultdict[int, list[int]] = defaultdict(list)
    for row in await connection.execute(query.order_by(address.c.id).with_for_update()):
        asked = sent_at[row.id] or now
        if row.last_inbound_at is None or row.last_inbound_at <= asked:
            meant[row.person_id].append(row.id)
    for person_id, ids in sorted(meant.items()):
        await connection.execute(
            update(address).where(address.c.id.in_(ids)).values(state=AddressState.STOPPED.value)
        )
        await _stop_if_last(connection, person_id, now)
    await changes.append(connection, sorted(meant), now)
    return sum(map(len, meant.values()))


async def _stop_if_last(connection: AsyncConnection, person_id: int, now: datetime) -> None:
    left = select(address.c.id).where(
        address.c.person_id == person_id, address.c.state != AddressState.STOPPED.value
    )
    if (await connection.execute(left.limit(1))).first() is not None:
        return
    state = select(person.c.state).where(person.c.id == person_id)
    if (await connection.execute(state)).scalar_one() in {PersonState.ACTIVE.value, PersonState.NEW.value}:
        await enact(connection, person_id, PersonAct.STOP, now)
