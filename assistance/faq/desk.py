"""What officers do with entries: write, adopt, approve, reject, retire. Touches SQL.

Works in the caller's transaction. Two officers stand for every word a citizen reads: whoever wrote or adopted
a version cannot approve it, nor can somebody whom one of them made an officer less than a day ago. Taking an
entry away needs one officer only.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from assistance.faq import store
from assistance.faq.content import FACTS, Facts, Wording, language_of
from assistance.faq.errors import ActRefusedError, EntryUnknownError, NotYourEntryError
from assistance.faq.lifecycle import RevisionAct, RevisionState, advance
from assistance.faq.store import EntryRow, RevisionRow
from assistance.ports import Audit
from staff.officers import Officer, Role
from storage.clock import Clock


class FaqDesk:
    """Acts on entries.

    Every method raises `EntryUnknownError`, and `NotYourEntryError` when the officer's role does not cover
    every country the entry is for (an entry for everywhere needs a role everywhere).
    """

    def __init__(self, clock: Clock, *, audit: Audit) -> None:
        self._clock = clock
        self._audit = audit

    async def write(
        self,
        connection: AsyncConnection,
        officer: Officer,
        slug: str,
        *,
        facts: Facts | None = None,
        wordings: dict[str, Wording] | None = None,
        origin: str = "officer",
    ) -> int:
        """Propose an entry or new versions of its parts; what is as it was stays untouched. Returns its id.

        Raises:
            ContentRefusedError: the slug or a language is none.
        """
        now = self._clock.now()
        entry_id = await store.make_entry(connection, slug, now)
        entry = await store.locked(connection, entry_id)
        await self._allow(connection, officer, Role.AUTHOR, entry, facts)
        if entry.retired_at is not None:
            await store.set_entry(connection, entry_id, retired_at=None, retired_by=None)
        parts: dict[str, Facts | Wording] = {**(wordings or {})}
        known = await self.newest(connection, entry_id, FACTS)
        if facts is not None or known is None:
            parts[FACTS] = facts or Facts()
        for part, content in parts.items():
            if part != FACTS:
                language_of(part)
            await self._propose(connection, officer, entry, part, content, origin, now)
        return entry_id

    async def adopt(self, connection: AsyncConnection, officer: Officer, revision_id: int) -> None:
        """Stand for a version that came in a file, word for word; a second officer may approve it then."""
        entry, row = await self._found(connection, officer, Role.AUTHOR, revision_id)
        after = advance(row.state, RevisionAct.ADOPT)
        await store.set_revision(connection, row.id, state=after.value, authors=[officer.id])
        await self._record(connection, officer, "faq.adopt", entry, row)

    async def approve(self, connection: AsyncConnection, officer: Officer, revision_id: int) -> None:
        """Let a version be answered with, from the next publication on.

        Raises:
            ActRefusedError: nobody stands for it yet, or the officer is one of its authors.
        """
        entry, row = await self._found(connection, officer, Role.APPROVER, revision_id)
        after, now = advance(row.state, RevisionAct.APPROVE), self._clock.now()
        if officer.id in row.authors:
            raise ActRefusedError(
                "faq_own", "You wrote or adopted this version. Somebody else must approve it."
            )
        if officer.made_by_any(row.authors, now):
            raise ActRefusedError(
                "faq_probation", "One of its authors set your sign-in less than a day ago. Ask somebody else."
            )
        await self._replace(connection, entry.id, row.part, RevisionState.APPROVED, now)
        await store.set_revision(
            connection, row.id, state=after.value, approver_id=officer.id, decided_at=now
        )
        await self._record(connection, officer, "faq.approve", entry, row)

    async def reject(self, connection: AsyncConnection, officer: Officer, revision_id: int) -> None:
        """Put a version aside for good; what was in force stays in force."""
        entry, row = await self._found(connection, officer, Role.APPROVER, revision_id)
        after, now = advance(row.state, RevisionAct.REJECT), self._clock.now()
        await store.set_revision(
            connection, row.id, state=after.value, approver_id=officer.id, decided_at=now
        )
        await self._record(connection, officer, "faq.reject", entry, row)

    async def retire(self, connection: AsyncConnection, officer: Officer, entry_id: int) -> None:
        """Answer nobody with this entry any more, from now on; either role may, alone."""
        entry = await store.locked(connection, entry_id)
        role = Role.APPROVER if officer.has(Role.APPROVER) else Role.AUTHOR
        await self._allow(connection, officer, role, entry, None)
        now = self._clock.now()
        await store.set_entry(connection, entry_id, retired_at=now, retired_by=officer.id)
        await self._record(connection, officer, "faq.retire", entry, None)

    async def newest(self, connection: AsyncConnection, entry_id: int, part: str) -> RevisionRow | None:
        """The version of a part to go on from: the one that waits, else the one in force."""
        found = await store.waiting(connection, entry_id, part)
        return found or await store.approved(connection, entry_id, part)

    async def _propose(
        self,
        connection: AsyncConnection,
        officer: Officer,
        entry: EntryRow,
        part: str,
        content: Facts | Wording,
        origin: str,
        now: datetime,
    ) -> None:
        before = await self.newest(connection, entry.id, part)
        if before is not None and before.content == content.to_json():
            return
        authors: Collection[int] = {officer.id}
        if before is not None and before.state in {RevisionState.PROPOSED, RevisionState.UNREVIEWED}:
            authors = {officer.id, *before.authors}
            await store.set_revision(
                connection, before.id, state=advance(before.state, RevisionAct.REPLACE).value, decided_at=now
            )
        made = await store.add_revision(
            connection,
            entry.id,
            part,
            content,
            state=RevisionState.PROPOSED,
            authors=authors,
            origin=origin,
            now=now,
        )
        await self._record(connection, officer, "faq.write", entry, await store.revision(connection, made))

    async def _replace(
        self, connection: AsyncConnection, entry_id: int, part: str, state: RevisionState, now: datetime
    ) -> None:
        for row in await store.in_state(connection, [state], [entry_id]):
            if row.part == part:
                after = advance(row.state, RevisionAct.REPLACE)
                await store.set_revision(connection, row.id, state=after.value, decided_at=now)

    async def _found(
        self, connection: AsyncConnection, officer: Officer, role: Role, revision_id: int
    ) -> tuple[EntryRow, RevisionRow]:
        row = await store.revision(connection, revision_id)
        entry = await store.locked(connection, row.entry_id)
        row = await store.revision(connection, revision_id)
        if entry.retired_at is not None:
            raise EntryUnknownError
        await self._allow(connection, officer, role, entry, row.facts if row.part == FACTS else None)
        return entry, row

    async def _allow(
        self,
        connection: AsyncConnection,
        officer: Officer,
        role: Role,
        entry: EntryRow,
        wanted: Facts | None,
    ) -> None:
        """The officer must cover where the entry holds now, and where it would hold."""
        known = await self.newest(connection, entry.id, FACTS)
        in_force = await store.approved(connection, entry.id, FACTS)
        held = [row.facts for row in (known, in_force) if row is not None]
        scopes = [facts.countries for facts in (*held, wanted) if facts is not None] or [()]
        if not all(officer.may(role, scope) for scope in scopes):
            raise NotYourEntryError

    async def _record(
        self,
        connection: AsyncConnection,
        officer: Officer,
        action: str,
        entry: EntryRow,
        row: RevisionRow | None,
    ) -> None:
        await self._audit(
            connection,
            at=self._clock.now(),
            actor=officer.actor,
            action=action,
            subject=f"faq:{entry.id}",
            detail={"part": row.part, "revision": row.id} if row else {},
        )
