"""The list of alerts and the page of one. Reads SQL; acts are in `console.act_pages`."""

from aiohttp import web

from alerts.errors import Reason
from alerts.lifecycle import AlertState
from alerts.store import AlertRow, EventRow, RevisionRow, newest_alerts
from console import names
from console.access import visitor
from console.dossiers import find, picture
from console.errors import NotThereError
from console.jurisdiction import JURISDICTION
from console.rendering import redirect, render
from console.services import SERVICES
from staff.officers import Role

GROUPS: tuple[tuple[str, str, frozenset[AlertState]], ...] = (
    ("waiting", "Waiting for a second officer", frozenset({AlertState.SUBMITTED})),
    ("live", "Live now", frozenset({AlertState.APPROVED, AlertState.SENDING, AlertState.SENT})),
    ("drafts", "Being written", frozenset({AlertState.DRAFT, AlertState.REJECTED})),
    ("past", "Over", frozenset({AlertState.UPDATED, AlertState.CANCELLED, AlertState.EXPIRED})),
)
PER_PAGE = 60
MAX_ID = 2**31 - 1

Listed = tuple[AlertRow, RevisionRow, EventRow]


async def home(request: web.Request) -> web.Response:
    """Send an officer to the first page they have."""
    officer = visitor(request).officer
    first = {Role.CASE: "/cases", Role.ADMIN: "/officers"}
    if any(officer.has(role) for role in (Role.AUTHOR, Role.APPROVER, Role.AUDITOR)):
        return redirect("/alerts")
    return redirect(next((path for role, path in first.items() if officer.has(role)), "/alerts"))


async def listing(request: web.Request) -> web.Response:
    """Alerts the officer may see, newest first, in the order of what needs somebody."""
    chosen = request.query.get("state", "")
    rows, older = await visible(request, before=number_in(request.query.get("before", "")))
    groups = [
        (key, title, [row for row in rows if row[0].state in states])
        for key, title, states in GROUPS
        if chosen in {"", key}
    ]
    return render(
        request,
        "alerts.html",
        groups=groups,
        any_rows=bool(rows),
        older=older,
        chosen=chosen,
        choices=[(key, title) for key, title, _ in GROUPS],
        states=names.STATES,
    )


async def show(request: web.Request) -> web.Response:
    """One alert: its words, whom it reaches, what may be done."""
    return await page(request, id_in(request))


async def page(
    request: web.Request, alert_id: int, *, reasons: tuple[Reason, ...] = (), status: int = 200
) -> web.Response:
    """The page of one alert, with the reasons why an act was refused."""
    officer = visitor(request).officer
    subject = await find(request, officer, alert_id)
    seen = await picture(request, officer, subject)
    return render(
        request,
        "alert.html",
        status=status,
        it=subject,
        seen=seen,
        reasons=reasons,
        states=names.STATES,
        confidence=names.CONFIDENCE,
        drill=subject.alert.drill,
        word=confirm_word(subject.alert),
    )


async def visible(request: web.Request, *, before: int | None = None) -> tuple[list[Listed], int | None]:
    """A page of alerts the officer may see, and the id before which older ones are (None = no more)."""
    officer = visitor(request).officer
    async with request.app[SERVICES].database.read() as connection:
        rows = await newest_alerts(connection, limit=PER_PAGE, before=before)
    jurisdiction = request.app[JURISDICTION]
    mine = [row for row in rows if await jurisdiction.may_see(officer, row[1])]
    return mine, rows[-1][0].id if len(rows) == PER_PAGE else None


def confirm_word(alert: AlertRow) -> str:
    """What the approver types: the word itself says whether people or simulated people will be reached."""
    return "DRILL" if alert.drill else "LIVE"


def id_in(request: web.Request, name: str = "id") -> int:
    """The number in the address.

    Raises:
        NotThereError: it is none of ours.
    """
    found = number_in(request.match_info[name])
    if found is None:
        raise NotThereError
    return found


def number_in(text: str) -> int | None:
    """A positive number of at most 31 bits, or None."""
    plain = text.isascii() and text.isdigit() and len(text) <= 10
    return int(text) if plain and 0 < int(text) <= MAX_ID else None
