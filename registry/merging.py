"""Makes one registration of two that belong to one person. Touches SQL; re-seals what changes hands.

The older registration survives and the newer one's addresses, places and phone move to it: alerts, answers
and cases already know the older id, and the audit chain with them. What had been sealed with the newer one's
data key is opened and sealed anew; then that key is destroyed and the newer id remains as a signpost
(`merged_into`), so that erasing the survivor also erases both of its names.

What stands afterwards: of two bases the one confirmed last; all trips and watched countries; whatever either
was asked; of two phones the one given last; a chosen language before a guessed one, the survivor's first; the
newest consent. If one of the two had said STOP, the person stays warned on the other's channels and the
stopped one's addresses stay stopped.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from registry import addresses, changes, phones
from registry import whereabouts as places_of
from registry.addresses import AddressState
from registry.errors import MergeRefusedError, PersonUnknownError
from registry.lifecycle import PersonAct, PersonState
from registry.people import PersonRow, get
from registry.settling import enact, lock_whole, settle
from registry.tables import address, link_code, person, phone, prompt, watch, whereabouts
from registry.whereabouts import WhereaboutsKind
from storage.vault import PersonVault, Vault

LIVING = {PersonState.NEW, PersonState.ACTIVE, PersonState.STOPPED}


@dataclass(frozen=True, slots=True)
class Merged:
    """Two that became one; both vaults still open what was theirs while `Carry` callables run."""

    survivor_id: int
    absorbed_id: int
    survivor_vault: PersonVault
    absorbed_vault: PersonVault
    at: datetime


Carry = Callable[[AsyncConnection, Merged], Awaitable[None]]
"""Takes another folder's data from the absorbed person to the survivor, in the same transaction."""


async def merge(
    connection: AsyncConnection,
    vault: Vault,
    one_id: int,
    other_id: int,
    now: datetime,
    carry: Sequence[Carry] = (),
) -> Merged:
    """Merge two registrations; the order of the two ids does not matter.

    Raises:
        MergeRefusedError: they are the same, one is merged or erased already, or only one is a drill.
        PersonUnknownError: one does not exist.
    """
    if one_id == other_id:
        raise MergeRefusedError("same", "This is one registration already.")
    await lock_whole(connection, {one_id, other_id})
    pair = [
        row for row in (await get(connection, one_id), await get(connection, other_id)) if row is not None
    ]
    if len(pair) != 2:
        raise PersonUnknownError
    if any(row.state not in LIVING for row in pair):
        raise MergeRefusedError("ended", "One of the two registrations has ended.")
    if pair[0].drill is not pair[1].drill:
        raise MergeRefusedError("drill", "A drill registration and a real one never become one.")
    survivor, absorbed = sorted(pair, key=lambda row: (row.created_at, row.id))
    merged = Merged(survivor.id, absorbed.id, survivor.unlocked(vault), absorbed.unlocked(vault), now)
    await _carry_addresses(connection, merged, survivor, absorbed)
    await _carry_places(connection, merged)
    await _carry_phone(connection, vault, merged)
    await _carry_wishes(connection, merged)
    for take in carry:
        await take(connection, merged)
    await _become_one(connection, survivor, absorbed, now)
    return merged


async def _carry_addresses(
    connection: AsyncConnection, merged: Merged, survivor: PersonRow, absorbed: PersonRow
) -> None:
    for stopped, other in ((survivor, absorbed), (absorbed, survivor)):
        if stopped.state is PersonState.STOPPED and other.state is not PersonState.STOPPED:
            await connection.execute(
                update(address)
                .where(address.c.person_id == stopped.id, address.c.state == AddressState.ACTIVE.value)
                .values(state=AddressState.STOPPED.value)
            )
    rank = max((row.rank for row in await addresses.of_person(connection, survivor.id)), default=-1)
    for row in await addresses.of_person(connection, absorbed.id):
        rank += 1
        plain = addresses.open_row(merged.absorbed_vault, row).value
        sealed = merged.survivor_vault.seal_text(plain, addresses.place_of(row.id))
        await connection.execute(
            update(address)
            .where(address.c.id == row.id)
            .values(person_id=survivor.id, value=sealed, rank=rank)
        )


