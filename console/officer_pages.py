"""Officers: add, reset, change roles, take access away. Admins only, within their own countries.

An admin gives no more than they cover: roles in their countries, never everywhere unless they are
everywhere. New credentials are shown once, on the page that made them, and are never kept readable.
"""

from aiohttp import web

from alerts.errors import Reason
from console.access import Fields, fields, visitor
from console.alert_pages import id_in
from console.errors import NotAllowedError, NotThereError
from console.rendering import redirect, render
from console.services import SERVICES
from staff import officers
from staff.enrolment import Credentials
from staff.errors import OfficerRefusedError
from staff.officers import EVERYWHERE, Grant, Officer, Role


async def listing(request: web.Request) -> web.Response:
    """Every officer, and the form for a new one."""
    return await _page(request)


async def add(request: web.Request) -> web.Response:
    """Add an officer and show their credentials, once."""
    admin, sent = visitor(request).officer, await fields(request)
    try:
        grants = grants_in(sent)
        _may_give(admin, grants)
        made = await request.app[SERVICES].enrolment.add(
            login=str(sent.get("login", "")), name=str(sent.get("name", "")), grants=grants, by=admin.id
        )
    except OfficerRefusedError as refused:
        return await _page(request, reasons=(Reason(refused.code, refused.text),), status=422)
    return _credentials(request, made)


async def reset(request: web.Request) -> web.Response:
    """New password and code; the old ones and every session end."""
    admin, target = await _both(request)
    made = await request.app[SERVICES].enrolment.reset(target.id, by=admin.id)
    return _credentials(request, made)


async def grant(request: web.Request) -> web.Response:
    """Change what an officer may do."""
    admin, target = await _both(request)
    try:
        grants = grants_in(await fields(request))
        _may_give(admin, grants)
        await request.app[SERVICES].enrolment.change_grants(target.id, grants, by=admin.id)
    except OfficerRefusedError as refused:
        return await _page(request, reasons=(Reason(refused.code, refused.text),), status=422)
    return redirect("/officers", "granted")


async def lock(request: web.Request) -> web.Response:
    """Take an officer's access away."""
    admin, target = await _both(request)
    await request.app[SERVICES].enrolment.lock(target.id, by=admin.id)
    return redirect("/officers", "locked")


def grants_in(sent: Fields) -> list[Grant]:
    """The roles ticked, each in the countries typed beside it (`*` = everywhere).

    Raises:
        OfficerRefusedError: a ticked role has no countries.
    """
    grants = []
    for role in Role:
        if sent.get(f"role.{role}") != "yes":
            continue
        typed = str(sent.get(f"countries.{role}", "")).strip().upper()
        if not typed:
            raise OfficerRefusedError("no_countries", f"Say where the role {role} is held; * is everywhere.")
        codes = frozenset(filter(None, (part.strip() for part in typed.split(","))))
        grants.append(Grant(role, None if EVERYWHERE in codes else codes))
    return grants


def _may_give(admin: Officer, grants: list[Grant]) -> None:
    """An admin of some countries gives roles in those only."""
    mine = admin.countries(Role.ADMIN)
    if mine is None:
        return
    if any(given.countries is None or not given.countries <= mine for given in grants):
        raise NotAllowedError("beyond_admin", "You can give roles only in the countries you are admin of.")


async def _both(request: web.Request) -> tuple[Officer, Officer]:
    """The admin and the officer the page is about, who must hold nothing beyond the admin's countries."""
    admin = visitor(request).officer
    async with request.app[SERVICES].database.read() as connection:
        target = await officers.load(connection, id_in(request))
    if target is None:
        raise NotThereError
    if target.id == admin.id:
        raise NotAllowedError("own_access", "Another admin must change your own access.")
    _may_give(admin, list(target.roles))
    return admin, target


async def _page(request: web.Request, *, reasons: tuple[Reason, ...] = (), status: int = 200) -> web.Response:
    async with request.app[SERVICES].database.read() as connection:
        everybody = await officers.list_all(connection)
    return render(
        request, "officers.html", status=status, everybody=everybody, reasons=reasons, roles=tuple(Role)
    )


def _credentials(request: web.Request, made: Credentials) -> web.Response:
    return render(request, "credentials.html", made=made)
