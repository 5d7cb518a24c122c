"""The desk of questions and answers: what is approved, what waits, what is in force. Every rule is
`assistance.faq`'s.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.errors import Reason
from assistance.errors import AssistanceError
from assistance.faq import publishing, questions, store
from assistance.faq.content import FACTS, FIELDS, Facts, Wording
from assistance.faq.errors import EntryUnknownError
from assistance.faq.lifecycle import WAITING, RevisionState
from console.access import Fields, fields, visitor
from console.alert_pages import id_in, number_in
from console.errors import FormError, NotThereError
from console.rendering import redirect, render
from console.services import SERVICES
from staff import officers

USED_SINCE = timedelta(days=90)


async def listing(request: web.Request) -> web.Response:
    """Every entry with the state of its parts, how useful it was, and whether somebody should look again."""
    return await _list(request)


async def show(request: web.Request) -> web.Response:
    """One entry: what is in force, what waits, what was before."""
    return await _page(request)


async def add(request: web.Request) -> web.Response:
    """Propose a new entry."""
    services, officer = request.app[SERVICES], visitor(request).officer
    sent = await fields(request)
    try:
        words, facts = {_text(sent, "language"): _wording(sent)}, _facts(sent)
        async with services.database.durable() as connection:
            made = await services.faq.desk.write(
                connection, officer, _text(sent, "slug"), facts=facts, wordings=words
            )
    except AssistanceError as refused:
        return await _list(request, reasons=(Reason(refused.code, refused.text),), status=409)
    return redirect(f"/answers/{made}", "proposed")


async def write(request: web.Request) -> web.Response:
    """Propose words in a language, or facts, of an entry."""
    services, officer, entry_id = request.app[SERVICES], visitor(request).officer, id_in(request)
    sent = await fields(request)

    async def act(connection: AsyncConnection) -> None:
        entry = await store.entry(connection, entry_id)
        part = _text(sent, "part")
        facts = _facts(sent) if part == FACTS else None
        words = None if part == FACTS else {part or _text(sent, "language"): _wording(sent)}
        await services.faq.desk.write(connection, officer, entry.slug, facts=facts, wordings=words)

    return await _do(request, entry_id, act, "proposed")


async def decide(request: web.Request) -> web.Response:
    """Adopt, approve or reject one version."""
    services, officer, entry_id = request.app[SERVICES], visitor(request).officer, id_in(request)
    sent = await fields(request)
    desk, revision = services.faq.desk, number_in(_text(sent, "revision"))
    acts = {"adopt": desk.adopt, "approve": desk.approve, "reject": desk.reject}
    chosen = acts.get(_text(sent, "act"))
    if chosen is None or revision is None:
        raise FormError("act", "The form is not the one this page shows. Reload it.")

    async def act(connection: AsyncConnection) -> None:
        if (await store.revision(connection, revision)).entry_id != entry_id:
            raise EntryUnknownError
        await chosen(connection, officer, revision)

    return await _do(request, entry_id, act, "decided")


async def retire(request: web.Request) -> web.Response:
    """Answer nobody with this entry any more."""
    services, officer, entry_id = request.app[SERVICES], visitor(request).officer, id_in(request)

    async def act(connection: AsyncConnection) -> None:
        await services.faq.desk.retire(connection, officer, entry_id)

    answer = await _do(request, entry_id, act, "removed")
    return redirect("/answers", "removed") if answer.status == 303 else answer


async def publish(request: web.Request) -> web.Response:
    """Put what is approved in force."""
    services, officer = request.app[SERVICES], visitor(request).officer
    try:
        await publishing.publish(
            services.database,
            await services.faq.search.embedder(),
            officer.id,
            services.clock.now(),
            demo=services.appearance.demo,
        )
    except AssistanceError as refused:
        return await _list(request, reasons=(Reason(refused.code, refused.text),), status=409)
    services.faq.search.look_again()
    return redirect("/answers", "published")


async def _list(request: web.Request, *, reasons: Sequence[Reason] = (), status: int = 200) -> web.Response:
    services, now = request.app[SERVICES], request.app[SERVICES].clock.now()
    async with services.database.read() as connection:
        entries = await store.entries(connection)
        rows = await store.in_state(connection, [RevisionState.APPROVED, *WAITING])
        used = await questions.usefulness(connection, now - USED_SINCE)
        newest = await publishing.newest(connection)
        force = await publishing.in_force(connection, demo=services.appearance.demo)
    stale = {
        row.entry_id
        for row in rows
        if row.part == FACTS and row.state is RevisionState.APPROVED and row.facts.is_stale(now.date())
    }
    parts: dict[int, dict[str, str]] = {}
    for row in sorted(rows, key=lambda row: row.number):
        parts.setdefault(row.entry_id, {})[row.part] = row.state.value
    published = set(newest.revisions) if newest else set()
    return render(
        request,
        "answers.html",
        status=status,
        entries=entries,
        by_part=parts,
        used=used,
        stale=stale,
        newest=newest,
        changed=len({row.id for row in force} ^ published),
        waiting_parts=sum(row.state in WAITING for row in rows),
        facts_part=FACTS,
        languages=services.languages,
        reasons=tuple(reasons),
    )


async def _page(request: web.Request, *, reasons: Sequence[Reason] = (), status: int = 200) -> web.Response:
    services, entry_id = request.app[SERVICES], id_in(request)
    try:
        async with services.database.read() as connection:
            entry = await store.entry(connection, entry_id)
            history = await store.history(connection, entry_id)
            used = await questions.usefulness(connection, services.clock.now() - USED_SINCE)
            who = await officers.names(connection)
    except EntryUnknownError:
        raise NotThereError from None
    standing = (RevisionState.APPROVED, *WAITING)
    current = {part: [row for row in history if row.part == part] for part in {row.part for row in history}}
    return render(
        request,
        "answer.html",
        status=status,
        entry=entry,
        by_part={
            part: [row for row in rows if row.state in standing] for part, rows in sorted(current.items())
        },
        history=history,
        used=used.get(entry_id),
        who=who,
        fields=sorted(FIELDS),
        facts_part=FACTS,
        languages=services.languages,
        country_names=services.ground.countries.names,
        reasons=tuple(reasons),
    )


async def _do(
    request: web.Request, entry_id: int, act: Callable[[AsyncConnection], Awaitable[None]], did: str
) -> web.Response:
    try:
        async with request.app[SERVICES].database.durable() as connection:
            await act(connection)
    except EntryUnknownError:
        raise NotThereError from None
    except AssistanceError as refused:
        return await _page(request, reasons=(Reason(refused.code, refused.text),), status=409)
    return redirect(f"/answers/{entry_id}", did)


def _text(sent: Fields, name: str) -> str:
    return str(sent.get(name, "")).strip()


def _wording(sent: Fields) -> Wording:
    return Wording.of(_text(sent, "questions").splitlines(), _text(sent, "answer"))


def _facts(sent: Fields) -> Facts:
    dates = {name: _text(sent, name) for name in ("valid_from", "valid_to", "review_on")}
    plain = {name: _text(sent, name) for name in ("topic", "source", "careful")}
    countries = _text(sent, "countries").replace(",", " ").split()
    return Facts.from_json({**dates, **plain, "countries": countries})
