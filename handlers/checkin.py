"""Safe or in need: the two answers to a warning, pressed or typed. Touches the event through the kit, and
cases.

Typed words mean *safe* only when the whole message is in the language's closed list. Anything that is
negated, mixed or a question, and a number that may answer an older question, is asked back. Need help never
is.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from alerts.checkin_status import CheckinStatus
from bot.messages import Button
from handlers.cases import ask_for_help, case_of, help_button, note
from handlers.kit import LiveEvent
from handlers.visit import At, Visit, shown_buttons
from handlers.who import pressed, typed_number

NUMBER_GOOD_FOR = timedelta(hours=24)  # a bare number answers only what was asked since
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
        live = [event for event in await _live(visit) if event.code == code]
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
    live = await _live(visit)
    plain = visit.said.is_one_of(words)
    if not live:
        if not plain or visit.session.step:
            return False
        visit.reply(visit.say("checkin.none"))
        return True
    if plain and len(live) == 1:
        await _safe(visit, live[0].code)
        return True
    case = await case_of(visit)
    if case is not None and not plain:
        return False  # words to the officer; somebody who asked for help is not asked whether they are safe
    ask(visit, live)
    return True


async def checkin_numbers(visit: Visit) -> bool:
    """A bare number: the answer to what was asked last, and asked back when that is not certain."""
    number = typed_number(visit)
    if number is None or visit.at(At.NUMBER):
        return False
    shown, asked = shown_buttons(visit.session), visit.session.data.get("asked")
    since = datetime.fromisoformat(asked) if asked else None
    open_ones = [event for event in await _live(visit) if not event.answered]
    newer = [event for event in open_ones if since is None or event.at >= since]
    if newer:
        return await _number_after_warning(
            visit, number, newer, is_certain=not shown and visit.at(At.NOTHING)
        )
    if not shown or since is None:
        return False
    if visit.turn.now - since > NUMBER_GOOD_FOR:
        visit.reply(visit.say("fallback.old_number"), shown)
        return True
    if 1 <= number <= len(shown):
        visit.inbound = pressed(visit.inbound, shown[number - 1])
    return False


async def _number_after_warning(
    visit: Visit, number: int, live: Sequence[LiveEvent], *, is_certain: bool
) -> bool:
    fresh = visit.turn.now - live[0].at <= NUMBER_GOOD_FOR
    if is_certain and fresh and len(live) == 1 and number in {1, 2}:
        visit.inbound = pressed(visit.inbound, _answers(visit, live[0].code)[number - 1])
        return False
    ask(visit, live)
    return True


def ask(visit: Visit, live: Sequence[LiveEvent]) -> None:
    """Ask which of several warnings is meant, or about one: safe or in need?"""
    if len(live) == 1:
        visit.reply(visit.say("checkin.ask", title=live[0].title), _answers(visit, live[0].code))
        return
    buttons = [Button(_short(event.title), f"which:{event.code}") for event in live[:MOST_EVENTS]]
    visit.reply(visit.say("checkin.which"), buttons)


def _answers(visit: Visit, code: str) -> tuple[Button, ...]:
    # The order of the buttons under a warning: typed numbers rely on it.
    return (visit.choice("alert.button.safe", f"safe:{code}"), help_button(visit, code))


def _short(title: str) -> str:
    return title if len(title) <= MAX_LABEL else title[: MAX_LABEL - 1].rstrip() + "…"


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


async def _live(visit: Visit) -> Sequence[LiveEvent]:
    return await visit.kit.live_events(visit.turn.connection, person_id=visit.person.id, now=visit.turn.now)
