"""Help cases as the citizen's side sees them: asked for, written to, moved, merged, erased. Touches SQL only.

Works in the caller's transaction. The officers' side is `assistance.desk`.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from assistance import store, thread
from assistance.errors import CaseClosedError, CaseUnknownError
from assistance.lifecycle import CaseAct, CaseState, advance
from assistance.ports import Audit
from assistance.store import CaseRow
from assistance.thread import MessageKind
from bot.messages import Pin
from registry import settling
from registry.merging import Merged
from storage.vault import PersonVault


async def open_case(
    connection: AsyncConnection,
    *,
    person_id: int,
    event_id: int | None,
    country: str,
    drill: bool,
    key: str,
    now: datetime,
    audit: Audit,
) -> CaseRow:
    """Open a case for somebody who needs help and return it; or return the one they have.

    A case of the same person and event that is not closed is used again, and `key` (of what they did) opens
    one case only, however often it is tried and whatever became of that case.

    Args:
        country: ISO 3166-1 alpha-2 of where they are, "" = unknown: only officers for everywhere see those.

    Raises:
        PersonUnknownError: there is no such person.
    """
    await settling.lock(connection, person_id)  # two channels of one person take turns
    case_id = store.case_id_of(key)
    try:
        return await store.get(connection, case_id)
    except CaseUnknownError:
        pass
    for case in await store.unclosed(connection, person_id):
        if case.event_id == event_id:
            return case
    case = CaseRow(
        id=case_id,
        code=await store.free_code(connection),
        event_id=event_id,
        person_id=person_id,
        country=country,
        drill=drill,
        state=CaseState.OPEN,
        officer_id=None,
        opened_at=now,
        changed_at=now,
        closed_at=None,
    )
    await store.insert_case(connection, case)
    await audit(
        connection,
        at=now,
        actor="citizen",
        action="case.open",
        subject=f"case:{case.code}",
        detail={"person": person_id, "event": event_id, "drill": drill},
    )
    return case


async def current(connection: AsyncConnection, person_id: int) -> CaseRow | None:
    """The case to which what the person writes belongs: the unclosed one that changed last."""
    cases = await store.unclosed(connection, person_id)
    return cases[0] if cases else None


async def add_message(
    connection: AsyncConnection,
    person_vault: PersonVault,
    case_id: int,
    author: str,
    kind: MessageKind,
    text: str,
    *,
    key: str,
    now: datetime,
) -> bool:
    """Add what the citizen wrote (the case waits for an officer again) or what the system notes.

    Returns:
        False when `key` is there already; then nothing changed.

    Raises:
        CaseClosedError, CaseUnknownError: there is nothing to add to; open a new case.
        MessageRefusedError: empty, too long, or no position.
    """
    case = await store.locked(connection, case_id)
    if case.state is CaseState.CLOSED:
        raise CaseClosedError
    is_new = await thread.write(
        connection, person_vault, case_id, author=author, kind=kind, text=text, key=key, now=now
    )
    if is_new and author == thread.CITIZEN:
        state = advance(case.state, CaseAct.WRITE)
        await store.change(connection, case_id, state=state.value, changed_at=now)
    return is_new


async def add_pin(
    connection: AsyncConnection, person_vault: PersonVault, case_id: int, pin: Pin, *, key: str, now: datetime
) -> bool:
    """Add the exact position the citizen shared for help; as `add_message`."""
    return await add_message(
        connection,
        person_vault,
        case_id,
        thread.CITIZEN,
        MessageKind.PIN,
        thread.pin_text(pin),
        key=key,
        now=now,
    )


async def locate(connection: AsyncConnection, case_id: int, country: str, now: datetime) -> None:
    """The person said where they are: from now on that country's officers see the case."""
    await store.change(connection, case_id, country=country, changed_at=now)


async def carry(connection: AsyncConnection, merged: Merged) -> None:
    """Take the cases of an absorbed registration to the survivor (a `registry.merging.Carry`)."""
    for case_id in await store.ids_of_person(connection, merged.absorbed_id):
        await thread.reseal(connection, case_id, merged.absorbed_vault, merged.survivor_vault)
        await store.change(connection, case_id, person_id=merged.survivor_id)


async def forget(connection: AsyncConnection, person_id: int) -> None:
    """Delete every case of a person who is being erased (a `registry.erasure.Forget`)."""
    await store.remove(connection, await store.ids_of_person(connection, person_id))
