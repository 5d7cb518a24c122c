"""Writing an alert: the form, its live preview, saving a draft or a new revision. Rules are the desk's.

The form lives in the browser until it is saved: adding a language or looking at the preview sends it
here and gets it back, so it works without scripts.
"""

from collections.abc import Sequence
from datetime import timedelta
from hmac import compare_digest
from typing import Any

from aiohttp import web

from alerts.draft import Draft, Source
from alerts.errors import AlertRefusedError, Reason, UnknownAlertError
from alerts.events import list_events, read_event
from alerts.lifecycle import AlertAct, allows
from alerts.store import EventRow, RevisionRow
from alerts.terms import Audience, Category, Certainty, Policy, Severity, Status, Urgency
from console import names
from console.access import Fields, fields, visitor
from console.alert_pages import id_in, number_in
from console.compose_form import Typed, local_time, read_form, typed_from, typed_of
from console.dossiers import find, in_words
from console.preview import previews, unsaved
from console.reckoning import reckon
from console.region_form import choices, press
from console.rendering import redirect, render
from console.services import SERVICES, Services

FIRST_TEXT = "en"
BLANK: dict[str, Any] = {"previews": [], "reckoning": None, "confidence": {}, "area_words": ""}
TERMS = {
    "severities": tuple(Severity),
    "urgencies": tuple(Urgency),
    "certainties": tuple(Certainty),
    "categories": tuple(Category),
    "audiences": tuple(Audience),
    "policies": tuple(Policy),
    "statuses": tuple(Status),
}


async def new(request: web.Request) -> web.Response:
    """An empty form; `?event=` joins an event, `?status=` starts a drill or a real alert."""
    services = request.app[SERVICES]
    look = services.appearance
    form = Typed()
    asked = request.query.get("status", "")
    default = Status.EXERCISE if look.demo else Status.ACTUAL
    form.values |= {
        "status": asked if asked in set(Status) else default.value,
        "audience": Audience.PUBLIC.value,
        "severity": Severity.SEVERE.value,
        "urgency": Urgency.IMMEDIATE.value,
        "certainty": Certainty.OBSERVED.value,
        "category": Category.OTHER.value,
        "policy": Policy.AT_LEAST_ONCE.value,
        "time_zone": look.time_zone,
        "expires_at": local_time(services.clock.now() + look.proposed_life, look.time_zone),
        "event_id": str(number_in(request.query.get("event", "")) or ""),
    }
    form.add_language(FIRST_TEXT)
    return await form_page(request, form)


async def save_new(request: web.Request) -> web.Response:
    """Save a new draft, or give the form back with what was asked for."""
    sent = await fields(request)
    form = typed_from(sent)
    answer = await _without_saving(request, form, sent, None)
    if answer is not None:
        return answer
    try:
        draft = checked(request.app[SERVICES], form)
        made = await request.app[SERVICES].desk.draft(visitor(request).officer, draft)
    except AlertRefusedError as refused:
        return await form_page(request, form, reasons=refused.reasons, status=422)
    except UnknownAlertError:
        gone = Reason("event_unknown", "The event or the alert it follows does not exist.")
        return await form_page(request, form, reasons=(gone,), status=422)
    return redirect(f"/alerts/{made}", "saved")


async def edit(request: web.Request) -> web.Response:
    """The form with the newest revision."""
    subject = await find(request, visitor(request).officer, id_in(request))
    if not allows(subject.alert.state, AlertAct.REVISE):  # frozen: look at it, follow it up
        return redirect(f"/alerts/{subject.alert.id}")
    form = typed_of(draft_of(subject.revision))
    if not form.words:
        form.add_language(FIRST_TEXT)
    return await form_page(request, form, alert_id=subject.alert.id, seen=subject.revision.number)


async def save(request: web.Request) -> web.Response:
    """Save a new revision of an alert."""
    officer, alert_id = visitor(request).officer, id_in(request)
    subject = await find(request, officer, alert_id)
    sent = await fields(request)
    form = typed_from(sent)
    # What an alert is and follows cannot be changed, whatever a form says; the desk checks it again.
    kept = {"status": subject.alert.status, "corrects": str(subject.alert.corrects or "")}
    form.values |= {**kept, "event_id": str(subject.alert.event_id), "audience": subject.alert.audience}
    seen = number_in(str(sent.get("seen", ""))) or 0
    answer = await _without_saving(request, form, sent, alert_id, seen)
    if answer is not None:
        return answer
    try:
        draft = checked(request.app[SERVICES], form)
        await request.app[SERVICES].desk.revise(officer, alert_id, draft, seen=seen)
    except AlertRefusedError as refused:
        return await form_page(
            request, form, alert_id=alert_id, seen=seen, reasons=refused.reasons, status=422
        )
    return redirect(f"/alerts/{alert_id}", "saved")


