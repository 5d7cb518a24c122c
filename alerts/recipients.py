"""The people of one batch as a sender needs them. Touches `delivery` and, through `registry`, their
addresses."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.checkins import SILENCED
from alerts.delivery import DeliveryState
from alerts.tables import checkin, delivery
from registry.addresses import open_value
from registry.destinations import Destination, destinations
from storage.errors import SealError
from storage.listed import listed
from storage.vault import Vault

UNWANTED = "stopped"  # they want nothing from us any more
SPARED = "spared"  # an officer recorded what stops every automatic message
GONE = "gone"  # the address went out of use since this delivery was written


class Recipient(NamedTuple):
    """One delivery and where it goes; `destination` is None when the address was erased meanwhile.

    A tuple, because one is made for every message.

    Attributes:
        spared: they are in hospital, detained or dead, or an officer closed their case.
        shut_at: an earlier copy of the same warning left for this address then and came back, since only a
            template may open the conversation (`alerts.progress.History.shut`); None = there was none.
    """

    delivery: int
    person_id: int
    address_id: int
    rung: int
    language: str
    state: DeliveryState
    drill: bool
    destination: Destination | None
    spared: bool = False
    shut_at: datetime | None = None

    @property
    def heard_at(self) -> datetime | None:
        """When they last wrote from there, as far as it opens a conversation; None = a template must."""
        heard_at = self.destination.heard_at if self.destination else None
        if heard_at is None or (self.shut_at is not None and heard_at <= self.shut_at):
            return None
        return heard_at

    def refusal(self, *, drill: bool) -> str:
        """Return why this person must not be sent to, "" = they may.

        `GONE` alone says nothing of the person, who may have another address.

        Args:
            drill: whether the alert is one.
        """
        if self.destination is None:
            return "erased"
        # A drill never reaches a real address, nor a real alert a simulated one, whatever made this row.
        if self.destination.drill != drill or self.drill != drill:
            return "drill_guard"
        if self.spared:
            return SPARED
        if self.destination.closed:
            return GONE
        return "" if self.destination.wanted else UNWANTED

    def value(self, vault: Vault) -> str:
        """The provider's name for them.

        Raises:
            SealError: the person was erased meanwhile.
        """
        if self.destination is None:
            raise SealError("this person was erased")
        return open_value(vault, self.destination)


_STATES = {state.value: state for state in DeliveryState}
_ROWS = select(
    delivery.c.id,
    delivery.c.person_id,
    delivery.c.address_id,
    delivery.c.rung,
    delivery.c.language,
    delivery.c.state,
    delivery.c.drill,
    exists().where(checkin.c.person_id == delivery.c.person_id, SILENCED),
).where(listed(delivery.c.id))
_EARLIER = delivery.alias()
_SHUT = (
    select(delivery.c.id, func.max(func.coalesce(_EARLIER.c.attempted_at, _EARLIER.c.created_at)))
    .join(
        _EARLIER,
        and_(
            _EARLIER.c.revision_id == delivery.c.revision_id,
            _EARLIER.c.person_id == delivery.c.person_id,
            _EARLIER.c.address_id == delivery.c.address_id,
            _EARLIER.c.rung < delivery.c.rung,
        ),
    )
    .where(listed(delivery.c.id))
    .group_by(delivery.c.id)
)


async def recipients(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, Recipient]:
    """Read deliveries by id, at most a batch of them."""
    rows = (await connection.execute(_ROWS, {"ids": ids})).all()
    known = await destinations(connection, [row.address_id for row in rows])
    later = [row.id for row in rows if row.rung]  # nothing went out before a first rung
    shut: dict[int, datetime] = {}
    if later:
        shut.update({row[0]: row[1] for row in await connection.execute(_SHUT, {"ids": later})})
    return {
        key: Recipient(
            key,
            person,
            address,
            rung,
            language,
            _STATES[state],
            drill,
            known.get(address),
            spared,
            shut.get(key),
        )
        for key, person, address, rung, language, state, drill, spared in rows
    }


async def nearest(connection: AsyncConnection, revision_id: int, limit: int) -> list[int]:
    """The people nearest to what a revision warns of, among those it is sent to; ids of the
    first 5,000 are in that order."""
    query = (
        select(delivery.c.person_id)
        .where(delivery.c.revision_id == revision_id, delivery.c.rung == 0)
        .order_by(delivery.c.id)
        .limit(limit)
    )
    return list((await connection.execute(query)).scalars())
