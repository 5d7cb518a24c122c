"""Notices to operators, the audit chain, missions. Touches `staff` only."""

import re

from aiohttp import web

from assistance.lifecycle import CaseState
from console.access import fields, visitor
from console.alert_pages import id_in, number_in
from console.entry import local_path
from console.errors import FormError
from console.rendering import redirect, render
from console.services import SERVICES
from staff import audit, missions, notices, officers
from staff.officers import Role

PER_PAGE = 100
_PHONE = re.compile(r"\+[0-9][0-9 ()/-]{4,38}")


async def notice_list(request: web.Request) -> web.Response:
    """What is open, urgent first."""
    async with request.app[SERVICES].database.read() as connection:
        found = await notices.open_notices(connection)
    return render(request, "notices.html", notices=found)


async def nav(request: web.Request) -> web.Response:
    """The navigation with what waits for this officer, for pages that refresh it."""
    services, officer = request.app[SERVICES], visitor(request).officer
    async with services.database.read() as connection:
        cases = await services.cases.list_open(connection, officer) if officer.has(Role.CASE) else []
        found = await notices.open_notices(connection)
    waiting = {"cases": sum(case.state is CaseState.OPEN for case in cases), "notices": len(found)}
    return render(request, "_nav.html", waiting=waiting, path=local_path(request.query.get("at", "/")))


async def notice_close(request: web.Request) -> web.Response:
    """Somebody dealt with it."""
    services = request.app[SERVICES]
    now, notice_id = services.clock.now(), id_in(request)
    async with services.database.durable() as connection:
        if await notices.close(connection, notice_id, at=now):
            await audit.append(
                connection,
                at=now,
                actor=visitor(request).officer.actor,
                action="notice.close",
                subject=f"notice:{notice_id}",
                detail={},
            )
    return redirect("/notices", "closed")


async def audit_list(request: web.Request) -> web.Response:
    """The newest entries of the chain; `?verify=1` walks all of it first."""
    before = number_in(request.query.get("before", ""))
    subject = request.query.get("subject", "")[:80]
    async with request.app[SERVICES].database.read() as connection:
        entries = await audit.newest(connection, limit=PER_PAGE, before=before, subject=subject or None)
        who = await officers.names(connection)
        report = await audit.verify(connection) if request.query.get("verify") else None
    older = entries[-1].seq if len(entries) == PER_PAGE else None
    return render(
        request, "audit.html", entries=entries, who=who, report=report, older=older, subject=subject
    )


async def mission_list(request: web.Request) -> web.Response:
    """Missions and the numbers citizens are given."""
    services = request.app[SERVICES]
    async with services.database.read() as connection:
        found = await missions.list_all(connection)
    return render(request, "missions.html", missions=found, country_names=services.ground.countries.names)


async def mission_add(request: web.Request) -> web.Response:
    """Enter a mission."""
    services, sent = request.app[SERVICES], await fields(request)
    name, country, phone = (str(sent.get(key, "")).strip() for key in ("name", "country", "phone"))
    known = country in services.ground.countries.names
    if not 1 <= len(name) <= 120 or not known or not _PHONE.fullmatch(phone):
        raise FormError("mission", "A mission has a name, a country and a number that begins with +.")
    async with services.database.durable() as connection:
        made = await missions.add(connection, name=name, country=country, phone=phone)
        await audit.append(
            connection,
            at=services.clock.now(),
            actor=visitor(request).officer.actor,
            action="mission.add",
            subject=f"mission:{made}",
            detail={"country": country},
        )
    return redirect("/missions", "mission")


async def mission_remove(request: web.Request) -> web.Response:
    """Take a mission out."""
    services, mission_id = request.app[SERVICES], id_in(request)
    async with services.database.durable() as connection:
        await missions.remove(connection, mission_id)
        await audit.append(
            connection,
            at=services.clock.now(),
            actor=visitor(request).officer.actor,
            action="mission.remove",
            subject=f"mission:{mission_id}",
            detail={},
        )
    return redirect("/missions", "removed")
