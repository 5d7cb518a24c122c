"""Who may open which page: one table, and the middleware that reads it. Touches officers' sessions in SQL.

A page that is not in the table does not exist, whoever added it; only static files and what machines ask
for (health, metrics) pass beside it. Every page needs an officer unless its entry says `anybody`; then
the officer needs one of its roles; then, for every POST of a browser, the token of the form.
Jurisdiction is the page's own to check, because only the page knows which countries it is about.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from hmac import compare_digest
from urllib.parse import quote

from aiohttp import web
from aiohttp.web_request import FileField
from multidict import MultiDictProxy

from console.errors import FormError, NotAllowedError, NotThereError
from console.security import CSRF_FIELD, SESSION_COOKIE, comes_from_elsewhere
from console.services import SERVICES
from staff import officers, sessions
from staff.officers import Officer, Role
from staff.sessions import Session, SessionKind

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Fields = MultiDictProxy[str | bytes | bytearray | FileField]


@dataclass(frozen=True, slots=True)
class Page:
    """One route.

    Attributes:
        roles: the officer needs one of them; empty = any officer.
        anybody: nobody needs to be signed in.
    """

    method: str
    path: str
    handler: Handler
    roles: frozenset[Role] = frozenset()
    anybody: bool = False

    @property
    def is_api(self) -> bool:
        """Scripts bring a bearer credential, browsers a cookie; neither is good for the other."""
        return self.path.startswith("/api/")


@dataclass(frozen=True, slots=True)
class Visitor:
    """The officer behind a request, read fresh, and the session they came with."""

    officer: Officer
    session: Session


BESIDE = frozenset({"/static", "/static/vendor", "/metrics", "/healthz", "/readyz"})
VISITOR = web.RequestKey("visitor", Visitor)
PAGES = web.AppKey("pages", dict[tuple[str, str], Page])


def page(method: str, path: str, handler: Handler, roles: Collection[Role] = ()) -> Page:
    """A page for officers with one of `roles`."""
    return Page(method, path, handler, frozenset(roles))


def visitor(request: web.Request) -> Visitor:
    """The officer behind this request; only pages for officers may ask."""
    return request[VISITOR]


async def fields(request: web.Request) -> Fields:
    """The form that was sent.

    Raises:
        FormError: it cannot be read.
    """
    try:
        return await request.post()
    except ValueError as error:
        raise FormError("form", "The form could not be read.") from error


@web.middleware
async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request through to its page, or not."""
    entry = page_of(request)
    if entry is None and not _is_beside(request):
        raise NotThereError
    if entry is None or entry.anybody:
        return await handler(request)
    found = await _find(request, entry)
    if found is None:
        return _unknown(request, entry)
    if entry.roles and not any(found.officer.has(role) for role in entry.roles):
        raise NotAllowedError("role", "Your roles do not cover this page.")
    if request.method == "POST" and not entry.is_api:
        await _check_form(request, found.session)
    request[VISITOR] = found
    return await handler(request)


def _is_beside(request: web.Request) -> bool:
    """Whether this is a static file, a machine's question, or nothing at all (a plain 404 or 405)."""
    resource = request.match_info.route.resource
    return resource is None or resource.canonical in BESIDE


def page_of(request: web.Request) -> Page | None:
    """The table's entry for a request; None when there is no such page (then there is no handler either)."""
    resource = request.match_info.route.resource
    if resource is None:
        return None
    method = "GET" if request.method == "HEAD" else request.method
    return request.app[PAGES].get((method, resource.canonical))


async def _find(request: web.Request, entry: Page) -> Visitor | None:
    services = request.app[SERVICES]
    now = services.clock.now()
    if entry.is_api:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        kind = SessionKind.BEARER
        if scheme.lower() != "bearer":
            return None
    else:
        token, kind = request.cookies.get(SESSION_COOKIE, ""), SessionKind.CONSOLE
    if not token:
        return None
    async with services.database.read() as connection:
        session = await sessions.find(connection, token, kind, now)
        officer = await officers.load(connection, session.officer_id) if session else None
    if session is None or officer is None:
        return None
    until = sessions.renewal_of(session, now)
    if until is not None:
        async with services.database.bulk() as connection:
            await sessions.renew(connection, token, until)
    return Visitor(officer, session)


async def _check_form(request: web.Request, session: Session) -> None:
    sent = (await fields(request)).get(CSRF_FIELD, "")
    if comes_from_elsewhere(request) or not isinstance(sent, str):
        raise NotAllowedError("csrf", "This form was not sent from the console.")
    if not compare_digest(sent.encode(), session.csrf.encode()):
        raise NotAllowedError(
            "csrf", "This form is from an earlier sign-in. Go back, reload, and send it again."
        )


def _unknown(request: web.Request, entry: Page) -> web.StreamResponse:
    if entry.is_api:
        reason = {"code": "not_signed_in", "text": "Bring a credential from /api/v1/login."}
        return web.json_response(
            {"error": "not_signed_in", "reasons": [reason]},
            status=401,
            headers={"WWW-Authenticate": "Bearer"},
        )
    target = "/sign-in"
    if request.method == "GET" and request.path != "/":
        target += f"?next={quote(request.path)}"
    if request.headers.get("HX-Request"):
        return web.Response(status=401, headers={"HX-Redirect": target})
    return web.Response(status=303, headers={"Location": target})
