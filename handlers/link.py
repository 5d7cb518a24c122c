"""Joining a second chat: a code shown on one, typed on the other, confirmed on the first. Touches the
registry.

Whoever types a code joins the registration that showed it, so that registration has the last word: a code
that somebody saw over a shoulder gives them nothing.
"""

import re
from dataclasses import replace

from bot.channels import FACTS
from bot.inbox import lane_of
from bot.messages import Button, Channel, Outbound
from bot.outbox import enqueue
from handlers.commands import Command
from handlers.visit import At, Visit
from handlers.who import pressed, refresh, typed_number
from registry import addresses, links, people
from registry.addresses import AddressRow
from registry.lifecycle import PersonState
from registry.links import Claim, LinkOutcome
from registry.people import PersonRow

LINK_ID = re.compile(r"[0-9]{1,18}")
ANSWERS = {
    LinkOutcome.WRONG: "link.wrong",
    LinkOutcome.TOO_MANY: "link.blocked",
    LinkOutcome.OWN: "link.own",
    LinkOutcome.REFUSED: "link.refused",
    LinkOutcome.LINKED: "link.done",
}


async def link_numbers(visit: Visit) -> bool:
    """1 or 2 (or yes, or no) typed by whoever was just asked on the first chat; it did not pass through this
    conversation, so its buttons are not remembered.
    """
    answer = _answer_typed(visit)
    if answer is None or visit.at(At.NUMBER):
        return False
    claim = await links.claimed(visit.turn.connection, visit.person.id, visit.turn.now)
    if claim is None or claim.at.isoformat() < visit.session.data.get("asked", ""):
        return False
    live = await visit.kit.live_events(visit.turn.connection, person_id=visit.person.id, now=visit.turn.now)
    if any(event.at > claim.at for event in live):
        return False  # a warning asked last
    visit.inbound = pressed(visit.inbound, replace(answer, data=f"{answer.data}:{claim.code_id}"))
    return False


async def link(visit: Visit) -> bool:
    """`/link`, `/link 12345678`, and the buttons `link:yes` and `link:no` of either chat; those of the first
    one name the code that they were asked about.
    """
    asked = visit.asks_for(Command.LINK)
    answer, code_id = _answer_pressed(visit.button)
    if answer == "link:yes":
        typed_here = code_id is None and "link" in visit.session.data
        await (_claim(visit) if typed_here else _confirm(visit, code_id))
    elif answer == "link:no":
        await _refuse(visit, code_id)
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


async def _claim(visit: Visit) -> None:
    """The second chat agrees: ask the first."""
    code_id = int(visit.session.data.pop("link"))
    claim = await links.claim(visit.turn.connection, visit.person.id, code_id, visit.turn.now)
    if claim is None:
        visit.reply(visit.say("link.wrong"))
        visit.resume = True
        return
    await _tell(visit, claim.owner_id, _key(claim, "ask"), "link.ask", asks=claim)
    visit.reply(visit.say("link.wait"))


async def _confirm(visit: Visit, code_id: int | None) -> None:
    """The first chat says yes."""
    connection, now = visit.turn.connection, visit.turn.now
    claim = await links.claimed(connection, visit.person.id, now, code_id)
    done = await links.confirm(
        connection, visit.kit.vault, visit.person.id, now, visit.kit.carry, code_id=code_id
    )
    await refresh(visit)
    if claim is not None:
        await _tell_other(visit, claim, done.outcome)
    visit.reply(visit.say(ANSWERS[done.outcome]))
    visit.resume = True


async def _refuse(visit: Visit, code_id: int | None) -> None:
    if code_id is not None or visit.session.data.pop("link", None) is None:
        claim = await links.refuse(visit.turn.connection, visit.person.id, visit.turn.now, code_id)
        if claim is not None:
            await _tell(visit, claim.claimant_id, _key(claim, "no"), "link.kept")
    visit.reply(visit.say("link.kept"))
    visit.resume = True


async def _tell_other(visit: Visit, claim: Claim, outcome: LinkOutcome) -> None:
    """Tell the chat that typed the code what came of it."""
    rows = await addresses.of_person(visit.turn.connection, visit.person.id)
    if outcome is LinkOutcome.LINKED:  # its address is this person's now: the newest of the others
        heard = [(row.last_inbound_at, row.id, row) for row in rows if row.last_inbound_at is not None]
        others = [one for one in heard if one[1] != visit.address.id]
        target = max(others)[2] if others else None
        if target is not None:
            await _send(visit, target, visit.person, _key(claim, "done"), "link.done")
        return
    await _tell(visit, claim.claimant_id, _key(claim, "done"), ANSWERS[outcome])


async def _tell(visit: Visit, person_id: int, key: str, words: str, *, asks: Claim | None = None) -> None:
    """Write to another person's newest chat, in their language."""
    other = await people.get(visit.turn.connection, person_id)
    row = await addresses.newest(visit.turn.connection, person_id)
    if other is not None and other.data_key is not None and row is not None:
        await _send(visit, row, other, key, words, asks=asks)


async def _send(
    visit: Visit, row: AddressRow, owner: PersonRow, key: str, words: str, *, asks: Claim | None = None
) -> None:
    vault, language = visit.kit.vault, owner.language
    to = addresses.open_row(owner.unlocked(vault), row)

    def say(name: str, **values: str) -> str:
        catalog = visit.kit.catalog
        return catalog.say(language, catalog.fitted(name, row.channel), **values)

    facts = FACTS[visit.address.channel]
    channel = facts.name if facts.is_brand else say("link.web")
    buttons: tuple[Button, ...] = ()
    if asks is not None:
        answers = (("link.yes", "link:yes"), ("link.no", "link:no"))
        buttons = tuple(Button(say(label), f"{data}:{asks.code_id}") for label, data in answers)
    text = say(words, channel=channel) if asks else say(words)
    await enqueue(
        visit.turn.connection,
        vault,
        key=key,
        address=to,
        lane=lane_of(vault, to),
        outbound=Outbound(text, language, buttons),
        drill=row.drill,
        now=visit.turn.now,
    )


def _key(claim: Claim, what: str) -> str:
    """Name of a message about a code in the outbox, which keeps names for days; ids of codes come again on
    SQLite once older codes are deleted.
    """
    return f"link:{claim.code_id}:{claim.at.isoformat()}:{what}"


def _answer_pressed(data: str) -> tuple[str, int | None]:
    """A button of ours, and the code that it is about where it names one."""
    answer, _, code_id = data.rpartition(":")
    return (answer, int(code_id)) if LINK_ID.fullmatch(code_id) else (data, None)


def _answer_typed(visit: Visit) -> Button | None:
    number = typed_number(visit)
    yes, no = visit.choice("link.yes", "link:yes"), visit.choice("link.no", "link:no")
    if number in {1, 2}:
        return (yes, no)[number - 1]
    if not visit.is_text:
        return None
    words, said = visit.kit.catalog.words, visit.inbound.text.strip().casefold()
    if visit.said.is_one_of(words(visit.language, "words.yes")) or said == yes.label.casefold():
        return yes
    if visit.said.is_one_of(words(visit.language, "words.no")) or said == no.label.casefold():
        return no
    return None
