"""Help cases: who waits, what was said, the officer's answer. Every rule is `assistance.desk`'s.

The exact pin is on the page of the case and nowhere else: only officers whose case role covers the
country open it, and opening it is recorded.
"""

import secrets
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.errors import Reason
from alerts.events import list_events
from assistance.errors import AssistanceError, CaseUnknownError, NotYourCaseError
from assistance.store import CaseRow
from assistance.thread import MAX_TEXT
from console.access import fields, visitor
from console.errors import FormError, NotThereError
from console.rendering import redirect, render
from console.services import SERVICES
from registry import people, phones
from staff import missions, officers
from storage.errors import SealError

MAX_CASE_ID = 2**53


async def listing(request: web.Request) -> web.Response:
    """Open cases in the officer's countries, those who wait first."""
    services = request.app[SERVICES]
    async with services.database.read() as connection:
        cases = await services.cases.list_open(connection, visitor(request).officer)
        closed = await services.cases.list_closed(connection, visitor(request).officer)
        titles = {event.id: event.title for event in await list_events(connection, limit=500)}
    return render(request, "cases.html", cases=cases, closed=closed, titles=titles)


async def show(request: web.Request) -> web.Response:
    """One case with its thread."""
    return await _page(request)


async def answer(request: web.Request) -> web.Response:
    """Send words to the citizen."""
    services, officer, case_id = request.app[SERVICES], visitor(request).officer, _id(request)
    sent = await fields(request)
    text, key = str(sent.get("text", "")).strip(), str(sent.get("key", ""))
    if not 8 <= len(key) <= 40:
        raise FormError("key", "The form is not the one this page shows. Reload it.")

    async def act(connection: AsyncConnection) -> object:
        return await services.cases.answer(connection, officer, case_id, text, key=key)

    return await _do(request, case_id, act, "answered", typed=text)


async def close(request: web.Request) -> web.Response:
    """Close the case."""
    services, officer, case_id = request.app[SERVICES], visitor(request).officer, _id(request)

    async def act(connection: AsyncConnection) -> object:
        return await services.cases.close(connection, officer, case_id)

    return await _do(request, case_id, act, "closed")


async def locate(request: web.Request) -> web.Response:
    """Hand the case to the officers of another country."""
    services, officer, case_id = request.app[SERVICES], visitor(request).officer, _id(request)
    country = str((await fields(request)).get("country", ""))
    if country not in services.ground.countries.names:
        raise FormError("country", "Choose a country.")

    async def act(connection: AsyncConnection) -> object:
        return await services.cases.locate(connection, officer, case_id, country)

    return await _do(request, case_id, act, "located", then="/cases")


async def delete(request: web.Request) -> web.Response:
    """Delete the closed case with everything said in it."""
    services, officer, case_id = request.app[SERVICES], visitor(request).officer, _id(request)
    if (await fields(request)).get("sure") != "yes":
        reason = Reason("not_sure", "Nothing was deleted. Tick the box, then press the button.")
        return await _page(request, reasons=(reason,), status=409)

    async def act(connection: AsyncConnection) -> None:
        await services.cases.delete(connection, officer, case_id)

    return await _do(request, case_id, act, "deleted", then="/cases")


async def _do(
    request: web.Request,
    case_id: int,
    act: Callable[[AsyncConnection], Awaitable[object]],
    did: str,
    *,
    typed: str = "",
    then: str = "",
) -> web.Response:
    try:
        async with request.app[SERVICES].database.durable() as connection:
            await act(connection)
    except (CaseUnknownError, NotYourCaseError):
        raise NotThereError from None
    except AssistanceError as refused:
        return await _page(request, reasons=(Reason(refused.code, refused.text),), typed=typed, status=409)
    return redirect(then or f"/cases/{case_id}", did)


async def _page(
    request: web.Request, *, reasons: Sequence[Reason] = (), typed: str = "", status: int = 200
) -> web.Response:
    services, officer, case_id = request.app[SERVICES], visitor(request).officer, _id(request)
    try:
        async with services.database.durable() as connection:  # looking is recorded
            case, messages = await services.cases.read(connection, officer, case_id)
            phone = await _phone(request, connection, case)
            who = await officers.names(connection)
            mission = await missions.for_country(connection, case.country)
    except (CaseUnknownError, NotYourCaseError, SealError):
        raise NotThereError from None
    return render(
        request,
        "case.html",
        status=status,
        case=case,
        messages=messages,
        phone=phone,
        who=who,
        mission=mission,
        reasons=tuple(reasons),
        typed=typed,
        key=secrets.token_urlsafe(12),
        longest=MAX_TEXT,
        country_names=services.ground.countries.names,
        drill=case.drill,
    )


async def _phone(request: web.Request, connection: AsyncConnection, case: CaseRow) -> str:
    person = await people.get(connection, case.person_id)
    if person is None:
        return ""
    found = await phones.of_person(connection, person.unlocked(request.app[SERVICES].vault), person.id)
    return found.number if found else ""


def _id(request: web.Request) -> int:
    text = request.match_info["id"]
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= MAX_CASE_ID):
        raise NotThereError
    return int(text)
