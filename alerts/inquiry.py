"""Gathers what guards look at: the alert as it stands, its countries, officers as they are now. Reads SQL."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.dossier import Bearings, DeskAct, Dossier, Rules
from alerts.draft import Draft
from alerts.revisions import latest
from alerts.store import RevisionRow, read_alert
from places.area import Area, Touch, readings
from places.region import Regions
from staff import officers
from staff.officers import Officer
from storage.clock import Clock
from storage.database import Database

Known = Callable[[str], frozenset[str]]
"""The countries (ISO 3166-1 alpha-2) in which a place of that name is known; none for other words."""


class Inquiry:
    """Makes dossiers; it decides nothing."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        touch: Touch,
        known: Known,
        rules: Rules,
        regions: Regions | None = None,
    ) -> None:
        """`regions`: what is known of them; None = nothing, and none is called unknown."""
        self._database = database
        self._clock = clock
        self._touch = touch
        self._known = known
        self._regions = regions
        self._rules = rules

    async def look(self, alert_id: int) -> tuple[RevisionRow, Bearings]:
        """The newest revision of an alert and where its area lies; outside any transaction of ours."""
        async with self._database.read() as connection:
            written = await latest(connection, alert_id)
        return written, await self.bearings(written)

    async def bearings(self, content: Draft | RevisionRow) -> Bearings:
        """Where the area of a draft or revision lies; geometry runs off the loop."""
        if not content.area:
            return Bearings()
        return await asyncio.to_thread(self._bearings, Area.from_json(content.area), content.area_name)

    def _bearings(self, area: Area, name: str) -> Bearings:
        named = area.homes()
        meant = named | self._known(name) if area.shapes else named
        both = readings(area, self._touch, meant)
        ask = self._regions
        unknown = () if ask is None else tuple(code for code in area.regions if ask(code) is None)
        return Bearings(both.given | named, both, meant, unknown)

    def opened(
        self, act: DeskAct, officer: Officer, bearings: Bearings, *, seen: int | None = None, reason: str = ""
    ) -> Dossier:
        """A dossier with nothing in it yet but who wants what, and where the area lies."""
        return Dossier(
            act=act,
            officer=officer,
            now=self._clock.now(),
            rules=self._rules,
            countries=bearings.countries,
            bearings=bearings,
            seen=seen,
            reason=reason,
        )

    async def about(self, connection: AsyncConnection, alert_id: int, dossier: Dossier) -> Dossier:
        """The same about an alert, which is held until the transaction ends; complete."""
        row = await read_alert(connection, alert_id, hold=True)
        written = await latest(connection, alert_id)
        return await self.complete(connection, replace(dossier, alert=row, revision=written))

    async def complete(self, connection: AsyncConnection, dossier: Dossier) -> Dossier:
        """The same with the officer and all writers as they are now."""
        fresh = await officers.load(connection, dossier.officer.id)
        written = dossier.revision
        signed: set[int] = set()
        if dossier.act is DeskAct.APPROVE and written is not None:
            signed = {*written.authors, *([written.submitted_by] if written.submitted_by else [])}
        writers = [found for one in sorted(signed) if (found := await officers.load(connection, one))]
        return replace(
            dossier,
            officer=fresh or dossier.officer,
            active=fresh is not None,
            writers=tuple(writers),
            lost_writers=len(signed) - len(writers),
        )
