"""Builds the console's application: pages, API, static files, one way to answer what goes wrong.

For the private listener only. Public pages are `console.public`.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from alerts.errors import AlertRefusedError, CapRefusedError, Reason, UnknownAlertError
from console import vendor
from console.access import PAGES, Page, admit
from console.api import problem
from console.errors import ConsoleError
from console.jurisdiction import JURISDICTION, Jurisdiction
from console.openapi import document
from console.readings import READINGS, Readings
from console.rendering import TEMPLATES, environment, render
from console.routes import API, CONSOLE, OPENAPI_PATH
from console.security import THROTTLE, Throttle, protect
from console.services import SERVICES, Services
from storage.errors import StorageUnavailableError

STATIC = Path(__file__).parent / "static"
MAX_BODY_BYTES = 4 * 1024 * 1024  # a CAP file with fine outlines; the reader has its own, tighter limit
WORDS = {
    404: "There is nothing at this address.",
    405: "This address does not take that.",
    413: "This is larger than anything the console takes.",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build_console(services: Services, *, vendor_folder: Path = vendor.FOLDER) -> web.Application:
    """The application of the private listener; nothing runs until it is served."""
    app = web.Application(middlewares=[answer_faults, admit], client_max_size=MAX_BODY_BYTES)
    openapi = Page("GET", OPENAPI_PATH, _describe, anybody=True)
    pages = (*CONSOLE, *(operation.page for operation in API), openapi)
    app[SERVICES] = services
    app[PAGES] = {(entry.method, entry.path): entry for entry in pages}
    app[THROTTLE] = Throttle(services.clock)
    app[JURISDICTION] = Jurisdiction(services.touch, services.ground.region)
    app[READINGS] = Readings(services.database, services.clock)
    app.on_cleanup.append(_stop_counting)
    app[TEMPLATES] = environment(services.ground.countries, has_scripts=vendor.is_complete(vendor_folder))
    for entry in pages:
        app.router.add_route(entry.method, entry.path, entry.handler)
    if vendor_folder.is_dir():
        app.router.add_static("/static/vendor", vendor_folder)
    app.router.add_static("/static", STATIC)
    app.on_response_prepare.append(protect)
    return app


async def _stop_counting(app: web.Application) -> None:
    await app[READINGS].close()


@web.middleware
async def answer_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what our layers raise into one kind of page, or one kind of JSON."""
    try:
        return await handler(request)
    except ConsoleError as refused:
        return _answer(request, refused.status, refused.code, [Reason(refused.code, refused.text)])
    except AlertRefusedError as refused:
        return _answer(request, 409, "refused", refused.reasons)
    except CapRefusedError as refused:
        return _answer(request, 422, "cap_refused", [Reason(refused.code, refused.text)])
    except UnknownAlertError:
        return _answer(request, 404, "not_there", [Reason("not_there", WORDS[404])])
    except StorageUnavailableError:
        text = "The database is away. Nothing was changed; try again in a moment."
        return _answer(request, 503, "storage_away", [Reason("storage_away", text)])
    except web.HTTPException as fault:
        if fault.status not in WORDS:
            raise
        return _answer(request, fault.status, f"http_{fault.status}", [Reason("http", WORDS[fault.status])])


def _answer(
    request: web.Request, status: int, code: str, reasons: tuple[Reason, ...] | list[Reason]
) -> web.StreamResponse:
    if request.path.startswith("/api/"):
        return problem(status, code, reasons)
    return render(request, "problem.html", status=status, reasons=reasons)


async def _describe(request: web.Request) -> web.Response:
    return web.json_response(document(API, f"Muster, {request.app[SERVICES].appearance.ministry}"))
