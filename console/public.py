"""What anybody may see: is this alert really ours, the feed of live ones, each as CAP. Public listener only.

Only approved alerts for the public; drills only where the installation says so, and marked. Nothing here
knows an officer or a citizen.
"""

from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from jinja2 import Environment
from lxml import etree
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.cap.export import reference, to_cap
from alerts.cap.xml import Element
from alerts.errors import UnknownAlertError
from alerts.events import by_code
from alerts.languages import own_text
from alerts.lifecycle import MAY_SEND
from alerts.revisions import latest
from alerts.store import AlertRow, EventRow, RevisionRow, alerts_of_event, newest_alerts, read_alert
from alerts.terms import Audience
from console.alert_pages import number_in
from console.preview import Preview, previews
from console.rendering import environment
from console.security import HEADERS
from console.services import Services

ATOM = "http://www.w3.org/2005/Atom"
STYLE = Path(__file__).parent / "static" / "public.css"
PAGES_READ = 10
PER_PAGE = 100
LONGEST_FEED = 50
FRESH = {"Cache-Control": "public, max-age=15"}


def public_routes(services: Services) -> list[web.RouteDef]:
    """The routes, ready to be added to an application."""
    pages = PublicPages(services)
    return [
        web.get("/a/{code}", pages.code),
        web.get("/alerts.atom", pages.feed),
        web.get("/alerts.css", pages.style),
        web.get("/alerts/{id}.cap", pages.cap),
    ]


class PublicPages:
    """Answers for readers without any sign-in."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._look = services.appearance
        self._base = services.appearance.public_url.rstrip("/")
        self._templates: Environment = environment(services.ground.countries, has_scripts=False)
        self._sender = f"muster@{urlsplit(self._base).hostname or 'localhost'}"

    async def code(self, request: web.Request) -> web.Response:
        """Whether a code is ours and what we said under it."""
        typed = request.match_info["code"]
        event: EventRow | None = None
        shown: list[tuple[AlertRow, RevisionRow]] = []
        if typed.isascii() and typed.isalnum() and len(typed) <= 6:
            event, shown = await self._of_code(typed)
        now = self._services.clock.now()
        text = self._templates.get_template("public_code.html").render(
            ministry=self._look.ministry,
            event=event,
            shown=[
                (alert, revision, self._valid(alert, revision, now), self._texts(request, alert, revision))
                for alert, revision in shown
            ],
        )
        status = 200 if shown else 404
        return web.Response(
            text=text, content_type="text/html", charset="utf-8", status=status, headers={**HEADERS, **FRESH}
        )

    async def feed(self, _request: web.Request) -> web.Response:
        """Live alerts as Atom (RFC 4287), newest first."""
        now = self._services.clock.now()
        live = [row for row in await self._approved() if self._valid(row[0], row[1], now)][:LONGEST_FEED]
        root = etree.fromstring(f'<feed xmlns="{ATOM}"/>')
        _add(root, "id", f"{self._base}/alerts.atom")
        _add(root, "title", f"Alerts of {self._look.ministry}")
        _add(root, "link", rel="self", href=f"{self._base}/alerts.atom")
        _add(root, "updated", max((_time(row[1].approved_at or now) for row in live), default=_time(now)))
        _add(_add(root, "author"), "name", self._look.ministry)
        for alert, revision, event in live:
            entry = _add(root, "entry")
            _add(entry, "id", f"urn:muster:{alert.identifier}")
            _add(entry, "title", _title(alert, revision))
            _add(entry, "updated", _time(revision.approved_at or now))
            _add(entry, "link", rel="alternate", type="text/html", href=f"{self._base}/a/{event.code}")
            cap = f"{self._base}/alerts/{alert.id}.cap"
            _add(entry, "link", rel="enclosure", type="application/cap+xml", href=cap)
            _add(entry, "summary", revision.area_name)
        body = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
        return web.Response(body=body, content_type="application/atom+xml", headers={**HEADERS, **FRESH})

    async def cap(self, request: web.Request) -> web.Response:
        """One alert as CAP 1.2; 410 once it was cancelled or replaced."""
        alert_id = number_in(request.match_info["id"])
        try:
            async with self._services.database.read() as connection:
                alert = await read_alert(connection, alert_id or 0)
                revision = await latest(connection, alert.id)
                followed = await self._followed(connection, alert)
        except UnknownAlertError:
            raise web.HTTPNotFound(headers=HEADERS) from None
        if not self._may_show(alert, revision):
            raise web.HTTPNotFound(headers=HEADERS)
        if alert.state not in MAY_SEND and alert.cancelled_at is not None:
            raise web.HTTPGone(headers=HEADERS)
        body = to_cap(
            alert, revision, sender=self._sender, sender_name=self._look.ministry, references=followed
        )
        return web.Response(body=body, content_type="application/cap+xml", headers={**HEADERS, **FRESH})

    async def style(self, _request: web.Request) -> web.StreamResponse:
        """The style sheet of the public page."""
        return web.FileResponse(STYLE, headers={**HEADERS, "Cache-Control": "public, max-age=3600"})

    async def _followed(self, connection: AsyncConnection, alert: AlertRow) -> list[str]:
        """CAP references to the alert this one follows."""
        if alert.corrects is None:
            return []
        earlier = await read_alert(connection, alert.corrects)
        return [reference(earlier, await latest(connection, earlier.id), sender=self._sender)]

    def _may_show(self, alert: AlertRow, revision: RevisionRow) -> bool:
        if alert.drill and not self._look.show_drills:
            return False
        return alert.audience == Audience.PUBLIC and revision.approved_at is not None

    def _valid(self, alert: AlertRow, revision: RevisionRow, now: datetime) -> bool:
        return alert.state in MAY_SEND and revision.expires_at > now

    async def _of_code(self, code: str) -> tuple[EventRow | None, list[tuple[AlertRow, RevisionRow]]]:
        async with self._services.database.read() as connection:
            event = await by_code(connection, code)
            if event is None:
                return None, []
            rows = await alerts_of_event(connection, event.id)
            written = [(row, await latest(connection, row.id)) for row in reversed(rows)]
        return event, [pair for pair in written if self._may_show(*pair)]

    async def _approved(self) -> list[tuple[AlertRow, RevisionRow, EventRow]]:
        found, before = [], None
        async with self._services.database.read() as connection:
            for _ in range(PAGES_READ):
                rows = await newest_alerts(connection, limit=PER_PAGE, before=before)
                found += [row for row in rows if self._may_show(row[0], row[1])]
                if len(rows) < PER_PAGE:
                    break
                before = rows[-1][0].id
        return found

    def _texts(self, request: web.Request, alert: AlertRow, revision: RevisionRow) -> list[Preview]:
        """The alert in every language, the reader's own first; without buttons, which work in a chat only."""
        wanted = request.headers.get("Accept-Language", "")[:200].split(";")[0].split(",")
        tags = [tag.strip() for tag in wanted if tag.strip()]
        first = next((own for tag in tags if (own := own_text(tag, revision.texts))), None)
        found = previews(self._services.compose, alert, revision, "", ())
        return sorted(found, key=lambda one: one.language != first)


def _title(alert: AlertRow, revision: RevisionRow) -> str:
    text = next((revision.texts[tag] for tag in sorted(revision.texts)), None)
    headline = text.headline if text else revision.event_name
    return f"EXERCISE: {headline}" if alert.drill else headline


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _add(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    child = etree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    child.text = text or None
    return child
