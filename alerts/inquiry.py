"""Gathers what guards look at: the alert as it stands, its countries, officers as they are now. Reads SQL."""

import asyncio
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.dossier import DeskAct, Dossier, Rules
from alerts.revisions import latest
from alerts.store import RevisionRow, read_alert
from places.area import Area, Touch
from staff import officers
from staff.officers import Officer
from storage.clock import Clock
from storage.database import Database


class Inquiry:
    """Makes dossiers; it decides nothing."""

    def __init__(self, database: Database, clock: Clock, touch: Touch, rules: Rules) -> None:
        self._database = database
        self._clock = clock
        self._touch = touch
        self._rules = rules

    async def look(self, alert_id: int) -> tuple[RevisionRow, frozenset[str]]:
        """The newest revision of an alert and the countries it touches; outside any transaction of ours."""
        async with self._database.read() as connection:
            written = await latest(connection, alert_id)
        return written, await self.countries(written.area)

    async def countries(self, area: Mapping[str, Any]) -> frozenset[str]:
        """Countries (ISO 3166-1 alpha-2) an area's JSON may touch; geometry runs off the loop."""
        if not area:
            return frozenset()
        return await asyncio.to_thread(lambda: Area.from_json(area).touches_countries(self._touch))

    async def about(
        self,
        connection: AsyncConnection,
        act: DeskAct,
        officer: Officer,
        alert_id: int,
        countries: frozenset[str],
        **more: Any,
    ) -> Dossier:
        """The dossier of an act about an alert, which is held until the transaction ends."""
        row = await read_alert(connection, alert_id, hold=True)
        written = await latest(connection, alert_id)
        return await self.dossier(
            connection, act, officer, countries=countries, alert=row, revision=written, **more
        )

    async def dossier(
        self, connection: AsyncConnection, act: DeskAct, officer: Officer, **more: Any
    ) -> Dossier:
        """The dossier of an act; the officer and all writers are read fresh."""
        fresh = await officers.load(connection, officer.id)
        written: RevisionRow | None = more.get("revision")
        signed: set[int] = set()
        if act is DeskAct.APPROVE and written is not None:
            signed = {*written.authors, *([written.submitted_by] if written.submitted_by else [])}
        writers = [found for one in sorted(signed) if (found := await officers.load(connection, one))]
        return Dossier(
            act=act,
            officer=fresh or officer,
            active=fresh is not None,
            now=self._clock.now(),
            rules=self._rules,
            writers=tuple(writers),
            lost_writers=len(signed) - len(writers),
            **more,
        )
