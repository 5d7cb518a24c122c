"""What officers do with an alert: submit, approve, send back, cancel, follow up. Every rule is the desk's.

A form here carries what the officer had before their eyes (the revision, the numbers they accept); the
desk holds it against what is true now and refuses what differs.
"""

from collections.abc import Awaitable

from aiohttp import web

from alerts.errors import AlertRefusedError, Reason, UnknownAlertError
from console import alert_pages
from console.access import Fields, fields, visitor
from console.dossiers import find
from console.errors import FormError, NotThereError
from console.rendering import redirect
from console.services import SERVICES
from staff.officers import Officer


async def submit(request: web.Request) -> web.Response:
    """Hand it to a second officer."""
    officer, alert_id, sent = await _begin(request)
    subject = await find(request, officer, alert_id)
    if _seen(sent) != subject.revision.number:
        reason = Reason("changed_meanwhile", "The alert was changed while you looked at it; read it again.")
        return await alert_pages.page(request, alert_id, reasons=(reason,), status=409)
    return await _do(request, alert_id, request.app[SERVICES].desk.submit(officer, alert_id), "submitted")


async def approve(request: web.Request) -> web.Response:
    """Release it; the officer typed the word and ticked every gap."""
    officer, alert_id, sent = await _begin(request)
    subject = await find(request, officer, alert_id)
    word = alert_pages.confirm_word(subject.alert)
    if str(sent.get("word", "")).strip() != word:
        reason = Reason("confirm_word", f"Nothing was sent. To approve, type {word} in the field.")
        return await alert_pages.page(request, alert_id, reasons=(reason,), status=409)
    act = request.app[SERVICES].desk.approve(officer, alert_id, accepted_in(sent), seen=_seen(sent))
    return await _do(request, alert_id, act, "approved")


async def reject(request: web.Request) -> web.Response:
    """Send it back to its authors."""
    officer, alert_id, sent = await _begin(request)
    act = request.app[SERVICES].desk.reject(officer, alert_id, reason_in(sent))
    return await _do(request, alert_id, act, "rejected")


async def cancel(request: web.Request) -> web.Response:
    """Stop it: one officer, one tap and one tick."""
    officer, alert_id, sent = await _begin(request)
    if sent.get("sure") != "yes":
        reason = Reason("not_sure", "Nothing was stopped. Tick the box, then press the button.")
        return await alert_pages.page(request, alert_id, reasons=(reason,), status=409)
    act = request.app[SERVICES].desk.cancel(officer, alert_id, reason_in(sent))
    return await _do(request, alert_id, act, "cancelled")


async def follow_up(request: web.Request) -> web.Response:
    """Begin a correction or an all-clear and open its draft."""
    officer, alert_id, sent = await _begin(request)
    desk = request.app[SERVICES].desk
    kinds = {"correction": desk.correct, "all_clear": desk.all_clear}
    begin = kinds.get(str(sent.get("kind", "")))
    if begin is None:
        raise FormError("kind", "A follow-up is a correction or an all-clear.")
    try:
        made = await begin(officer, alert_id)
    except AlertRefusedError as refused:
        return await alert_pages.page(request, alert_id, reasons=refused.reasons, status=409)
    return redirect(f"/alerts/{made}", "followed")


def reason_in(sent: Fields) -> str:
    """The reason chosen, with what was typed beside it."""
    chosen, more = (str(sent.get(name, "")).strip() for name in ("reason", "more"))
    return ": ".join(filter(None, (chosen, more)))


def accepted_in(sent: Fields) -> dict[str, int]:
    """The gaps ticked, `language:people` each.

    Raises:
        FormError: one is not written so.
    """
    accepted = {}
    for ticked in sent.getall("accept", []):
        language, _, people = str(ticked).rpartition(":")
        if not language or not (people.isascii() and people.isdigit()):
            raise FormError("accept", "The form is not the one this page shows. Reload it.")
        accepted[language] = int(people)
    return accepted


async def _begin(request: web.Request) -> tuple[Officer, int, Fields]:
    officer, alert_id = visitor(request).officer, alert_pages.id_in(request)
    await find(request, officer, alert_id)
    return officer, alert_id, await fields(request)


def _seen(sent: Fields) -> int:
    found = alert_pages.number_in(str(sent.get("seen", "")))
    if found is None:
        raise FormError("seen", "The form is not the one this page shows. Reload it.")
    return found


async def _do(request: web.Request, alert_id: int, act: Awaitable[object], did: str) -> web.Response:
    try:
        await act
    except AlertRefusedError as refused:
        return await alert_pages.page(request, alert_id, reasons=refused.reasons, status=409)
    except UnknownAlertError:
        raise NotThereError from None
    return redirect(f"/alerts/{alert_id}", did)
