"""Choosing the language, at any time, by button, by its own name or by its code. Touches the registry."""

from bot.messages import Button
from handlers.commands import Command
from handlers.typed import typed
from handlers.visit import At, Visit
from handlers.who import refresh
from registry import people


async def language(visit: Visit) -> bool:
    """`/language`, its button, a choice, or the name of a language as the whole message."""
    asked = visit.asks_for(Command.LANGUAGE)
    if asked is not None:
        wanted = _named(visit, asked.payload)
        if wanted is None:
            _show(visit)
        else:
            await _choose(visit, wanted)
        return True
    action, _, code = visit.button.partition(":")
    if action == "lang":
        if code in visit.kit.catalog.languages():
            await _choose(visit, code)
        else:
            _show(visit)
        return True
    wanted = _named(visit, visit.inbound.text) if visit.is_text else None
    if wanted is None:
        return False
    await _choose(visit, wanted)
    return True


def _show(visit: Visit) -> None:
    catalog = visit.kit.catalog
    buttons = [Button(catalog.say(code, "language.own_name"), f"lang:{code}") for code in catalog.languages()]
    visit.reply(visit.say("language.ask"), buttons)


async def _choose(visit: Visit, code: str) -> None:
    await people.choose_language(visit.turn.connection, visit.person.id, code, visit.turn.now)
    await refresh(visit)
    visit.reply(visit.say("language.changed"))
    if not visit.session.step and visit.person.consent_version is None:
        visit.wait_at(At.CONSENT)  # a channel that speaks first showed the notice before anybody was known
    visit.resume = True


def _named(visit: Visit, text: str) -> str | None:
    """The language whose own name is all of `text`; its code only behind the command ("id" is a word too)."""
    said, catalog = typed(text), visit.kit.catalog
    for code in catalog.languages():
        if said.whole and said.whole == typed(catalog.say(code, "language.own_name")).whole:
            return code
    is_code = visit.inbound.text.startswith("/") and said.whole in catalog.languages()
    return said.whole if is_code else None
