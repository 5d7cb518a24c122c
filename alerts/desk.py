"""The desk: what officers may do with alerts, under the two-officer rule. Touches SQL and the audit chain.

Each act is one transaction: read fresh and held, asked of every guard (`alerts.gate`), written, audited. What
takes time (which countries, how many lack a text) is found out before and held against what is read inside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import guard_draft as drafts
from alerts.dossier import LIFECYCLE, DeskAct, Dossier, Gap, Rules
from alerts.draft import Draft
from alerts.errors import AlertRefusedError, Reason
from alerts.events import open_event, read_event
from alerts.followup import FollowUp, follow_up_draft
from alerts.gaps import count_gaps
from alerts.gate import examine, objections
from alerts.headcount import AudienceCounter
from alerts.inquiry import Inquiry, Known
from alerts.lifecycle import AlertAct
from alerts.revisions import insert_alert, insert_revision, latest, sign_approved, sign_submitted
from alerts.store import AlertRow, RevisionRow, move, move_any, read_alert
from places.area import Touch
from places.region import Regions
from staff import audit
from staff.officers import Officer
from storage.clock import Clock
from storage.database import Database

MAX_REASON = 300
OUT_OF_TURN = frozenset({"state", "never_sent"})  # objections to an act whose time is not now


class Desk:
    """Drafts, approves and stops alerts for officers; every method may raise `AlertRefusedError`.

    `UnknownAlertError` is raised where there is no such alert. Nothing is changed when either is raised.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audience: AudienceCounter,
        *,
        touch: Touch,
        known: Known = lambda _name: frozenset(),
        rules: Rules | None = None,
        regions: Regions | None = None,
    ) -> None:
        """`known`: where a place of that name is known, to notice an area that lies elsewhere; `regions`:
        what is known of one, None = it is not asked."""
        self._database = database
        self._audience = audience
        self._rules = rules or Rules()
        self._inquiry = Inquiry(database, clock, touch, known, self._rules, regions)

    async def draft(self, officer: Officer, draft: Draft) -> int:
        """Begin an alert (and its event, if it names none); returns its id. The officer is its author."""
        bearings = await self._inquiry.bearings(draft)
        async with self._database.durable() as connection:
            event = None if draft.event_id is None else await read_event(connection, draft.event_id)
            corrected = None if draft.corrects is None else await read_alert(connection, draft.corrects)
            written = None if corrected is None else await latest(connection, corrected.id)
            opened = self._inquiry.opened(DeskAct.DRAFT, officer, bearings)
            opened = replace(
                opened, draft=draft, event=event, corrected=corrected, corrected_revision=written
            )
            dossier = await self._inquiry.complete(connection, opened)
            examine(dossier)
            return await self._begin(connection, dossier, draft, (dossier.officer.id,))

    async def revise(self, officer: Officer, alert_id: int, draft: Draft, *, seen: int | None = None) -> None:
        """Write a new revision; it must be submitted anew and the officer joins its authors.

        Args:
            seen: number of the revision the officer had before them; a newer one is not overwritten.
        """
        looked, old = await self._inquiry.look(alert_id)
        new = await self._inquiry.bearings(draft)
        async with self._database.durable() as connection:
            opened = self._inquiry.opened(DeskAct.REVISE, officer, new, seen=seen or looked.number)
            opened = replace(opened, draft=draft, countries=old.countries | new.countries)
            dossier = await self._inquiry.about(connection, alert_id, opened)
            examine(dossier)
            row, before = dossier.subject
            await move(connection, row, AlertAct.REVISE)
            authors = tuple(dict.fromkeys((*before.authors, dossier.officer.id)))
            await insert_revision(connection, alert_id, before.number + 1, draft, authors)
            detail = {"revision": before.number + 1, "authors": list(authors), **_source(draft)}
            await self._record(connection, dossier, "alert.revise", alert_id, detail)

    async def submit(self, officer: Officer, alert_id: int) -> None:
        """Hand the newest revision to the second officer."""
        looked, bearings = await self._inquiry.look(alert_id)
        async with self._database.durable() as connection:
            opened = self._inquiry.opened(DeskAct.SUBMIT, officer, bearings, seen=looked.number)
            dossier = await self._inquiry.about(connection, alert_id, opened)
            examine(dossier)
            row, written = dossier.subject
            await move(connection, row, AlertAct.SUBMIT)
            await sign_submitted(connection, written, dossier.officer.id, dossier.now)
            await self._record(connection, dossier, "alert.submit", alert_id, {"revision": written.number})

    async def approve(
        self, officer: Officer, alert_id: int, accepted: Mapping[str, int], *, seen: int | None = None
    ) -> None:
        """Freeze the newest revision under its digest and release it to the planner.

        Args:
            accepted: per language without a text, how many people the officer saw and accepts (`gaps`).
            seen: number of the revision the officer looked at; None trusts that it is the newest.
        """
        looked, bearings = await self._inquiry.look(alert_id)
        gaps = await count_gaps(self._database, self._audience, looked, self._rules)
        async with self._database.durable() as connection:
            opened = self._inquiry.opened(DeskAct.APPROVE, officer, bearings, seen=seen or looked.number)
            opened = replace(opened, gaps=gaps, accepted=accepted)
            dossier = await self._inquiry.about(connection, alert_id, opened)
            examine(dossier)
            row, written = dossier.subject
            await move(connection, row, AlertAct.APPROVE)
            agreed = {gap.language: gap.people for gap in gaps if accepted.get(gap.language, 0) >= gap.people}
            signed = await sign_approved(connection, written, dossier.officer.id, agreed, dossier.now)
            if signed is None or signed.digest is None:
                raise AlertRefusedError([Reason("state", "Another officer has just approved this revision.")])
            if row.corrects is not None:
                await move_any(connection, row.corrects, AlertAct.REPLACE)
            detail = {
                "revision": written.number,
                "digest": signed.digest.hex(),
                "accepted": agreed,
                "not_accepted": {gap.language: gap.people for gap in gaps if gap.language not in agreed},
            }
            await self._record(connection, dossier, "alert.approve", alert_id, detail)

    async def reject(self, officer: Officer, alert_id: int, reason: str) -> None:
        """Send a submitted alert back to its authors."""
        await self._stop(DeskAct.REJECT, officer, alert_id, reason)

    async def cancel(self, officer: Officer, alert_id: int, reason: str) -> None:
        """Stop an alert wherever it stands; copies that have not left stay here. One officer is enough."""
        await self._stop(DeskAct.CANCEL, officer, alert_id, reason)

    async def correct(self, officer: Officer, alert_id: int) -> int:
        """Begin a correction with the text prepared for it; it goes to those who got the wrong one."""
        return await self._follow_up(FollowUp.CORRECTION, officer, alert_id)

    async def all_clear(self, officer: Officer, alert_id: int) -> int:
        """Begin the end of a warning with the text prepared for it; it goes to those who got the warning."""
        return await self._follow_up(FollowUp.ALL_CLEAR, officer, alert_id)

    async def possible(
        self, officer: Officer, row: AlertRow, written: RevisionRow, gaps: Sequence[Gap]
    ) -> dict[DeskAct, tuple[Reason, ...]]:
        """What could be done next with an alert, and what is objected to each act: if the officer did it now,
        accepted every gap and gave a reason."""
        bearings = await self._inquiry.bearings(written)
        agreed = {gap.language: gap.people for gap in gaps}
        found = {}
        async with self._database.read() as connection:
            for act in (*LIFECYCLE, DeskAct.FOLLOW_UP):
                opened = self._inquiry.opened(act, officer, bearings, seen=written.number, reason="a reason")
                opened = replace(opened, alert=row, revision=written, gaps=tuple(gaps), accepted=agreed)
                found[act] = objections(await self._inquiry.complete(connection, opened))
        return {act: why for act, why in found.items() if not OUT_OF_TURN & {one.code for one in why}}

    async def misplaced(self, draft: Draft) -> Reason | None:
        """What is wrong with where the area of a draft lies, before anybody saves it."""
        bearings = await self._inquiry.bearings(draft)
        return drafts.unknown_in(bearings) or drafts.swap_in(bearings)

    async def gaps(self, alert_id: int) -> list[Gap]:
        """People per language who would get the newest revision in another language, most first."""
        async with self._database.read() as connection:
            written = await latest(connection, alert_id)
        return list(await count_gaps(self._database, self._audience, written, self._rules))

    async def _stop(self, act: DeskAct, officer: Officer, alert_id: int, reason: str) -> None:
        looked, bearings = await self._inquiry.look(alert_id)
        async with self._database.durable() as connection:
            opened = self._inquiry.opened(act, officer, bearings, seen=looked.number, reason=reason)
            dossier = await self._inquiry.about(connection, alert_id, opened)
            examine(dossier)
            row, written = dossier.subject
            stamps = {"cancelled_at": dossier.now, "cancelled_by": dossier.officer.id}
            await move(connection, row, LIFECYCLE[act], **(stamps if act is DeskAct.CANCEL else {}))
            detail = {
                "revision": written.number,
                "was": row.state.value,
                "reason": reason.strip()[:MAX_REASON],
            }
            await self._record(connection, dossier, f"alert.{act}", alert_id, detail)

    async def _follow_up(self, kind: FollowUp, officer: Officer, alert_id: int) -> int:
        _, bearings = await self._inquiry.look(alert_id)
        async with self._database.durable() as connection:
            opened = self._inquiry.opened(DeskAct.FOLLOW_UP, officer, bearings)
            dossier = await self._inquiry.about(connection, alert_id, opened)
            examine(dossier)
            row, written = dossier.subject
            draft = follow_up_draft(kind, row, written, dossier.now, self._rules.longest)
            # Its words are those of the first alert's authors: they stay authors of what they wrote.
            authors = tuple(dict.fromkeys((*written.authors, dossier.officer.id)))
            return await self._begin(connection, dossier, draft, authors)

    async def _begin(
        self, connection: AsyncConnection, dossier: Dossier, draft: Draft, authors: tuple[int, ...]
    ) -> int:
        event_id = draft.event_id
        if event_id is None:
            opened = await open_event(connection, title=draft.event_title, drill=draft.drill, now=dossier.now)
            event_id = opened.id
        by, now = dossier.officer.id, dossier.now
        alert_id = await insert_alert(connection, draft, event_id=event_id, officer_id=by, now=now)
        await insert_revision(connection, alert_id, 1, draft, authors)
        detail = {
            "event": event_id,
            "status": draft.status.value,
            "corrects": draft.corrects,
            **_source(draft),
        }
        await self._record(connection, dossier, "alert.draft", alert_id, {**detail, "authors": list(authors)})
        return alert_id

    async def _record(
        self,
        connection: AsyncConnection,
        dossier: Dossier,
        action: str,
        alert_id: int,
        detail: Mapping[str, Any],
    ) -> None:
        await audit.append(
            connection,
            at=dossier.now,
            actor=dossier.officer.actor,
            action=action,
            subject=f"alert:{alert_id}",
            detail=detail,
        )


def _source(draft: Draft) -> dict[str, str]:
    return {"source": draft.source.identifier[:120]} if draft.source else {}
