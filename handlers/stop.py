"""No more warnings: at once, by one word, on every channel. Touches the registry.

The word counts only as the whole message and with its accents (Vietnamese "dung" is both *dừng*, stop, and
*đúng*, right): anything that merely resembles it is asked back. While a warning is live it is asked back
once. A request for help stays open.
"""

from bot.messages import Button
from handlers.cases import case_of
from handlers.commands import Command
from handlers.visit import At, Visit
from handlers.who import refresh
from registry import people
from registry.lifecycle import PersonState

ASKED = "stop_asked"  # codes of the live events for which somebody was asked whether they really mean it


async def stop(visit: Visit) -> bool:
    """`/stop`, the word, and the buttons `stop:yes` and `stop:no`."""
    if visit.button == "stop:no":
        visit.session.data.pop(ASKED, None)
        visit.reply(visit.say("stop.kept"))
        visit.resume = True
    elif visit.button == "stop:yes":
        await _stop(visit)
    elif visit.asks_for(Command.STOP) is not None:
        await _stop_or_ask(visit)
    else:
        return False
    return True


async def perhaps_stop(visit: Visit) -> bool:
    """Something that is the word without its accents, or the word as a question: ask."""
    if not visit.is_text or not visit.said.resembles(visit.kit.catalog.words(visit.language, "words.stop")):
        return False
    visit.reply(visit.say("stop.ask"), _choices(visit))
    return True


async def stopped(visit: Visit) -> bool:
    """Whoever stopped and says anything else is told how to come back, and how to get help."""
    if visit.person.state is not PersonState.STOPPED:
        return False
    visit.keep_words()
    visit.reply(visit.say("stop.reminder"), (visit.choice("stop.start", "do:start"),))
    return True


async def _stop_or_ask(visit: Visit) -> None:
    live = await visit.kit.live_events(visit.turn.connection, person_id=visit.person.id, now=visit.turn.now)
    codes = {event.code for event in live}
    asked_before = set(visit.session.data.get(ASKED, "").split(","))
    if codes - asked_before and visit.person.state is not PersonState.STOPPED:
        visit.session.data[ASKED] = ",".join(sorted(codes))
        visit.reply(visit.say("stop.live", title=live[0].title), _choices(visit))
        return
    await _stop(visit)


async def _stop(visit: Visit) -> None:
    await people.stop(visit.turn.connection, visit.person.id, visit.turn.now)
    await refresh(visit)
    visit.session.data.clear()
    visit.wait_at(At.NOTHING)
    text = visit.say("stop.done")
    case = await case_of(visit)
    if case is not None:
        text += "\n\n" + visit.say("stop.case", code=case.code)
    visit.reply(text)


def _choices(visit: Visit) -> tuple[Button, ...]:
    return (visit.choice("stop.yes", "stop:yes"), visit.choice("stop.no", "stop:no"))
