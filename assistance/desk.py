"""Help cases as officers see them: read, answered, closed, deleted, checked and audited. Touches SQL.

Works in the caller's transaction: an answer is kept, put in line to be sent and audited together, or not at
all.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from assistance import store, thread
from assistance.errors import CaseStillOpenError, NotYourCaseError, UnreachableError
from assistance.lifecycle import CaseAct, CaseState, advance
from assistance.ports import Audit, Compose, Send
from assistance.store import CaseRow
from assistance.thread import MessageKind, ThreadMessage
from registry import addresses, people
from registry.errors import PersonUnknownError
from registry.people import PersonRow
from staff.officers import Officer, Role
from storage.clock import Clock
from storage.vault import Vault


class CaseDesk:
    """What officers may do with cases.

    Every method raises `CaseUnknownError`, and `NotYourCaseError` when the officer's role does not cover the
    case's country.
    """

    def __init__(self, vault: Vault, clock: Clock, *, send: Send, audit: Audit, compose: Compose) -> None:
        self._vault = vault
        self._clock = clock
        self._send = send
        self._audit = audit
        self._compose = compose

    async def list_open(
        self, connection: AsyncConnection, officer: Officer, *, drill: bool | None = None
    ) -> list[CaseRow]:
        """Cases this officer may see and that are not closed, waiting ones first."""
        return await store.list_open(connection, officer.countries(Role.CASE), drill=drill)

    async def list_closed(self, connection: AsyncConnection, officer: Officer) -> list[CaseRow]:
        """Closed cases this officer may see and delete, the one closed longest ago first."""
        return await store.list_closed(connection, officer.countries(Role.CASE))

    async def read(
        self, connection: AsyncConnection, officer: Officer, case_id: int
    ) -> tuple[CaseRow, list[ThreadMessage]]:
        """The case with its opened thread; looking is audited too, so this needs a writing transaction.

        Raises:
            SealError: the person was erased.
        """
        case = await self._mine(connection, officer, case_id)
        owner = await _person(connection, case)
        messages = await thread.read(connection, owner.unlocked(self._vault), case_id)
        await self._record(connection, officer, "case.read", case, self._clock.now())
        return case, messages

    async def answer(
        self, connection: AsyncConnection, officer: Officer, case_id: int, text: str, *, key: str
    ) -> CaseRow:
        """Send `text` to where the citizen last wrote from, and keep it in the thread.

        Args:
            key: unique name of this answer (of the form that was sent), so that a second try sends nothing
                more.

        Raises:
            CaseClosedError: the case is closed.
            MessageRefusedError: the text is empty or longer than 4,000 characters.
            UnreachableError: no channel reaches the person; nothing is kept.
            SealError: the person was erased.
        """
        case = await self._mine(connection, officer, case_id)
        after = advance(case.state, CaseAct.ANSWER)
        owner = await _person(connection, case)
        target = await addresses.newest(connection, case.person_id)
        if target is None or target.drill is not case.drill:
            raise UnreachableError
        person_vault, now, name = owner.unlocked(self._vault), self._clock.now(), f"case:{case.id}:{key}"
        is_new = await thread.write(
            connection,
            person_vault,
            case_id,
            author=officer.actor,
            kind=MessageKind.TEXT,
            text=text,
            key=name,
            now=now,
        )
        if not is_new:
            return case
        await store.change(connection, case_id, state=after.value, officer_id=officer.id, changed_at=now)
        await self._send(
            connection,
            self._vault,
            key=name,
            address=addresses.open_row(person_vault, target),
            lane=target.lane,
            outbound=self._compose(case, text, owner.language),
            drill=case.drill,
            now=now,
        )
        await self._record(connection, officer, "case.answer", case, now)
        return await store.get(connection, case_id)

    async def close(self, connection: AsyncConnection, officer: Officer, case_id: int) -> CaseRow:
        """Close a case; raises `CaseClosedError` when it is closed already."""
        case = await self._mine(connection, officer, case_id)
        state, now = advance(case.state, CaseAct.CLOSE), self._clock.now()
        await store.change(connection, case_id, state=state.value, changed_at=now, closed_at=now)
        await self._record(connection, officer, "case.close", case, now)
        return await store.get(connection, case_id)

    async def locate(
        self, connection: AsyncConnection, officer: Officer, case_id: int, country: str
    ) -> CaseRow:
        """Hand a case to the officers of `country` (ISO-2): the person turned out to be there."""
        case = await self._mine(connection, officer, case_id)
        now = self._clock.now()
        await store.change(connection, case_id, country=country, changed_at=now)
        await self._record(connection, officer, "case.locate", case, now)
        return await store.get(connection, case_id)

    async def delete(self, connection: AsyncConnection, officer: Officer, case_id: int) -> None:
        """Delete a closed case with its thread and pins; nobody brings it back.

        Raises:
            CaseStillOpenError: it is not closed, somebody may be waiting.
        """
        case = await self._mine(connection, officer, case_id)
        if case.state is not CaseState.CLOSED:
            raise CaseStillOpenError
        await store.remove(connection, [case.id])
        await self._record(connection, officer, "case.delete", case, self._clock.now())

    async def _mine(self, connection: AsyncConnection, officer: Officer, case_id: int) -> CaseRow:
        case = await store.locked(connection, case_id)
        if not officer.may(Role.CASE, {case.country} if case.country else ()):
            raise NotYourCaseError
        return case

    async def _record(
        self, connection: AsyncConnection, officer: Officer, action: str, case: CaseRow, now: datetime
    ) -> None:
        await self._audit(
            connection,
            at=now,
            actor=officer.actor,
            action=action,
            subject=f"case:{case.code}",
            detail={"person": case.person_id, "event": case.event_id, "drill": case.drill},
        )


async def _person(connection: AsyncConnection, case: CaseRow) -> PersonRow:
    owner = await people.get(connection, case.person_id)
    if owner is None:
        raise PersonUnknownError
    return owner