async def preview(request: web.Request) -> web.Response:
    """Only the right-hand side, for a page that refreshes it while somebody types."""
    form = typed_from(await fields(request))
    drill = form.values["status"] != Status.ACTUAL
    return render(request, "_draft_preview.html", drill=drill, **await _looked_at(request, form))


async def form_page(
    request: web.Request,
    form: Typed,
    *,
    alert_id: int | None = None,
    seen: int = 0,
    reasons: Sequence[Reason] = (),
    notes: Sequence[str] = (),
    status: int = 200,
) -> web.Response:
    """The form as it is, with what stands in the way and what it would look like."""
    services = request.app[SERVICES]
    drill = form.values["status"] != Status.ACTUAL
    return render(
        request,
        "compose.html",
        status=status,
        form=form,
        alert_id=alert_id,
        seen_revision=seen,
        reasons=tuple(reasons),
        notes=tuple(notes),
        drill=drill,
        events=await _events(services, form, drill=drill),
        zones=names.time_zones(),
        country_names=services.ground.countries.names,
        regions=choices(services.ground, form.values),
        more_languages={tag: name for tag, name in services.languages.items() if tag not in form.words},
        **TERMS,
        **await _looked_at(request, form),
    )


def checked(services: Services, form: Typed) -> Draft:
    """The draft that was typed.

    Raises:
        AlertRefusedError: what cannot be read; or what it says of its file is not what we read in the file.
    """
    source = form.values["source"]
    if source and not compare_digest(seal_of(services, source), form.values["source_seal"]):
        text = "What the form says of the file it came from was changed. Load the file again."
        raise AlertRefusedError([Reason("source_changed", text)])
    return read_form(form, services.ground.countries)


def sealed_source(services: Services, source: Source) -> dict[str, str]:
    """The facts of a file as the form carries them, under a seal."""
    text = source.model_dump_json()
    return {"source": text, "source_seal": seal_of(services, text)}


def seal_of(services: Services, text: str) -> str:
    """What proves that `text` came from us."""
    return services.vault.blind("console.source", text).hex()


def draft_of(revision: RevisionRow) -> Draft:
    """A stored revision as a draft again."""
    plain = (
        "event_id", "status", "audience", "severity", "urgency", "certainty", "category", "event_name",
        "texts", "correction", "all_clear", "area", "area_name", "time_zone", "onset",
        "expires_at", "include_maybe", "policy", "corrects",
    )  # fmt: skip
    values = {name: getattr(revision, name) for name in plain}
    useful = revision.useful_until if revision.useful_until != revision.expires_at else None
    return Draft.model_validate({**values, "useful_until": useful})


async def _without_saving(
    request: web.Request, form: Typed, sent: Fields, alert_id: int | None, seen: int = 0
) -> web.Response | None:
    """The form back again when another button than Save was pressed."""
    act, _, tag = str(sent.get("do", "save")).partition(":")
    if act == "save":
        return None
    reasons: list[Reason] = []
    if act == "add":
        wanted = str(sent.get("new_language", "")) or str(sent.get("other_language", ""))
        if form.add_language(wanted):
            form.values["tab"] = list(form.words)[-1]
        else:
            reasons.append(Reason("language", "Choose a language, or write its tag, such as vi or pt-BR."))
    press(form.values, act, tag)
    if act == "drop":
        form.words.pop(tag, None)
    if act == "extend":
        later = request.app[SERVICES].clock.now() + timedelta(hours=number_in(tag) or 1)
        form.values["expires_at"] = local_time(later, form.values["time_zone"] or "UTC")
    return await form_page(request, form, alert_id=alert_id, seen=seen, reasons=reasons)


async def _looked_at(request: web.Request, form: Typed) -> dict[str, Any]:
    """Preview and headcount of what can be read of the form so far."""
    services = request.app[SERVICES]
    try:
        draft = read_form(form, services.ground.countries)
    except AlertRefusedError as refused:
        return {**BLANK, "unready": refused.reasons}
    misplaced = await services.desk.misplaced(draft)
    if misplaced is not None:
        return {**BLANK, "unready": (misplaced,)}
    alert, revision = unsaved(draft, services.clock.now())
    reckoning = await reckon(services, revision)
    lacking = [gap.language for gap in reckoning.gaps]
    return {
        "previews": previews(services.compose, alert, revision, "......", services.senders, lacking),
        "reckoning": reckoning,
        "unready": (),
        "confidence": names.CONFIDENCE,
        "area_words": await in_words(services, draft.shape),
    }


async def _events(services: Services, form: Typed, *, drill: bool) -> list[EventRow]:
    """Open events of this kind, and the one the form names, closed or not."""
    named = number_in(form.values["event_id"])
    async with services.database.read() as connection:
        found = await list_events(connection, open_only=True)
        if named is not None and named not in {event.id for event in found}:
            try:
                found.append(await read_event(connection, named))
            except UnknownAlertError:
                form.values["event_id"] = ""
    return [event for event in found if event.drill == drill]
