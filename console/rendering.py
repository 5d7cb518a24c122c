"""Pages from templates: jinja2, escaping by default, unknown names are errors. Reads `console/templates/`."""

from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from console import names
from console.access import VISITOR
from console.countries import Countries
from console.services import SERVICES
from staff.officers import Role

FOLDER = Path(__file__).parent / "templates"
TEMPLATES = web.AppKey("templates", Environment)

DONE = {
    "saved": "Draft saved.",
    "submitted": "Submitted. A second officer must approve it.",
    "approved": "Approved. Sending begins now.",
    "rejected": "Sent back to its authors.",
    "cancelled": "Cancelled. Copies that had not left are stopped.",
    "followed": "Follow-up begun. Check its words, then submit it.",
    "answered": "Answer on its way.",
    "closed": "Closed.",
    "deleted": "Deleted, with every word and position in it.",
    "located": "Handed to the officers of that country.",
    "granted": "Roles changed.",
    "locked": "Access taken away.",
    "mission": "Mission saved.",
    "estimates": "Estimates taken in.",
    "removed": "Removed.",
    "recorded": "Recorded.",
    "proposed": "Proposed. A second officer must approve it.",
    "decided": "Done. Publish when everything is as it should be.",
    "published": "Published. It is in force within seconds.",
    "imported": "Taken in, unreviewed.",
    "released": "Released. These people are tried on their next channel little by little.",
}


@cache
def environment(countries: Countries, *, has_scripts: bool) -> Environment:
    """The templates, compiled once; `has_scripts`: the browser libraries were fetched."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "when": names.when,
        "number": names.number,
        "people": names.people,
        "country": countries.name,
        "language": names.language,
        "channel": names.channel,
        "confidence": names.confidence,
        "span": names.span,
        "money": names.money,
    }
    made.globals |= {"has_scripts": has_scripts, "Role": Role, "ago": names.ago}
    return made


def render(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """A page with everything the frame around it needs."""
    services = request.app[SERVICES]
    found = request.get(VISITOR)
    frame = {
        "appearance": services.appearance,
        "officer": found.officer if found else None,
        "csrf": found.session.csrf if found else "",
        "now": services.clock.now(),
        "path": request.path,
        "waiting": {"cases": 0, "notices": 0},
        "done": DONE.get(request.query.get("did", ""), ""),
    }
    text = request.app[TEMPLATES].get_template(template).render({**frame, **values})
    return web.Response(text=text, content_type="text/html", charset="utf-8", status=status)


def redirect(target: str, did: str = "") -> web.Response:
    """Send the browser on after a form; `did` names what the next page reports."""
    return web.Response(status=303, headers={"Location": f"{target}?did={did}" if did else target})
