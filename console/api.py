"""The JSON API: the same desk, the same rules, for scripts and the command line. Bearer credentials only.

Every refusal is `{"error": code, "reasons": [{"code", "text"}]}`.
"""

from datetime import timedelta
from json import JSONDecodeError
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from alerts.draft import read_draft
from alerts.errors import AlertRefusedError, Reason, UnknownAlertError
from alerts.forecast import ChannelForecast, Load
from alerts.store import AlertRow, EventRow, RevisionRow
from alerts.terms import Status
from console import api_models as models
from console import board_pages
from console.access import visitor
from console.alert_pages import confirm_word, id_in, number_in, visible
from console.dossiers import Subject, find, picture
from console.errors import FormError, NotThereError, TooOftenError
from console.readings import READINGS
from console.security import THROTTLE
from console.services import SERVICES
from staff.errors import SignInRefusedError
from staff.officers import Officer
from staff.sessions import SessionKind

In = TypeVar("In", bound=BaseModel)


async def login(request: web.Request) -> web.Response:
    """Exchange login, password and time code for a credential of 15 to 60 minutes."""
    if not request.app[THROTTLE].admits(request.remote or ""):
        raise TooOftenError("too_often", "Too many attempts from this place. Wait a minute.")
    wanted = await body(request, models.Login)
    try:
        _, made = await request.app[SERVICES].sign_in.sign_in(
            wanted.login,
            wanted.password,
            wanted.code,
            kind=SessionKind.BEARER,
            life=timedelta(minutes=wanted.minutes),
        )
    except SignInRefusedError as refused:
        return problem(403, refused.code, [Reason(refused.code, refused.text)])
    return answer(models.Credential(token=made.token, expires_at=made.expires_at))


async def alert_list(request: web.Request) -> web.Response:
    """Alerts in the officer's countries."""
    rows, older = await visible(request, before=number_in(request.query.get("before", "")))
    return answer(models.AlertList(alerts=[alert_out(*row) for row in rows], older=older))


async def alert_new(request: web.Request) -> web.Response:
    """Begin an alert from a draft."""
    draft = read_draft(await _json(request))
    made = await request.app[SERVICES].desk.draft(visitor(request).officer, draft)
    return answer(models.Made(alert_id=made), status=201)


async def alert_revise(request: web.Request) -> web.Response:
    """Write a new revision; it must be submitted anew."""
    officer, subject = await _subject(request)
    draft = read_draft(await _json(request))
    seen = number_in(request.query.get("seen", "")) or subject.revision.number
    await request.app[SERVICES].desk.revise(officer, subject.alert.id, draft, seen=seen)
    return await _done(request, officer, subject)


async def alert_status(request: web.Request) -> web.Response:
    """One alert, its audience and what may be done."""
    officer, subject = await _subject(request)
    seen = await picture(request, officer, subject)
    count = seen.reckoning.headcount
    return answer(
        models.StatusOut(
            alert=alert_out(subject.alert, subject.revision, subject.event),
            people=count.people,
            by_country=dict(count.by_country),
            by_channel=dict(count.by_channel),
            by_language=dict(count.by_language),
            by_confidence=dict(count.by_confidence),
            estimates={
                code: models.EstimateOut(people=one.people, source=one.source, year=one.year)
                for code, one in seen.reckoning.estimates.items()
            },
            gaps=[
                models.GapOut(
                    language=gap.language, people=gap.people, fallback_language=gap.fallback_language
                )
                for gap in seen.reckoning.gaps
            ],
            forecast=[forecast_out(one) for one in seen.reckoning.forecasts],
            possible={act: reasons_out(found.obstacles) for act, found in seen.possible.items()},
        )
    )


def forecast_out(one: ChannelForecast) -> models.ForecastOut:
    """One channel's estimate as JSON."""

    def load(part: Load) -> models.LoadOut:
        cost = {currency: str(amount) for currency, amount in part.cost.items()}
        return models.LoadOut(people=part.people, units=part.units, seconds=part.seconds, cost=cost)

    return models.ForecastOut(
        channel=one.channel,
        first=load(one.first),
        worst=load(one.worst),
        unpriced=list(one.unpriced),
        unreachable=dict(one.unreachable),
        warnings=list(one.warnings),
    )


async def submit(request: web.Request) -> web.Response:
    """Hand the newest revision to a second officer."""
    officer, subject = await _subject(request)
    await request.app[SERVICES].desk.submit(officer, subject.alert.id)
    return await _done(request, officer, subject)


async def approve(request: web.Request) -> web.Response:
    """Release an alert somebody else wrote."""
    officer, subject = await _subject(request)
    wanted = await body(request, models.Accept)
    word = confirm_word(subject.alert)
    if wanted.confirm != word:
        raise AlertRefusedError([Reason("confirm_word", f"To approve this alert, confirm with {word}.")])
    await request.app[SERVICES].desk.approve(officer, subject.alert.id, wanted.accepted, seen=wanted.seen)
    return await _done(request, officer, subject)


