"""A number that gets text messages but cannot answer them: a code is texted there and typed here. Touches the
registry.

Where a carrier takes no answers, typing the code is the only proof that the number is theirs and that texts
arrive there. From then on it is a way for warnings, the last in the person's order; a warning names there
whom to call or which page to open, never "reply" (`alerts.pieces`, the SMS gateway's table of countries).
"""

import json
import secrets
from datetime import datetime, timedelta

from bot.inbox import lane_of
from bot.messages import Address, Channel
from handlers.visit import At, Visit
from locales.digits import ascii_digits
from registry import addresses, phones

DIGITS, TRIES, GOOD_FOR = 6, 5, timedelta(hours=1)
TEXTED = "texted"  # the code that waits to be typed; the conversation is stored sealed


def new_code(visit: Visit) -> str:
    """A fresh code for this person; the former one stops working."""
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    until = visit.turn.now + GOOD_FOR
    visit.session.data[TEXTED] = json.dumps({"code": code, "until": until.isoformat(), "tries": 0})
    visit.wait_at(At.CODE)
    return code


def ask_code(visit: Visit) -> None:
    """Ask for the code again."""
    visit.wait_at(At.CODE)
    visit.reply(visit.say("phone.code_sent"), (visit.choice("phone.skip", "phone:skip"),))


def forget_code(visit: Visit) -> None:
    """The code works no more."""
    visit.session.data.pop(TEXTED, None)


def is_code(visit: Visit) -> bool:
    """Whether what was typed answers our text message: a bare code while we wait for one."""
    return visit.at(At.CODE) and visit.is_text and len(_digits(visit)) == DIGITS


async def code_typed(visit: Visit) -> bool:
    """The six digits of our text message, in any script."""
    if not is_code(visit):
        return False
    known = json.loads(visit.session.data.get(TEXTED, "{}"))
    fresh = bool(known) and visit.turn.now <= datetime.fromisoformat(known["until"])
    if fresh and secrets.compare_digest(_digits(visit), known["code"]):
        forget_code(visit)
        visit.wait_at(At.NOTHING)
        joined = await _join(visit)
        visit.reply(visit.say("phone.one_way" if joined else "phone.voice"))
        return True
    tries = known.get("tries", TRIES) + 1
    if not fresh or tries >= TRIES:
        forget_code(visit)
        visit.wait_at(At.NOTHING)
        visit.reply(visit.say("phone.code_old"))
        return True
    visit.session.data[TEXTED] = json.dumps({**known, "tries": tries})
    visit.reply(visit.say("phone.code_wrong"), (visit.choice("phone.skip", "phone:skip"),))
    return True


async def _join(visit: Visit) -> bool:
    """Make the number a way for warnings; False when no account of ours can text it any more, or when it is
    somebody's already.
    """
    connection, now, vault = visit.turn.connection, visit.turn.now, visit.kit.vault
    given = await phones.of_person(connection, visit.vault, visit.person.id)
    account = visit.kit.one_way_account(given.number) if given else None
    if given is None or account is None:
        return False
    new = Address(Channel.SMS, account, given.number)
    lane = lane_of(vault, new)
    if await addresses.by_lane(connection, lane) is not None:
        return False
    former = [
        row.id
        for row in await addresses.of_person(connection, visit.person.id)
        if row.channel is Channel.SMS and row.last_inbound_at is None
    ]
    await addresses.mark_gone(connection, former, now)  # one number of theirs at a time
    await addresses.add(
        connection, visit.vault, visit.person.id, new, lane, drill=visit.person.drill, now=now, heard=False
    )
    return True


def _digits(visit: Visit) -> str:
    """What was typed as 0-9 without the spaces and dashes between, "" when it is more than digits."""
    plain = "".join(ascii_digits(visit.inbound.text).replace("-", " ").split())
    return plain if plain.isascii() and plain.isdigit() else ""
