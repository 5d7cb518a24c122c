"""Signing in and out: password and time code, or a one-time link in the demo. Touches `staff.signin`."""

from aiohttp import web

from console.access import fields
from console.errors import FormError, NotThereError, TooOftenError
from console.rendering import redirect, render
from console.security import (
    CSRF_FIELD,
    SESSION_COOKIE,
    THROTTLE,
    comes_from_elsewhere,
    drop_session,
    entry_token,
    same_entry,
    set_entry,
    set_session,
)
from console.services import SERVICES
from staff import officers, sessions
from staff.errors import SignInRefusedError
from staff.sessions import SessionKind


async def form(request: web.Request) -> web.Response:
    """The sign-in form."""
    return _form(request, request.query.get("next", "/"))


async def sign_in(request: web.Request) -> web.Response:
    """Check what was typed."""
    services = request.app[SERVICES]
    sent = await _entry_fields(request)
    target = local_path(sent["next"])
    try:
        _, made = await services.sign_in.sign_in(sent["login"], sent["password"], sent["code"])
    except SignInRefusedError as refused:
        return _form(request, target, problem=refused.text, login=sent["login"], status=403)
    answer = redirect(target)
    set_session(answer, made.token, secure=services.appearance.secure_cookies)
    return answer


async def once_form(request: web.Request) -> web.Response:
    """What a one-time link opens: a button, so that looking at the link does not use it up."""
    services = request.app[SERVICES]
    if not services.appearance.demo:
        raise NotThereError
    token = request.match_info["token"]
    async with services.database.read() as connection:
        found = await sessions.find(connection, token, SessionKind.ONCE, services.clock.now())
        who = await officers.load(connection, found.officer_id) if found else None
    if who is None:
        return _form(request, "/", problem="This link was used or is too old.", status=403)
    entry = entry_token(request)
    answer = render(request, "sign_in_once.html", token=token, who=who, entry=entry)
    set_entry(answer, entry, secure=services.appearance.secure_cookies)
    return answer


async def once(request: web.Request) -> web.Response:
    """Use up a one-time link."""
    services = request.app[SERVICES]
    if not services.appearance.demo:
        raise NotThereError
    sent = await _entry_fields(request)
    try:
        _, made = await services.sign_in.sign_in_once(sent["token"])
    except SignInRefusedError:
        return _form(request, "/", problem="This link was used or is too old.", status=403)
    answer = redirect("/")
    set_session(answer, made.token, secure=services.appearance.secure_cookies)
    return answer


async def sign_out(request: web.Request) -> web.Response:
    """End the session, here and in SQL."""
    await request.app[SERVICES].sign_in.sign_out(request.cookies.get(SESSION_COOKIE, ""))
    answer = redirect("/sign-in")
    drop_session(answer)
    return answer


def local_path(target: str) -> str:
    """A path of the console itself, or `/`: a link cannot lead an officer elsewhere."""
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if safe and "\\" not in target else "/"


async def _entry_fields(request: web.Request) -> dict[str, str]:
    if not request.app[THROTTLE].admits(request.remote or ""):
        raise TooOftenError("too_often", "Too many attempts from this place. Wait a minute.")
    sent = await fields(request)
    known = ("login", "password", "code", "token", "next", CSRF_FIELD)
    values = {name: str(sent.get(name, "")) for name in known}
    if comes_from_elsewhere(request) or not same_entry(request, values[CSRF_FIELD]):
        raise FormError("csrf", "This form is too old, or cookies are off. Open the sign-in page again.")
    return values


def _form(
    request: web.Request, target: str, *, problem: str = "", login: str = "", status: int = 200
) -> web.Response:
    entry = entry_token(request)
    answer = render(
        request,
        "sign_in.html",
        status=status,
        entry=entry,
        next=local_path(target),
        problem=problem,
        login=login,
    )
    set_entry(answer, entry, secure=request.app[SERVICES].appearance.secure_cookies)
    return answer
