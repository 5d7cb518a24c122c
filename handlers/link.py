"""Joining a second chat: a code shown on one, typed on the other, confirmed there. Touches the registry."""

from bot.messages import Channel
from handlers.commands import Command
from handlers.visit import At, Visit
from handlers.who import refresh
from registry import links
from registry.lifecycle import PersonState
from registry.links import LinkOutcome

ANSWERS = {
    LinkOutcome.WRONG: "link.wrong",
    LinkOutcome.TOO_MANY: "link.blocked",
    LinkOutcome.OWN: "link.own",
    LinkOutcome.REFUSED: "link.refused",
    LinkOutcome.LINKED: "link.done",
}


async def link(visit: Visit) -> bool:
    """`/link`, `/link 12345678`, and the buttons `link:yes` and `link:no`."""
    asked = visit.asks_for(Command.LINK)
    if visit.button == "link:yes":
        await _confirm(visit)
    elif visit.button == "link:no":
        visit.session.data.pop("link", None)
        visit.reply(visit.say("link.kept"))
        visit.resume = True
    elif asked is None:
        return False
    elif links.plain_digits(asked.payload):
        await _check(visit, asked.payload)
    else:
        await _show_code(visit)
    return True


async def _show_code(visit: Visit) -> None:
    if visit.person.state is not PersonState.ACTIVE:
        visit.reply(visit.say("link.unregistered"))
        visit.resume = True
        return
    code = await links.make_code(visit.turn.connection, visit.kit.vault, visit.person.id, visit.turn.now)
    minutes = int(links.LIFETIME.total_seconds() // 60)
    life = visit.kit.catalog.plural(visit.language, "link.life", minutes)
    text = visit.say("link.code", code=code, life=life)
    if visit.kit.telegram_bot and visit.address.channel is not Channel.TELEGRAM:
        text += "\n\n" + visit.say("link.telegram", bot=visit.kit.telegram_bot)
    visit.reply(text)
    visit.resume = True


async def _check(visit: Visit, code: str) -> None:
    checked = await links.check(
        visit.turn.connection, visit.kit.vault, visit.turn.lane, visit.person.id, code, visit.turn.now
    )
    if checked.outcome is not LinkOutcome.OFFERED:
        visit.reply(visit.say(ANSWERS[checked.outcome]))
        visit.resume = True
        return
    visit.session.data["link"] = str(checked.code_id)
    visit.reply(
        visit.say("link.confirm"), (visit.choice("link.yes", "link:yes"), visit.choice("link.no", "link:no"))
    )


async def _confirm(visit: Visit) -> None:
    code_id = visit.session.data.pop("link", None)
    if code_id is None:
        visit.reply(visit.say("link.wrong"))
        visit.resume = True
        return
    done = await links.confirm(
        visit.turn.connection,
        visit.kit.vault,
        visit.person.id,
        int(code_id),
        visit.turn.now,
        visit.kit.carry,
    )
    await refresh(visit)
    if visit.person.state is PersonState.ACTIVE:
        visit.wait_at(At.NOTHING)
    visit.reply(visit.say(ANSWERS[done.outcome]))
    visit.resume = True
