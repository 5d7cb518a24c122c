"""Who is registered where, against how many citizens are thought to live there, and how ready we are to reach
them. Reads the registry; takes in files of estimates."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiohttp import web
from aiohttp.web_request import FileField

from alerts.errors import Reason
from console import api_models as models
from console.access import fields, visitor
from console.api import answer
from console.errors import FormError, NotThereError
from console.rendering import redirect, render
from console.services import SERVICES
from registry import estimates, headcounts, watches
from registry.estimates import Estimate, EstimatesRefusedError
from registry.headcounts import CountryCount
from staff import audit
from staff.officers import Officer, Role

READERS = (Role.AUTHOR, Role.APPROVER, Role.CASE, Role.AUDITOR, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Line:
    """One country as officers see it. Unit: people (registrations); watchers are apart and in no sum.

    Attributes:
        estimate: None = unknown.
    """

    count: CountryCount
    estimate: Estimate | None
    watchers: int = 0


async def listing(request: web.Request) -> web.Response:
    """Every country in the officer's charge in which somebody is registered or thought to live."""
    return await _show(request)


async def country(request: web.Request) -> web.Response:
    """One country by channel, language and confidence.

    Raises:
        NotThereError: it is none, or not in the officer's charge.
    """
    code = request.match_info["country"].upper()
    found = [line for line in await _lines(request) if line.count.country == code]
    if not found:
        raise NotThereError
    return render(
        request, "people_country.html", line=found[0], confidence=NEARNESS, simulated=_simulated(request)
    )


async def api_list(request: web.Request) -> web.Response:
    """The same figures as JSON."""
    found = []
    for line in await _lines(request):
        thought = line.estimate
        found.append(
            models.CountryOut(
                **{name: getattr(line.count, name) for name in CountryCount.__slots__},
                estimate=None
                if thought is None
                else models.EstimateOut(people=thought.people, source=thought.source, year=thought.year),
                watchers=line.watchers,
            )
        )
    return answer(models.PeopleOut(countries=found))


async def take_in(request: web.Request) -> web.StreamResponse:
    """A file of estimates: all of it, or nothing and every mistake."""
    services = request.app[SERVICES]
    sent = (await fields(request)).get("file")
    if not isinstance(sent, FileField):
        raise FormError("file", "Choose a file first.")
    now = services.clock.now()
    data = await asyncio.to_thread(sent.file.read)
    try:
        found = await asyncio.to_thread(estimates.read, data, services.ground.countries.code, now.year)
    except EstimatesRefusedError as refused:
        reasons = [Reason("estimates", str(one)) for one in refused.mistakes[: estimates.MOST_MISTAKES]]
        return await _show(request, reasons, status=422)
    async with services.database.durable() as connection:
        await estimates.save(connection, found, now)
        await audit.append(
            connection,
            at=now,
            actor=visitor(request).officer.actor,
            action="estimates.import",
            subject="estimates",
            detail={"countries": len(found)},
        )
    return redirect("/people", "estimates")


NEARNESS: Mapping[str, str] = {
    "area": "within a few kilometres",
    "city": "the city",
    "country": "the country only",
}


async def _show(request: web.Request, reasons: Iterable[Reason] = (), status: int = 200) -> web.Response:
    lines = await _lines(request)
    return render(
        request,
        "people.html",
        status=status,
        lines=lines,
        people=sum(line.count.people for line in lines),
        reasons=list(reasons),
        may_import=visitor(request).officer.has(Role.ADMIN),
        simulated=_simulated(request),
    )


async def _lines(request: web.Request) -> list[Line]:
    services, mine = request.app[SERVICES], _charge(visitor(request).officer)
    simulated = _simulated(request)
    order = [sender.channel for sender in services.senders]
    async with services.database.read() as connection:
        counts = await headcounts.by_country(
            connection, services.clock.now(), drill=simulated, channel_order=order
        )
        thought = await estimates.known(connection)
        watching = await watches.counts(connection, drill=simulated)
    registered = {one.country: one for one in counts}
    codes = dict.fromkeys([*registered, *thought, *watching])
    return [
        Line(registered.get(code) or CountryCount(code, 0), thought.get(code), watching.get(code, 0))
        for code in codes
        if mine is None or code in mine
    ]


def _simulated(request: web.Request) -> bool:
    return request.app[SERVICES].appearance.demo


def _charge(officer: Officer) -> frozenset[str] | None:
    """The countries an officer answers for in any role; None = all."""
    found: set[str] = set()
    for role in READERS:
        if not officer.has(role):
            continue
        held = officer.countries(role)
        if held is None:
            return None
        found |= held
    return frozenset(found)
