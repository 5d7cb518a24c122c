"""The live board of an event and the list of who is missing. Reads `alerts.board`; a person counts once.

Figures are for everybody who may see one of the event's alerts. What is known of a person (where, which
language, which number) is shown to officers whose case role covers that person's country, and looking is
recorded.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import events
from alerts.board import Absence, MissingPerson, missing
from alerts.checkin_status import CheckinStatus
from alerts.errors import UnknownAlertError
from alerts.revisions import latest
from alerts.store import AlertRow, EventRow, RevisionRow, alerts_of_event
from assistance import store as case_store
from console import names
from console.access import visitor
from console.alert_pages import id_in, number_in
from console.errors import NotAllowedError, NotThereError
from console.hold_pages import held_of
from console.jurisdiction import JURISDICTION, covers
from console.readings import READINGS, WORTH_WAITING_S
from console.rendering import redirect, render
from console.services import SERVICES
from registry import people, phones, whereabouts
from registry.addresses import AddressState
from registry.ways import Way, ways
from staff import audit
from staff.officers import Officer, Role

PER_PAGE = 50
WHY = {
    Absence.NEED_HELP: "Asked for help",
    Absence.NOT_REACHED: "Could not be reached",
    Absence.UNKNOWN: "May have been warned: no answer from the channel",
    Absence.WAITING: "Not yet warned",
    Absence.SILENT: "Warned, no answer",
}
OUTCOMES = {
    CheckinStatus.SAFE: "Safe",
    CheckinStatus.LOCATED: "Located",
    CheckinStatus.NOT_THERE: "Was not there",
    CheckinStatus.LEFT: "Has left",
    CheckinStatus.NEED_HELP: "Needs help",
    CheckinStatus.HOSPITALISED: "In hospital",
    CheckinStatus.DETAINED: "Detained",
    CheckinStatus.DECEASED: "Deceased",
    CheckinStatus.CLOSED: "Closed, no more messages",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the list; `known` is False where the officer's case role does not reach."""

    person_id: int
    absence: Absence
    known: bool = False
    country: str = ""
    language: str = ""
    channels: tuple[str, ...] = ()
    phone: str = ""


async def show(request: web.Request) -> web.Response:
    """The board."""
    return await _board(request, "board.html")


async def live(request: web.Request) -> web.Response:
    """Only the figures, for a page that refreshes itself."""
    return await _board(request, "_board.html")


async def who(request: web.Request) -> web.Response:
    """Who is missing, those in need first."""
    services, officer = request.app[SERVICES], visitor(request).officer
    event, _ = await find(request)
    start = number_in(request.query.get("from", "")) or 0
    total = (await request.app[READINGS].of(event.id)).board.missing
    async with services.database.read() as connection:
        rows = await missing(connection, event.id, limit=PER_PAGE, offset=start)
        listed = await _opened(connection, request, officer, rows)
    shown = [person.person_id for person in listed if person.known]
    if shown:  # looking is recorded, before anything is shown
        async with services.database.durable() as connection:
            await audit.append(
                connection,
                at=services.clock.now(),
                actor=officer.actor,
                action="missing.read",
                subject=f"event:{event.id}",
                detail={"people": shown},
            )
    return render(
        request,
        "missing.html",
        event=event,
        people_listed=listed,
        total=total,
        start=start,
        per_page=PER_PAGE,
        why=WHY,
        outcomes=OUTCOMES,
        drill=event.drill,
    )


async def close(request: web.Request) -> web.Response:
    """Close an event: it takes no new warnings; its board, answers and cases stay."""
    services, officer = request.app[SERVICES], visitor(request).officer
    event, written = await find(request)
    countries = [await request.app[JURISDICTION].countries(revision) for _, revision in written]
    if not all(covers(officer, found, (Role.AUTHOR, Role.APPROVER)) for found in countries):
        raise NotAllowedError("country", "Your roles do not cover every country of this event.")
    now = services.clock.now()
    async with services.database.durable() as connection:
        if await events.close_event(connection, event.id, now):
            await audit.append(
                connection,
                at=now,
                actor=officer.actor,
                action="event.close",
                subject=f"event:{event.id}",
                detail={},
            )
    return redirect(f"/events/{event.id}", "closed")


async def find(request: web.Request) -> tuple[EventRow, list[tuple[AlertRow, RevisionRow]]]:
    """The event in the address with its alerts.

    Raises:
        NotThereError: there is none, or none of its alerts concerns the officer's countries.
    """
    event_id = id_in(request)
    try:
        async with request.app[SERVICES].database.read() as connection:
            event = await events.read_event(connection, event_id)
            alerts = await alerts_of_event(connection, event_id)
            written = [(row, await latest(connection, row.id)) for row in alerts]
    except UnknownAlertError:
        raise NotThereError from None
    revisions = [revision for _, revision in written]
    if not await request.app[JURISDICTION].may_see_any(visitor(request).officer, revisions):
        raise NotThereError
    return event, written


async def _board(request: web.Request, template: str) -> web.Response:
    event, written = await find(request)
    reading = await request.app[READINGS].of(event.id)
    async with request.app[SERVICES].database.read() as connection:
        cases = await case_store.count_open(connection, event.id)
        held = await held_of(connection, [revision.id for _, revision in written])
    return render(
        request,
        template,
        event=event,
        written=written,
        board=reading.board,
        counted_at=reading.at,
        slow=reading.took_s > WORTH_WAITING_S,
        cases=cases,
        held=held,
        one_channel=reading.one_channel,
        states=names.STATES,
        drill=event.drill,
    )


async def _opened(
    connection: AsyncConnection, request: web.Request, officer: Officer, rows: Sequence[MissingPerson]
) -> list[Person]:
    found = await ways(connection, [row.person_id for row in rows])
    listed = []
    for row in rows:
        place = await whereabouts.base(connection, row.person_id)
        country = place.country if place else ""
        person = await people.get(connection, row.person_id)
        if person is None or not officer.may(Role.CASE, [country] if country else ()):
            listed.append(Person(row.person_id, row.absence))
            continue
        phone = await _phone(connection, request, person)
        listed.append(
            Person(
                row.person_id,
                row.absence,
                known=True,
                country=country,
                language=person.language,
                channels=_channels(found.get(row.person_id, ())),
                phone=phone,
            )
        )
    return listed


def _channels(own: Iterable[Way]) -> tuple[str, ...]:
    """Those in use, in the person's order."""
    return tuple(dict.fromkeys(way.channel for way in own if way.address_state == AddressState.ACTIVE))


async def _phone(connection: AsyncConnection, request: web.Request, person: people.PersonRow) -> str:
    if person.data_key is None:
        return ""
    found = await phones.of_person(connection, person.unlocked(request.app[SERVICES].vault), person.id)
    return found.number if found else ""