async def _carry_places(connection: AsyncConnection, merged: Merged) -> None:
    mine = await places_of.of_person(connection, merged.survivor_id)
    theirs = await places_of.of_person(connection, merged.absorbed_id)
    bases = [row for row in (*mine, *theirs) if row.kind is not WhereaboutsKind.TRIP and row.valid_to is None]
    newest = max(bases, key=lambda row: row.confirmed_at, default=None)
    for row in theirs:
        label = places_of.label_of(merged.absorbed_vault, row)
        sealed = merged.survivor_vault.seal_text(label, places_of.place_of(row.id)) if label else None
        await connection.execute(
            update(whereabouts)
            .where(whereabouts.c.id == row.id)
            .values(person_id=merged.survivor_id, label=sealed)
        )
    for row in bases:
        if row is not newest:
            await connection.execute(
                update(whereabouts).where(whereabouts.c.id == row.id).values(valid_to=merged.at)
            )


async def _carry_phone(connection: AsyncConnection, vault: Vault, merged: Merged) -> None:
    given = {
        row.person_id: row.created_at
        for row in await connection.execute(
            select(phone.c.person_id, phone.c.created_at).where(
                phone.c.person_id.in_([merged.survivor_id, merged.absorbed_id])
            )
        )
    }
    theirs = given.get(merged.absorbed_id)
    mine = given.get(merged.survivor_id)
    if theirs is not None and (mine is None or theirs > mine):
        number = await phones.of_person(connection, merged.absorbed_vault, merged.absorbed_id)
        if number is not None:
            await phones.save(connection, vault, merged.survivor_vault, merged.survivor_id, number, theirs)
    await connection.execute(delete(phone).where(phone.c.person_id == merged.absorbed_id))


async def _carry_wishes(connection: AsyncConnection, merged: Merged) -> None:
    mine = select(watch.c.country).where(watch.c.person_id == merged.survivor_id)
    theirs = watch.c.person_id == merged.absorbed_id
    await connection.execute(delete(watch).where(theirs, watch.c.country.in_(mine)))
    for table in (watch, prompt):
        await connection.execute(
            update(table).where(table.c.person_id == merged.absorbed_id).values(person_id=merged.survivor_id)
        )


async def _become_one(
    connection: AsyncConnection, survivor: PersonRow, absorbed: PersonRow, now: datetime
) -> None:
    both = (survivor, absorbed)
    willing = [row for row in both if row.state is not PersonState.STOPPED] or list(both)
    agreed = [row for row in willing if row.consent_version and row.consent_at]
    consent = max(agreed, key=lambda row: row.consent_at or row.created_at, default=None)
    speaker = next((row for row in both if row.language_chosen), survivor)
    await connection.execute(
        update(person)
        .where(person.c.id == survivor.id)
        .values(
            language=speaker.language,
            language_chosen=speaker.language_chosen,
            consent_version=consent.consent_version if consent else None,
            consent_at=consent.consent_at if consent else None,
            changed_at=now,
        )
    )
    await enact(connection, absorbed.id, PersonAct.MERGE, now)
    await connection.execute(
        update(person)
        .where(person.c.id == absorbed.id)
        .values(merged_into=survivor.id, data_key=None, consent_version=None, consent_at=None)
    )
    await connection.execute(
        update(person).where(person.c.merged_into == absorbed.id).values(merged_into=survivor.id)
    )
    # Somebody else who typed one of their codes still waits for their word.
    mine = link_code.c.person_id == survivor.id
    waiting = mine & link_code.c.claimed_by.is_not(None) & link_code.c.used_at.is_(None)
    both_ids = link_code.c.person_id.in_([survivor.id, absorbed.id])
    await connection.execute(delete(link_code).where(both_ids, ~waiting))
    if survivor.state is PersonState.STOPPED and absorbed.state is not PersonState.STOPPED:
        await enact(connection, survivor.id, PersonAct.RESUME, now)
    await settle(connection, survivor.id, now)
    await changes.append(connection, [survivor.id, absorbed.id], now)