async def reject(request: web.Request) -> web.Response:
    """Send a submitted alert back to its authors."""
    officer, subject = await _subject(request)
    wanted = await body(request, models.Why)
    await request.app[SERVICES].desk.reject(officer, subject.alert.id, wanted.reason)
    return await _done(request, officer, subject)


async def cancel(request: web.Request) -> web.Response:
    """Stop an alert; one officer is enough."""
    officer, subject = await _subject(request)
    wanted = await body(request, models.Why)
    await request.app[SERVICES].desk.cancel(officer, subject.alert.id, wanted.reason)
    return await _done(request, officer, subject)


async def correct(request: web.Request) -> web.Response:
    """Begin a correction with the text prepared for it."""
    officer, subject = await _subject(request)
    made = await request.app[SERVICES].desk.correct(officer, subject.alert.id)
    return answer(models.Made(alert_id=made), status=201)


async def all_clear(request: web.Request) -> web.Response:
    """Begin an all-clear with the text prepared for it."""
    officer, subject = await _subject(request)
    made = await request.app[SERVICES].desk.all_clear(officer, subject.alert.id)
    return answer(models.Made(alert_id=made), status=201)


async def event_board(request: web.Request) -> web.Response:
    """The figures of an event."""
    event, _ = await board_pages.find(request)
    found = (await request.app[READINGS].of(event.id)).board
    figures = {
        name: getattr(found, name)
        for name in models.BoardOut.model_fields
        if name not in {"event_id", "event_code", "title", "drill"}
    }
    return answer(
        models.BoardOut(
            event_id=event.id, event_code=event.code, title=event.title, drill=event.drill, **figures
        )
    )


async def case_list(request: web.Request) -> web.Response:
    """Open cases in the officer's countries."""
    services = request.app[SERVICES]
    async with services.database.read() as connection:
        cases = await services.cases.list_open(connection, visitor(request).officer)
    return answer(
        models.CaseList(
            cases=[
                models.CaseOut(
                    case_id=case.id,
                    code=case.code,
                    event_id=case.event_id,
                    country=case.country,
                    drill=case.drill,
                    state=case.state.value,
                    opened_at=case.opened_at,
                    changed_at=case.changed_at,
                )
                for case in cases
            ]
        )
    )


def alert_out(alert: AlertRow, revision: RevisionRow, event: EventRow) -> models.AlertOut:
    """One alert as the API tells it."""
    first = next(iter(revision.texts.values()), None)
    return models.AlertOut(
        alert_id=alert.id,
        event_id=event.id,
        event_code=event.code,
        event_title=event.title,
        identifier=alert.identifier,
        status=Status(alert.status),
        state=alert.state,
        severity=revision.severity,
        revision=revision.number,
        headline=first.headline if first else revision.event_name,
        area_name=revision.area_name,
        languages=sorted(revision.texts),
        expires_at=revision.expires_at,
        created_at=alert.created_at,
        corrects=alert.corrects,
    )


def answer(model: BaseModel, status: int = 200) -> web.Response:
    """A model as JSON."""
    return web.Response(text=model.model_dump_json(), content_type="application/json", status=status)


def reasons_out(reasons: tuple[Reason, ...] | list[Reason]) -> list[models.ReasonOut]:
    """Reasons as the API tells them."""
    return [models.ReasonOut(code=reason.code, text=reason.text) for reason in reasons]


def problem(status: int, error: str, reasons: tuple[Reason, ...] | list[Reason]) -> web.Response:
    """A refusal as JSON."""
    return answer(models.Problem(error=error, reasons=reasons_out(reasons)), status=status)


async def body(request: web.Request, model: type[In]) -> In:
    """The request's JSON as `model`.

    Raises:
        AlertRefusedError: each fault with its path; never the value itself.
        FormError: it is no JSON object.
    """
    try:
        return model.model_validate(await _json(request))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        reasons = [Reason("body." + ".".join(map(str, fault["loc"])), fault["msg"]) for fault in faults]
        raise AlertRefusedError(reasons) from None


async def _json(request: web.Request) -> dict[str, object]:
    try:
        found = await request.json()
    except (JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise FormError("json", "The body is not JSON.") from None
    if not isinstance(found, dict):
        raise FormError("json", "The body must be a JSON object.")
    return found


async def _subject(request: web.Request) -> tuple[Officer, Subject]:
    officer = visitor(request).officer
    return officer, await find(request, officer, id_in(request))


async def _done(request: web.Request, officer: Officer, subject: Subject) -> web.Response:
    try:
        now = await find(request, officer, subject.alert.id)
    except (NotThereError, UnknownAlertError):
        now = subject
    return answer(models.Done(alert_id=now.alert.id, state=now.alert.state))
