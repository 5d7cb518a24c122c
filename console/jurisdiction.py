"""Which alerts and events an officer may look at. Reads nothing by itself; geometry runs off the loop.

Headquarters see everything; a mission sees what touches its countries. An alert without an area yet is
seen by whoever may write or approve somewhere. Acting is the desk's to allow: it is stricter (every
country, not any).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable

from aiohttp import web

from alerts.store import RevisionRow
from places.area import Area, Touch
from places.region import Regions, nowhere
from staff.officers import Officer, Role

READERS = (Role.AUTHOR, Role.APPROVER, Role.CASE, Role.AUDITOR)
REMEMBERED = 2_000


class Jurisdiction:
    """Remembers which countries a revision touches: a revision never changes."""

    def __init__(self, touch: Touch, regions: Regions = nowhere) -> None:
        self._touch = touch
        self._regions = regions
        self._known: OrderedDict[int, frozenset[str]] = OrderedDict()

    async def countries(self, revision: RevisionRow) -> frozenset[str]:
        """The countries a revision's area may touch (ISO 3166-1 alpha-2); none for no area or open sea."""
        if not revision.area:
            return frozenset()
        if revision.id not in self._known:
            self._known[revision.id] = await asyncio.to_thread(self._of, revision)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return self._known[revision.id]

    async def may_see(self, officer: Officer, revision: RevisionRow) -> bool:
        """Whether any of the officer's countries is concerned."""
        return covers(officer, await self.countries(revision), READERS, drawn=bool(revision.area))

    async def may_see_any(self, officer: Officer, revisions: Iterable[RevisionRow]) -> bool:
        """Whether at least one of several revisions (of an event) may be seen."""
        for revision in revisions:
            if await self.may_see(officer, revision):
                return True
        return False

    def _of(self, revision: RevisionRow) -> frozenset[str]:
        return Area.from_json(revision.area).touches_countries(self._touch, self._regions)


def covers(officer: Officer, countries: frozenset[str], roles: Iterable[Role], *, drawn: bool = True) -> bool:
    """Whether one of `roles` is held in any of `countries`, or everywhere; undrawn areas are the writers'."""
    for role in roles:
        held = officer.countries(role)
        if held is None or held & countries:
            return True
    return not drawn and (officer.has(Role.AUTHOR) or officer.has(Role.APPROVER))


JURISDICTION = web.AppKey("jurisdiction", Jurisdiction)
