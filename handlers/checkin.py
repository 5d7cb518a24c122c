"""Safe or in need: the two answers to a warning, pressed or typed. Touches the event through the kit, and
cases.

Typed words mean *safe* only when the whole message is in the language's closed list. Anything that is
negated, mixed or a question is asked back. Need help never is.
"""

from collections.abc import Sequence

from alerts.checkin_status import CheckinStatus
from alerts.live import PersonalEvent
from bot.messages import Button
from handlers.cases import ask_for_help, case_of, help_button, note
from handlers.visit import At, Visit, shortened

MOST_EVENTS = 8  # buttons of one message
MAX_LABEL = 40  # characters of one button that a phone shows


async def checkin_buttons(visit: Visit) -> bool:
    """`safe:<code>`, `help:<code>` under a warning, `which:<code>` when several are live."""
    action, _, code = visit.button.partition(":")
    if action == "safe":
        await _safe(visit, code)
    elif action == "help":
        await _help(visit, code)
    elif action == "which":
        live = [event for event in await live_events(visit) if event.code == code]
        if live:
            ask(visit, live)
        else:
            visit.reply(visit.say("checkin.over"))
    else:
        return False
    return True


async def checkin_words(visit: Visit) -> bool:
    """Somebody typed that they are safe, or something like it, while a warning is live for them."""
    words = visit.kit.catalog.words(visit.language, "words.safe") | visit.kit.catalog.words(
        "en", "words.safe"
    )
    if not visit.is_text or not (visit.said.resembles(words) or visit.said.holds(words)):
        return False
    live = await live_events(visit)
    plain = visit.said.is_one_of(words)
    if not live:
        if not plain or visit.session.step:
            return False
        visit.reply(visit.say("checkin.none"))
        return True
    if plain and len(live) == 1 and live[0].certain:
        await _safe(visit, live[0].code)
        return True
    case = await case_of(visit)
    if case is not None and not plain:
        return False  # words to the officer; somebody who asked for help is not asked whether they are safe
    ask(visit, live)
    return True


def ask(visit: Visit, live: Sequence[PersonalEvent]) -> None:
    """Ask which of several warnings is meant, or about one: safe or in need?"""
    if len(live) == 1:
        visit.reply(visit.say("checkin.ask", title=live[0].title), answers(visit, live[0].code))
        return
    buttons = [
        Button(shortened(event.title, MAX_LABEL), f"which:{event.code}") for event in live[:MOST_EVENTS]
    ]
    visit.reply(visit.say("checkin.which"), buttons)


def answers(visit: Visit, code: str) -> tuple[Button, ...]:
    """The two answers in the order in which they stand under a warning: typed numbers rely on it."""
    return (visit.choice("alert.button.safe", f"safe:{code}"), help_button(visit, code))


async def _safe(visit: Visit, code: str) -> None:
    event = await visit.kit.checkin(
        visit.turn.connection,
        person_id=visit.person.id,
        code=code,
        status=CheckinStatus.SAFE,
        now=visit.turn.now,
    )
    text = visit.say("checkin.over") if event is None else visit.say("checkin.thanks")
    case = await case_of(visit)
    if case is not None:
        await note(visit, case, "case.note.safe")
        text += "\n\n" + visit.say("checkin.safe_case", code=case.code)
    visit.reply(text)
    visit.resume = not visit.at(At.CASE)


async def _help(visit: Visit, code: str) -> None:
    event = await visit.kit.checkin(
        visit.turn.connection,
        person_id=visit.person.id,
        code=code,
        status=CheckinStatus.NEED_HELP,
        now=visit.turn.now,
    )
    await ask_for_help(visit, None if event is None else event.event_id)


async def live_events(visit: Visit) -> Sequence[PersonalEvent]:
    """Events with a live warning that was sent to this person, newest message first."""
    return await visit.kit.live_events(visit.turn.connection, person_id=visit.person.id, now=visit.turn.now)
