"""Help requests from the citizen's side: opened at once, then everything they write goes there. Touches
cases.

A pin for a case stays exact and is seen by that case's officers only. Nothing here waits for an answer before
the case exists, and nothing here closes one.
"""

from datetime import datetime, timedelta

from assistance import cases
from assistance.store import CaseRow
from assistance.thread import CITIZEN, SYSTEM, MessageKind
from bot.messages import Ask, Button, InboundKind
from handlers.emergency import emergency_words
from handlers.visit import At, Visit
from registry.lifecycle import PersonState
from staff import audit

# Of something else. A code is known by its six digits; other words are not an answer to that question.
ASKING = tuple(step for step in At if step not in {At.NOTHING, At.CASE, At.CONSENT, At.CODE})
PAGE_AGAIN = timedelta(minutes=10)  # words of danger call the officers again, but not with every message


async def case_of(visit: Visit) -> CaseRow | None:
    """The request to which what this person writes belongs."""
    return await cases.current(visit.turn.connection, visit.person.id)


async def open_case(visit: Visit, event_id: int | None = None) -> CaseRow:
    """Open a request of this person, or return the open one."""
    return await cases.open_case(
        visit.turn.connection,
        person_id=visit.person.id,
        event_id=event_id,
        country=visit.country,
        drill=visit.person.drill,
        key=visit.turn.key,
        now=visit.turn.now,
        audit=audit.append,
    )


async def ask_for_help(visit: Visit, event_id: int | None, *, danger: bool = False) -> None:
    """Open a request (or use the open one), tell officers and the person, ask where they are."""
    case = await open_case(visit, event_id)
    earlier = visit.take_words()
    if earlier:
        await add_words(visit, case, earlier, "earlier")
    if visit.is_text:
        await add_words(visit, case, visit.inbound.text, "words")
    else:
        await note(visit, case, "case.note.button")
    await _page(visit, case, danger=danger)
    words = "case.danger" if danger else "case.opened"
    text = visit.say(words, code=case.code, emergency=await emergency_words(visit))
    buttons = (visit.choice("case.no_help", "case:no"),) if danger else ()
    visit.wait_at(At.CASE)
    visit.reply(
        f"{text}\n\n{visit.say('case.where')}",
        buttons,
        ask=Ask.LOCATION,
        ask_label=visit.say("place.share"),
    )


async def write_to_case(visit: Visit) -> bool:
    """While a request is open, everything that is not asked for elsewhere goes there."""
    if visit.asked is not None or visit.at(*ASKING):
        return False
    case = await case_of(visit)
    if case is None:
        return False
    waited = visit.at(At.CASE)
    if visit.inbound.pin is not None:
        await _add_pin(visit, case)
    elif await keep_for_case(visit, case):
        pass
    elif visit.inbound.contact:
        await add_words(visit, case, visit.inbound.contact, "contact")
    elif visit.inbound.kind is InboundKind.OTHER:
        await note(visit, case, "case.note.other")
    else:
        return False
    answered = waited and (visit.is_text or visit.inbound.pin is not None)
    if answered or visit.inbound.pin is not None:
        visit.wait_at(At.NOTHING)
        text = visit.say("case.got_place", code=case.code)
        if visit.person.state is PersonState.NEW:
            text += "\n\n" + visit.say("protected.not_yet")
    else:
        text = visit.say("case.added", code=case.code)
    visit.reply(text)
    return True


async def keep_for_case(visit: Visit, case: CaseRow) -> bool:
    """Put what was typed into the open request and say nothing; whether anything was typed."""
    if not visit.is_text or not visit.inbound.text.strip():
        return False
    await add_words(visit, case, visit.inbound.text, "words")
    return True


async def danger_in_case(visit: Visit, case: CaseRow) -> None:
    """Words of danger while a request is open already: they go there and call the officers again."""
    await keep_for_case(visit, case)
    await _page(visit, case, danger=True)
    visit.resume = True
    visit.reply(visit.say("case.danger", code=case.code, emergency=await emergency_words(visit)))


async def case_buttons(visit: Visit) -> bool:
    """`case:no` (no help needed), `officer:send` (send what I wrote to an officer)."""
    if visit.button == "officer:send":
        await ask_for_help(visit, None)
        return True
    if visit.button != "case:no":
        return False
    case = await case_of(visit)
    if case is not None:
        await note(visit, case, "case.note.no_help")
    if visit.at(At.CASE):
        visit.wait_at(At.NOTHING)
    visit.reply(visit.say("case.no_help_noted"))
    return True


async def note(visit: Visit, case: CaseRow, key: str) -> None:
    """A line of ours in the officers' thread, in the ministry's default language."""
    text = visit.kit.catalog.say(visit.kit.default_language, key)
    await cases.add_message(
        visit.turn.connection,
        visit.vault,
        case.id,
        SYSTEM,
        MessageKind.TEXT,
        text,
        key=f"{visit.turn.key}:{key}",
        now=visit.turn.now,
    )


def ask_where(visit: Visit) -> None:
    """The one question of a request, again."""
    share = visit.say("place.share")
    visit.reply(visit.say("case.where"), ask=Ask.LOCATION, ask_label=share)


def help_button(visit: Visit, code: str) -> Button:
    """*I need help* for the event `code`."""
    return visit.choice("alert.button.help", f"help:{code}")


async def add_words(visit: Visit, case: CaseRow, text: str, part: str) -> None:
    """Words of this person's in the thread of a request; `part` tells several of one message apart."""
    await cases.add_message(
        visit.turn.connection,
        visit.vault,
        case.id,
        CITIZEN,
        MessageKind.TEXT,
        text,
        key=f"{visit.turn.key}:{part}",
        now=visit.turn.now,
    )


async def _add_pin(visit: Visit, case: CaseRow) -> None:
    pin = visit.inbound.pin
    if pin is None:
        return
    await cases.add_pin(
        visit.turn.connection, visit.vault, case.id, pin, key=f"{visit.turn.key}:pin", now=visit.turn.now
    )
    found = visit.kit.locate(pin.lat, pin.lon, visit.language)
    if found is not None and found.country != case.country:
        await cases.locate(visit.turn.connection, case.id, found.country, visit.turn.now)


async def _page(visit: Visit, case: CaseRow, *, danger: bool) -> None:
    fresh = case.opened_at == visit.turn.now
    paged = visit.session.data.get("paged")
    due = paged is None or visit.turn.now - datetime.fromisoformat(paged) >= PAGE_AGAIN
    if fresh or due:
        visit.session.data["paged"] = visit.turn.now.isoformat()
        await visit.kit.page(
            visit.turn.connection, kind="danger" if danger else "help", case=case, now=visit.turn.now
        )
