"""A CAP file as the beginning of an alert, in the console and in the API. Rules: `alerts.cap.source`.

The file is a source, never a command: status, sender, expiry and references are set anew. Everything
that keeps it from being a real alert is named at once; as a drill it may still be used. XML is read off
the loop.
"""

import asyncio
from datetime import datetime

from aiohttp import web
from aiohttp.web_request import FileField
from pydantic import ValidationError

from alerts.cap.model import CapAlert
from alerts.cap.read import read
from alerts.cap.source import Imported, draft_from
from alerts.errors import AlertRefusedError, CapRefusedError, Reason
from alerts.terms import Policy, Status
from console import api
from console import api_models as models
from console.access import Fields, fields, visitor
from console.alert_pages import number_in
from console.compose_form import local_time, moment, typed_of, zone_of
from console.compose_pages import form_page, sealed_source
from console.errors import FormError
from console.rendering import render
from console.services import SERVICES

ASKED = ("status", "event_title", "expires_at", "time_zone", "which", "own_area")


async def form(request: web.Request) -> web.Response:
    """Choose a file, and what is set anew."""
    look = request.app[SERVICES].appearance
    asked = dict.fromkeys(ASKED, "") | {
        "status": (Status.EXERCISE if look.demo else Status.ACTUAL).value,
        "time_zone": look.time_zone,
        "which": "1",
    }
    return _form(request, asked)


async def load(request: web.Request) -> web.Response:
    """Read the file and open the compose form with it; nothing is saved yet."""
    services, sent = request.app[SERVICES], await fields(request)
    asked = {name: str(sent.get(name, "")).strip() for name in ASKED}
    try:
        alert = await _chosen(_uploaded(sent), asked["which"])
        imported = _imported(request, alert, asked)
    except AlertRefusedError as refused:
        if any(reason.code == "source_expiry" for reason in refused.reasons):  # said first, proposed then
            later = services.clock.now() + services.appearance.proposed_life
            asked["expires_at"] = local_time(later, asked["time_zone"])
        return _form(request, asked, reasons=refused.reasons, status=422)
    except CapRefusedError as refused:
        return _form(request, asked, reasons=(Reason(refused.code, refused.text),), status=422)
    typed = typed_of(imported.draft)
    typed.values["policy"] = Policy.AT_LEAST_ONCE.value
    if imported.draft.source is not None:
        typed.values |= sealed_source(services, imported.draft.source)
    return await form_page(request, typed, notes=imported.notes)


async def api_load(request: web.Request) -> web.Response:
    """Begin an alert from a CAP file; status, expiry and event come with the address."""
    try:
        asked = models.CapQuery.model_validate(dict(request.query))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        reasons = [Reason("query." + ".".join(map(str, fault["loc"])), fault["msg"]) for fault in faults]
        raise AlertRefusedError(reasons) from None
    alert = await _chosen(await request.read(), str(asked.which))
    if zone_of(asked.time_zone) is None or asked.expires_at.tzinfo is None:
        raise FormError("time", "Times need a zone, and the zone needs a name such as Asia/Bangkok.")
    imported = draft_from(
        alert,
        status=asked.status,
        now=request.app[SERVICES].clock.now(),
        time_zone=asked.time_zone,
        expires_at=asked.expires_at,
        event_id=asked.event_id,
        event_title=asked.event_title,
    )
    made = await request.app[SERVICES].desk.draft(visitor(request).officer, imported.draft)
    return api.answer(models.Made(alert_id=made), status=201)


def _uploaded(sent: Fields) -> bytes:
    found = sent.get("file")
    if not isinstance(found, FileField):
        raise AlertRefusedError([Reason("no_file", "Choose a CAP file.")])
    return found.file.read()


async def _chosen(data: bytes, which: str) -> CapAlert:
    alerts = await asyncio.to_thread(read, data)
    number = number_in(which) or 1
    if number > len(alerts):
        text = f"The file holds {len(alerts)} alert(s); there is no number {number}."
        raise AlertRefusedError([Reason("which", text)])
    return alerts[number - 1]


def _imported(request: web.Request, alert: CapAlert, asked: dict[str, str]) -> Imported:
    reasons: list[Reason] = []
    zone = zone_of(asked["time_zone"])
    if zone is None:
        reasons.append(Reason("form.time_zone", "Time zone: not a name such as Asia/Bangkok."))
    expires: datetime | None = moment(asked["expires_at"], zone, "Expires", reasons)
    if asked["status"] not in set(Status):
        reasons.append(Reason("form.status", "Say whether it is real, an exercise or a test."))
    if reasons:
        raise AlertRefusedError(reasons)
    return draft_from(
        alert,
        status=Status(asked["status"]),
        now=request.app[SERVICES].clock.now(),
        time_zone=asked["time_zone"],
        expires_at=expires,
        area={} if asked["own_area"] == "yes" else None,
        event_title=asked["event_title"],
    )


def _form(
    request: web.Request, asked: dict[str, str], *, reasons: tuple[Reason, ...] = (), status: int = 200
) -> web.Response:
    return render(
        request,
        "cap.html",
        status=status,
        asked=asked,
        reasons=reasons,
        statuses=tuple(Status),
        drill=asked["status"] != Status.ACTUAL,
    )
