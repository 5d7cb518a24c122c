"""Entries in and out of the console as files. What comes in is marked as reviewed by nobody."""

from aiohttp import web
from aiohttp.web_request import FileField

from assistance.errors import AssistanceError
from assistance.faq.files import read_entries, write_entries
from assistance.faq.intake import give, starter_bank, take
from console.access import fields, visitor
from console.errors import FormError
from console.rendering import redirect
from console.services import SERVICES
from staff import audit

TYPES = {"yaml": "application/yaml", "csv": "text/csv"}


async def load(request: web.Request) -> web.Response:
    """Take a file of entries in, or the entries that ship with Muster."""
    services, sent = request.app[SERVICES], await fields(request)
    found = sent.get("file")
    try:
        if sent.get("starter"):
            entries, origin = starter_bank(), "starter"
        elif isinstance(found, FileField) and found.filename:
            text = found.file.read().decode("utf-8")
            kind = "csv" if found.filename.lower().endswith(".csv") else "yaml"
            entries, origin = read_entries(text, kind=kind), "import"
        else:
            raise FormError("file", "Choose a .yaml or .csv file.")
    except UnicodeDecodeError:
        raise FormError("file", "The file is not text in UTF-8.") from None
    except AssistanceError as refused:
        raise FormError(refused.code, refused.text) from None
    now = services.clock.now()
    async with services.database.durable() as connection:
        taken = await take(connection, entries, origin=origin, now=now)
        await audit.append(
            connection,
            at=now,
            actor=visitor(request).officer.actor,
            action="faq.import",
            subject="faq:entries",
            detail={"entries": len(entries), "new": taken.new},
        )
    return redirect("/answers", "imported")


async def save(request: web.Request) -> web.Response:
    """Every entry in use, as approved; `?newest=1` = also what nobody approved yet."""
    kind = request.match_info["kind"]
    if kind not in TYPES:
        raise FormError("kind", "There are yaml and csv.")
    async with request.app[SERVICES].database.read() as connection:
        entries = await give(connection, unreviewed=bool(request.query.get("newest")))
    return web.Response(
        text=write_entries(entries, kind=kind),
        content_type=TYPES[kind],
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="answers.{kind}"'},
    )
