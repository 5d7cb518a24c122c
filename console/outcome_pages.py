"""What an officer found out of somebody, recorded in the event with the officer. Rules: `alerts.checkins`.

Only case officers of the person's country. In hospital, detained, deceased and closed stop every
automatic message.
"""

from aiohttp import web
from sqlalchemy import select

from alerts import checkins
from alerts.board_rows import person_classes
from alerts.checkin_status import CheckinSource, CheckinStatus
from console import board_pages
from console.access import fields, visitor
from console.errors import FormError, NotThereError
from console.rendering import redirect
from console.services import SERVICES
from registry import whereabouts
from staff import audit
from staff.officers import Role


async def record(request: web.Request) -> web.Response:
    """Record an outcome for one person of an event's audience."""
    services, officer = request.app[SERVICES], visitor(request).officer
    event, _ = await board_pages.find(request)
    person_id, now = _person(request.match_info["person"]), services.clock.now()
    status = str((await fields(request)).get("status", ""))
    if status not in board_pages.OUTCOMES:
        raise FormError("status", "Choose what you found out.")
    async with services.database.durable() as connection:
        place = await whereabouts.base(connection, person_id)
        audience = person_classes(event.id).subquery()
        asked = select(audience.c.person_id).where(audience.c.person_id == person_id)
        concerned = (await connection.execute(asked)).first()
        country = place.country if place else ""
        if concerned is None or not officer.may(Role.CASE, [country] if country else ()):
            raise NotThereError
        await checkins.record(
            connection,
            event_id=event.id,
            person_id=person_id,
            status=CheckinStatus(status),
            source=CheckinSource.OFFICER,
            at=now,
            officer_id=officer.id,
        )
        await audit.append(
            connection,
            at=now,
            actor=officer.actor,
            action="checkin.officer",
            subject=f"event:{event.id}",
            detail={"person": person_id, "status": status},
        )
    return redirect(f"/events/{event.id}/missing", "recorded")


def _person(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise NotThereError
    return int(text)
