"""The whole text of a warning for whoever was shown only a part of it. Touches alerts, through the kit.

On a channel with a window (`bot.window`) a warning knocks with a few words and the buttons *Safe*, *Need
help* and *Full text*. Whatever the person does then opens the window: what they did is handled first, and the
whole approved text follows at once. A knock's button may come without its event's code (an app that sends
only the label, a template without a variable there): it then means the warning that is live for them.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.channels import FACTS
from bot.messages import Button
from handlers.checkin import ask, live_events
from handlers.typed import typed
from handlers.visit import Visit
from handlers.who import pressed
from registry.lifecycle import PersonState

SAFE, HELP, FULL = "safe", "help", "full"
LABELS = {SAFE: "alert.button.safe", HELP: "alert.button.help", FULL: "notice.full"}


async def knock_answers(visit: Visit) -> bool:
    """A knock's button without a code becomes the one it means, for the parts behind; several live warnings
    are asked back, except for a call for help.
    """
    action = _bare_action(visit)
    if not action:
        return False
    live = await live_events(visit)
    if not live and not visit.button:
        return False  # words like any other
    if action == FULL:
        await _send(visit, [event.code for event in reversed(live)])
        return True
    if action == SAFE and len(live) > 1:
        ask(visit, live)
        return True
    code = live[0].code if live else ""
    visit.inbound = pressed(visit.inbound, Button(visit.say(LABELS[action]), f"{action}:{code}"))
    return False


async def full_button(visit: Visit) -> bool:
    """`full:<code>`: the whole text of that event's live warnings."""
    action, _, code = visit.button.partition(":")
    if action != FULL:
        return False
    await _send(visit, [code])
    return True


async def follow(visit: Visit) -> None:
    """After everything else: the whole text of each warning that only knocked so far."""
    if not FACTS[visit.address.channel].has_window or visit.person.state is not PersonState.ACTIVE:
        return
    action, _, code = visit.button.partition(":")
    answered = code if action in {SAFE, HELP} else ""
    codes = await visit.kit.knocked(
        visit.turn.connection,
        person_id=visit.person.id,
        address_id=visit.address.id,
        heard_at=visit.heard_at,
        pressed=answered,
        now=visit.turn.now,
    )
    for each in (code for code in codes if code not in visit.told):
        # Behind an answer, or a question of ours, two more buttons would make a typed number ambiguous.
        await _texts(visit, each, asks=each != answered and not visit.session.step)


async def _send(visit: Visit, codes: Sequence[str]) -> None:
    sent = [await _texts(visit, code, asks=True) for code in codes]
    if not any(sent):
        visit.reply(visit.say("checkin.over"))
    visit.resume = True


async def _texts(visit: Visit, code: str, *, asks: bool) -> bool:
    """Say an event's warnings; whether there was one."""
    texts = await visit.kit.full_texts(
        visit.turn.connection,
        person_id=visit.person.id,
        code=code,
        language=visit.language,
        now=visit.turn.now,
    )
    visit.told.add(code)
    for text in texts:
        visit.turn.reply(text if asks else replace(text, buttons=()))
    return bool(texts)


def _bare_action(visit: Visit) -> str:
    if visit.button:
        action, _, code = visit.button.partition(":")
        return action if action in LABELS and not code else ""
    if not visit.is_text or not FACTS[visit.address.channel].has_window:
        return ""
    catalog = visit.kit.catalog
    for action, key in LABELS.items():
        if any(visit.said.whole == typed(catalog.say(tag, key)).whole for tag in catalog.languages()):
            return action
    return ""
