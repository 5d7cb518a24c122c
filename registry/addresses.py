"""Ways to reach a person: their channels in their own order. Touches SQL; values stay sealed until sending.

Ids are random and made here, because a value is sealed for its row before the row exists.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import Address, Channel
from registry import changes
from registry.identity import new_id
from registry.tables import address
from storage.listed import listed
from storage.vault import PersonVault, Place, Vault


class AddressState(StrEnum):
    """Whether a message may go there."""

    ACTIVE = "active"
    GONE = "gone"  # the provider says it does not exist for us any more; writing from it proves the contrary
    STOPPED = "stopped"  # the person does not want this one used; only they take it back


@dataclass(frozen=True, slots=True)
class AddressRow:
    """One address of one person. `rank` is the person's own order, 0 first."""

    id: int
    person_id: int
    channel: Channel
    account: str
    state: AddressState
    rank: int
    drill: bool
    last_inbound_at: datetime | None
    lane: bytes = field(repr=False)
    value: bytes = field(repr=False)  # sealed


class SealedValue(Protocol):
    """What is needed to open an address: `registry.destinations.Destination` is one."""

    @property
    def person_id(self) -> int: ...
    @property
    def address_id(self) -> int: ...
    @property
    def sealed_value(self) -> bytes: ...
    @property
    def sealed_key(self) -> bytes: ...


COLUMNS = tuple(address.c[name] for name in AddressRow.__slots__)


def row_of(found: Sequence[Any]) -> AddressRow:
    """An `AddressRow` from the values of `COLUMNS`, in that order."""
    values = dict(zip(AddressRow.__slots__, found, strict=True))
    values["channel"] = Channel(values["channel"])
    values["state"] = AddressState(values["state"])
    return AddressRow(**values)


def place_of(address_id: int) -> Place:
    """Where an address's value is sealed for."""
    return Place("address", "value", str(address_id))


def open_value(vault: Vault, row: SealedValue) -> str:
    """The provider's name for the recipient, for a worker about to send; about 10 microseconds.

    Raises:
        SealError: the person was erased, or the value belongs to another row.
    """
    return vault.person(row.person_id, row.sealed_key).open_text(row.sealed_value, place_of(row.address_id))


def open_row(person_vault: PersonVault, row: AddressRow) -> Address:
    """The address in the clear; raises `SealError` when it is another person's."""
    return Address(row.channel, row.account, person_vault.open_text(row.value, place_of(row.id)))


async def add(
    connection: AsyncConnection,
    person_vault: PersonVault,
    person_id: int,
    new: Address,
    lane: bytes,
    *,
    drill: bool,
    now: datetime,
    heard: bool = True,
) -> AddressRow:
    """Give a person one more address, last in their order.

    Args:
        heard: they are writing from it now; False where nobody can.

    Raises:
        sqlalchemy.exc.IntegrityError: the lane belongs to somebody already; look it up first.
    """
    last = select(func.max(address.c.rank)).where(address.c.person_id == person_id)
    rank = (await connection.execute(last)).scalar_one_or_none()
    address_id = new_id()
    row = AddressRow(
        id=address_id,
        person_id=person_id,
        channel=new.channel,
        account=new.account,
        state=AddressState.ACTIVE,
        rank=0 if rank is None else rank + 1,
        drill=drill,
        last_inbound_at=now if heard else None,
        lane=lane,
        value=person_vault.seal_text(new.value, place_of(address_id)),
    )
    values = {name: getattr(row, name) for name in AddressRow.__slots__}
    await connection.execute(insert(address).values(**values, created_at=now))
    await changes.append(connection, [person_id], now)
    return row


async def of_person(connection: AsyncConnection, person_id: int) -> list[AddressRow]:
    """Every address of a person, in their order."""
    query = select(*COLUMNS).where(address.c.person_id == person_id).order_by(address.c.rank, address.c.id)
    return [row_of(row) for row in await connection.execute(query)]


async def newest(connection: AsyncConnection, person_id: int) -> AddressRow | None:
    """Where the person last wrote from, gone ones left out: the place for an answer to what they wrote."""
    query = (
        select(*COLUMNS)
        .where(address.c.person_id == person_id, address.c.state != AddressState.GONE.value)
        .order_by(address.c.last_inbound_at.is_(None), address.c.last_inbound_at.desc(), address.c.rank)
        .limit(1)
    )
    row = (await connection.execute(query)).first()
    return row_of(row) if row else None


async def mark_gone(connection: AsyncConnection, address_ids: Collection[int], now: datetime) -> int:
    """Remember that providers said these addresses are gone; return how many were in use until now.

    A stopped one stays stopped: a gone one comes back with the first word from there, and only START may do
    that.
    """
    return await _mark_gone(connection, listed(address.c.id), {"ids": list(address_ids)}, now)


async def mark_lanes_gone(connection: AsyncConnection, lanes: Collection[bytes], now: datetime) -> int:
    """As `mark_gone`, for whoever knows lanes instead of ids, at most `MAX_PARAMETERS`."""
    return await _mark_gone(connection, address.c.lane.in_(lanes), {}, now)


async def mark_working(connection: AsyncConnection, address_ids: Collection[int], now: datetime) -> None:
    """A message arrived there after all: what was thought gone is in use again. What was stopped stays so."""
    back = await connection.execute(
        update(address)
        .where(address.c.id.in_(address_ids), address.c.state == AddressState.GONE.value)
        .values(state=AddressState.ACTIVE.value)
        .returning(address.c.person_id)
    )
    await changes.append(connection, sorted(set(back.scalars())), now)


async def by_lanes(connection: AsyncConnection, lanes: Collection[bytes]) -> dict[bytes, int]:
    """The ids of the addresses with these lanes, at most `MAX_PARAMETERS`."""
    query = select(address.c.lane, address.c.id).where(address.c.lane.in_(lanes))
    return {row.lane: row.id for row in await connection.execute(query)}


async def by_lane(connection: AsyncConnection, lane: bytes) -> int | None:
    """The id of the address with this lane."""
    return (await connection.execute(select(address.c.id).where(address.c.lane == lane))).scalar_one_or_none()


async def rename(
    connection: AsyncConnection,
    person_vault: PersonVault,
    address_id: int,
    new_value: str,
    new_lane: bytes,
) -> bool:
    """Follow an address to its provider's new name for it; False when the new name is known already.

    The old row is then left as it is: the new one reaches the same people.
    """
    taken = (await connection.execute(select(address.c.id).where(address.c.lane == new_lane))).first()
    if taken is not None:
        return False
    sealed = person_vault.seal_text(new_value, place_of(address_id))
    result = await connection.execute(
        update(address).where(address.c.id == address_id).values(value=sealed, lane=new_lane)
    )
    return result.rowcount == 1


async def _mark_gone(
    connection: AsyncConnection, which: ColumnElement[bool], values: Mapping[str, Any], now: datetime
) -> int:
    marked = (
        update(address)
        .where(which, address.c.state == AddressState.ACTIVE.value)
        .values(state=AddressState.GONE.value)
        .returning(address.c.person_id)
    )
    people = (await connection.execute(marked, values)).scalars().all()
    await changes.append(connection, sorted(set(people)), now)
    return len(people)
