"""Moves a registration along its lifecycle and tells the change feed. Touches SQL only."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from registry import changes
from registry.errors import PersonUnknownError
from registry.lifecycle import PersonAct, PersonState, advance
from registry.tables import address, person, whereabouts


async def lock(connection: AsyncConnection, person_id: int) -> PersonState:
    """Hold this person until the caller's transaction ends and return the state they are in.

    SQLite has one writer already; on PostgreSQL the row is locked, so that two channels of one person take
    turns.

    Raises:
        PersonUnknownError: there is no such person.
    """
    query = select(person.c.state).where(person.c.id == person_id).with_for_update()
    state = (await connection.execute(query)).scalar_one_or_none()
    if state is None:
        raise PersonUnknownError
    return PersonState(state)


async def lock_whole(connection: AsyncConnection, person_ids: Collection[int]) -> None:
    """Hold these people with all their addresses, for what touches both.

    Addresses first and in one order: a step that noted "they wrote" holds its address before it asks for the
    person, and two that wait for each other would both be lost.

    Raises:
        PersonUnknownError: one of them does not exist.
    """
    query = select(address.c.id).where(address.c.person_id.in_(person_ids))
    (await connection.execute(query.order_by(address.c.id).with_for_update())).all()
    for person_id in sorted(person_ids):
        await lock(connection, person_id)


async def enact(connection: AsyncConnection, person_id: int, act: PersonAct, now: datetime) -> PersonState:
    """Carry out `act` and return the state after it.

    Raises:
        ActRefusedError: the lifecycle has no such step.
        PersonUnknownError: there is no such person.
    """
    before = await lock(connection, person_id)
    after = advance(before, act)
    if after is not before:
        await connection.execute(
            update(person).where(person.c.id == person_id).values(state=after.value, changed_at=now)
        )
        await changes.append(connection, [person_id], now)
    return after


async def settle(connection: AsyncConnection, person_id: int, now: datetime) -> PersonState:
    """Protect somebody new as soon as they consented and a place is known; return the state they are in.

    Raises:
        PersonUnknownError: there is no such person.
    """
    state = await lock(connection, person_id)
    if state is not PersonState.NEW:
        return state
    placed = exists().where(whereabouts.c.person_id == person_id)
    query = select(person.c.id).where(person.c.id == person_id, person.c.consent_version.is_not(None), placed)
    if (await connection.execute(query)).first() is None:
        return state
    return await enact(connection, person_id, PersonAct.PROTECT, now)
