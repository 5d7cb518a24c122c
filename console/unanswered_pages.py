"""Questions nobody could answer: put together, answered once, sent to everybody who asked.

Only questions from the countries of the officer's case role are shown.
"""

from collections.abc import Iterable, Sequence

from aiohttp import web

from alerts.errors import Reason
from assistance.errors import AssistanceError
from assistance.faq import store
from assistance.faq.content import FACTS, Wording
from assistance.faq.lifecycle import RevisionState
from console.access import Fields, fields, visitor
from console.alert_pages import number_in
from console.errors import FormError
from console.rendering import redirect, render
from console.services import SERVICES

SHOWN = 40  # groups on a page, those most people asked first


async def listing(request: web.Request) -> web.Response:
    """What waits, in groups."""
    return await _page(request)


async def answer(request: web.Request) -> web.Response:
    """Send the officer's words, or an approved answer, to everybody of a group."""
    services, officer = request.app[SERVICES], visitor(request).officer
    sent = await fields(request)
    try:
        async with services.database.durable() as connection:
            slug = str(sent.get("entry", "")).strip() or str(sent.get("slug", "")).strip()
            words = _words(sent, services.languages)
            facts = None
            for entry in await store.entries(connection):
                if entry.slug == slug:
                    rows = await store.in_state(connection, [RevisionState.APPROVED], [entry.id])
                    words = _joined({row.part: row.wording for row in rows if row.part != FACTS}, words, sent)
                    facts = next((row.facts for row in rows if row.part == FACTS), None)
            if not words:
                raise FormError("words", "Write an answer in one language at least, or choose an entry.")
            await services.faq.learning.answer(connection, officer, _ids(sent), slug, words, facts)
    except AssistanceError as refused:
        return await _page(request, reasons=(Reason(refused.code, refused.text),), status=409)
    return redirect("/answers/unanswered", "answered")


async def aside(request: web.Request) -> web.Response:
    """These need no answer of this kind."""
    services, officer = request.app[SERVICES], visitor(request).officer
    sent = await fields(request)
    async with services.database.durable() as connection:
        await services.faq.learning.put_aside(connection, officer, _ids(sent))
    return redirect("/answers/unanswered", "closed")


async def _page(request: web.Request, *, reasons: Sequence[Reason] = (), status: int = 200) -> web.Response:
    services, officer = request.app[SERVICES], visitor(request).officer
    async with services.database.read() as connection:
        waiting = await services.faq.learning.waiting(connection, officer)
        entries = await store.entries(connection)
    clusters = await services.faq.learning.clusters(waiting)
    return render(
        request,
        "unanswered.html",
        status=status,
        clusters=clusters[:SHOWN],
        more=max(0, len(clusters) - SHOWN),
        entries=entries,
        languages=services.languages,
        reasons=tuple(reasons),
    )


def _ids(sent: Fields) -> list[int]:
    """The questions of the group, and of others that were ticked beside it."""
    groups = [str(value) for name, value in sent.items() if name == "questions" or name.startswith("also.")]
    found = [number_in(part) for group in groups for part in group.split(",")]
    return [number for number in found if number is not None]


def _words(sent: Fields, languages: Iterable[str]) -> dict[str, Wording]:
    """What was typed, by language: an answer, and the ways to ask taken over with it."""
    found = {}
    for tag in languages:
        said = str(sent.get(f"answer.{tag}", "")).strip()
        if said:
            found[tag] = Wording.of(str(sent.get(f"ask.{tag}", "")).splitlines(), said)
    return found


def _joined(approved: dict[str, Wording], typed: dict[str, Wording], sent: Fields) -> dict[str, Wording]:
    """An entry's words with further ways to ask; typed answers take the place of approved ones."""
    found = dict(typed)
    for tag, wording in approved.items():
        asked = [*wording.questions, *str(sent.get(f"ask.{tag}", "")).splitlines()]
        found[tag] = Wording.of(asked, typed[tag].answer if tag in typed else wording.answer)
    return found
