"""People who wait because receipts stopped coming in: what an officer's release would do, and doing it.

Rules: `alerts.holds`. One officer is enough, as for stopping: the warning was approved already, only its way
changes.
"""

from dataclasses import dataclass

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import holds, silence
from alerts.errors import UnknownAlertError
from alerts.events import read_event
from alerts.holds import Hold
from alerts.revisions import read_revision
from alerts.store import EventRow, RevisionRow
from console.access import fields, visitor
from console.alert_pages import id_in
from console.errors import FormError, NotAllowedError, NotThereError
from console.jurisdiction import JURISDICTION, covers
from console.rendering import redirect, render
from console.services import SERVICES
from staff.officers import Role

DECIDERS = (Role.AUTHOR, Role.APPROVER)


@dataclass(frozen=True, slots=True)
class Held:
    """One hold as a page shows it; `people` are those who would be tried on their next channel."""

    hold: Hold
    people: int

    @property
    def path(self) -> str:
        """Where it is looked at and released."""
        return f"/holds/{self.hold.revision_id}/{'/'.join(self.hold.account)}"


async def show(request: web.Request) -> web.Response:
    """What is held and what a release means."""
    found, revision, event = await _find(request)
    return render(request, "hold.html", held=found, revision=revision, event=event, drill=event.drill)


async def release(request: web.Request) -> web.Response:
    """Have these people tried on their next channel; the officer read and ticked what that does."""
    found, revision, event = await _find(request)
    services, officer = request.app[SERVICES], visitor(request).officer
    if (await fields(request)).get("sure") != "yes":
        raise FormError("not_sure", "Nobody was moved. Tick the box, then press the button.")
    countries = await request.app[JURISDICTION].countries(revision)
    if not covers(officer, countries, DECIDERS):
        raise NotAllowedError("country", "Your roles do not cover any country of this warning.")
    async with services.database.durable() as connection:
        await holds.release(
            connection,
            officer.actor,
            revision.id,
            found.hold.account,
            found.people,
            services.clock.now(),
        )
    return redirect(f"/events/{event.id}", "released")


async def held_of(connection: AsyncConnection, revision_ids: list[int]) -> list[Held]:
    """What is held of some revisions, and how many people each."""
    listed = []
    for revision_id in revision_ids:
        for one in await holds.standing(connection, revision_id):
            people = await silence.silent_people(connection, revision_id, one.account)
            listed.append(Held(one, people))
    return listed


async def _find(request: web.Request) -> tuple[Held, RevisionRow, EventRow]:
    account = (request.match_info["channel"], request.match_info["account"])
    try:
        async with request.app[SERVICES].database.read() as connection:
            revision = await read_revision(connection, id_in(request))
            event = await read_event(connection, revision.event_id)
            found = [one for one in await held_of(connection, [revision.id]) if one.hold.account == account]
    except UnknownAlertError:
        raise NotThereError from None
    if not found or not await request.app[JURISDICTION].may_see(visitor(request).officer, revision):
        raise NotThereError
    return found[0], revision, event
