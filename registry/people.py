"""Persons: an id, a language, a consent, found by the lane they write on. Touches SQL only.

Every function works in the caller's transaction. A person's own data key is made here and sealed with the
ministry's; what is personal hangs on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import Address
from registry import addresses, changes
from registry.addresses import AddressRow, AddressState
from registry.identity import new_id
from registry.lifecycle import PersonAct, PersonState
from registry.settling import enact, settle
from registry.tables import address, person
from storage.vault import PersonVault, Vault


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One registration.

    Attributes:
        language: BCP 47 tag; guessed until `language_chosen`.
        consent_version: of the notice the person agreed to; None = not yet.
        drill: a simulated person: only drills reach them.
        merged_into: the registration that took this one over.
        data_key: sealed; None once erased or merged.
    """

    id: int
    state: PersonState
    language: str
    language_chosen: bool
    consent_version: str | None
    consent_at: datetime | None
    drill: bool
    merged_into: int | None
    created_at: datetime
    data_key: bytes | None = field(repr=False)

    def unlocked(self, vault: Vault) -> PersonVault:
        """What seals and opens this person's data; raises `SealError` once they were erased."""
        return vault.person(self.id, self.data_key)


COLUMNS = tuple(person.c[name] for name in PersonRow.__slots__)


def row_of(found: Sequence[Any]) -> PersonRow:
    """A `PersonRow` from the values of `COLUMNS`, in that order."""
    values = dict(zip(PersonRow.__slots__, found, strict=True))
    values["state"] = PersonState(values["state"])
    return PersonRow(**values)


async def find(connection: AsyncConnection, lane: bytes) -> tuple[PersonRow, AddressRow] | None:
    """Who writes on `lane` (blind index of channel, account and value), and the address they write from."""
    query = (
        select(*COLUMNS, *addresses.COLUMNS)
        .join(address, address.c.person_id == person.c.id)
        .where(address.c.lane == lane)
    )
    row = (await connection.execute(query)).first()
    return (row_of(row[: len(COLUMNS)]), addresses.row_of(row[len(COLUMNS) :])) if row else None


async def get(connection: AsyncConnection, person_id: int) -> PersonRow | None:
    """One person by id, in whatever state."""
    row = (await connection.execute(select(*COLUMNS).where(person.c.id == person_id))).first()
    return row_of(row) if row else None


async def create(
    connection: AsyncConnection,
    vault: Vault,
    new: Address,
    lane: bytes,
    *,
    language: str,
    drill: bool,
    now: datetime,
) -> tuple[PersonRow, AddressRow]:
    """Register somebody who writes for the first time, with a random id and a data key of their own.

    Args:
        language: a guess, until `choose_language`.

    Raises:
        sqlalchemy.exc.IntegrityError: the lane is known already; `find` first.
    """
    person_id = new_id()
    row = PersonRow(
        id=person_id,
        state=PersonState.NEW,
        language=language,
        language_chosen=False,
        consent_version=None,
        consent_at=None,
        drill=drill,
        merged_into=None,
        created_at=now,
        data_key=vault.new_person_key(person_id),
    )
    values = {name: getattr(row, name) for name in PersonRow.__slots__}
    await connection.execute(insert(person).values(**values, changed_at=now))
    own = await addresses.add(connection, row.unlocked(vault), person_id, new, lane, drill=drill, now=now)
    return row, own


async def choose_language(connection: AsyncConnection, person_id: int, language: str, now: datetime) -> None:
    """Keep the language (BCP 47) the person asked for."""
    await connection.execute(
        update(person)
        .where(person.c.id == person_id)
        .values(language=language, language_chosen=True, changed_at=now)
    )
    await changes.append(connection, [person_id], now)


async def consent(connection: AsyncConnection, person_id: int, version: str, now: datetime) -> PersonState:
    """The person agreed to `version` of the notice (at most 20 characters); return their state now."""
    await connection.execute(
        update(person)
        .where(person.c.id == person_id)
        .values(consent_version=version, consent_at=now, changed_at=now)
    )
    return await settle(connection, person_id, now)


async def stop(connection: AsyncConnection, person_id: int, now: datetime) -> PersonState:
    """The person wants no more warnings; their data stays until they ask for erasure.

    Raises:
        ActRefusedError: merged or erased already.
        PersonUnknownError: there is no such person.
    """
    return await enact(connection, person_id, PersonAct.STOP, now)


async def resume(connection: AsyncConnection, person_id: int, lane: bytes, now: datetime) -> PersonState:
    """The person wants warnings again, on the address they write from; active at once if nothing is missing.

    Raises:
        ActRefusedError: merged or erased already.
        PersonUnknownError: there is no such person.
    """
    await enact(connection, person_id, PersonAct.RESUME, now)
    await connection.execute(
        update(address)
        .where(address.c.person_id == person_id, address.c.lane == lane)
        .values(state=AddressState.ACTIVE.value)
    )
    await changes.append(connection, [person_id], now)
    return await settle(connection, person_id, now)


async def note_heard(connection: AsyncConnection, lane: bytes, now: datetime) -> None:
    """Somebody wrote on `lane`: remember when, and that the address works if it was thought gone."""
    back = await connection.execute(
        update(address)
        .where(address.c.lane == lane, address.c.state == AddressState.GONE.value)
        .values(state=AddressState.ACTIVE.value)
        .returning(address.c.person_id)
    )
    await changes.append(connection, list(back.scalars()), now)
    await connection.execute(update(address).where(address.c.lane == lane).values(last_inbound_at=now))
