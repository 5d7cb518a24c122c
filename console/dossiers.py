"""One alert as its page needs it: rows, countries, audience, words, history, obstacles. Reads SQL."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from alerts.dossier import DeskAct
from alerts.errors import Reason, UnknownAlertError
from alerts.events import read_event
from alerts.revisions import latest
from alerts.store import AlertRow, EventRow, RevisionRow, read_alert
from console.errors import NotThereError
from console.jurisdiction import JURISDICTION
from console.preview import Preview, previews
from console.reckoning import Reckoning, reckon
from console.services import SERVICES, Services
from places.area import Area
from staff import audit, officers
from staff.audit import AuditEntry
from staff.officers import Officer


@dataclass(frozen=True, slots=True)
class Subject:
    """An alert an officer may look at."""

    alert: AlertRow
    revision: RevisionRow
    event: EventRow
    countries: frozenset[str]


@dataclass(frozen=True, slots=True)
class Possible:
    """What could be done next: the act and what stands in its way for this officer (empty = nothing)."""

    act: DeskAct
    obstacles: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything the page of one alert shows."""

    subject: Subject
    reckoning: Reckoning
    previews: Sequence[Preview]
    possible: Mapping[str, Possible]
    history: Sequence[AuditEntry]
    names: Mapping[int, str]
    area_words: str


async def find(request: web.Request, officer: Officer, alert_id: int) -> Subject:
    """Read an alert for an officer.

    Raises:
        NotThereError: there is none, or it is outside the officer's countries.
    """
    services = request.app[SERVICES]
    try:
        async with services.database.read() as connection:
            alert = await read_alert(connection, alert_id)
            revision = await latest(connection, alert_id)
            event = await read_event(connection, alert.event_id)
    except UnknownAlertError:
        raise NotThereError from None
    jurisdiction = request.app[JURISDICTION]
    if not await jurisdiction.may_see(officer, revision):
        raise NotThereError
    return Subject(alert, revision, event, await jurisdiction.countries(revision))


async def picture(request: web.Request, officer: Officer, subject: Subject) -> Picture:
    """Gather the rest."""
    services = request.app[SERVICES]
    reckoning = await reckon(services, subject.revision)
    possible = await services.desk.possible(officer, subject.alert, subject.revision, reckoning.gaps)
    area = Area.from_json(subject.revision.area) if subject.revision.area else None
    words = await in_words(services, area)
    async with services.database.read() as connection:
        history = await audit.newest(connection, subject=f"alert:{subject.alert.id}")
        names = await officers.names(connection)
    shown = previews(
        services.compose,
        subject.alert,
        subject.revision,
        subject.event.code,
        services.senders,
        [gap.language for gap in reckoning.gaps],
    )
    acts = {act.value: Possible(act, obstacles) for act, obstacles in possible.items()}
    return Picture(subject, reckoning, shown, acts, history, names, words)


async def in_words(services: Services, area: Area | None) -> str:
    """An area as the approver reads it; "" for none."""
    return await asyncio.to_thread(services.ground.describe, area) if area else ""
