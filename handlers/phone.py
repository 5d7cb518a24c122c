"""One optional question once somebody is protected: a number to call or text. Touches the registry.

A number is kept for officers. It becomes a way for warnings only once its owner showed that it is theirs:
where it can answer, one text asks for a 1; where it can only be texted, for a code to be typed here
(`handlers.phone_code`). Where no text of ours arrives, officers may call it, and the person is told so.
"""

from bot.inbox import lane_of
from bot.messages import Address, Ask, Channel, Frame, InboundKind, Outbound
from bot.outbox import enqueue
from handlers.phone_code import ask_code, forget_code, new_code
from handlers.visit import At, Visit
from registry import addresses, phones
from registry.errors import PhoneRefusedError
from registry.phones import Phone

TEXTS, TEXTS_A_DAY = "texts", 3
EXAMPLE = "+1 202 555 0123"  # of the numbers that the United States keep free for fiction


async def number_joined(visit: Visit) -> bool:
    """Somebody answered from the number they gave (`handlers.who`): text messages reach them from now on."""
    if not visit.joined:
        return False
    visit.reply(visit.say("phone.joined"))
    return True


def ask_phone(visit: Visit) -> None:
    """Offer to add a number."""
    visit.wait_at(At.PHONE)
    share = visit.say("phone.share")
    buttons = (visit.choice("phone.share", "phone:share"), visit.choice("phone.skip", "phone:skip"))
    visit.reply(visit.say("phone.ask"), buttons, ask=Ask.CONTACT, ask_label=share)


def ask_number(visit: Visit) -> None:
    """Ask for the number itself."""
    visit.wait_at(At.NUMBER)
    _ask_again(visit, "phone.type")


async def phone_answers(visit: Visit) -> bool:
    """A shared contact, the two buttons, a typed number or a word that skips."""
    if visit.inbound.kind is InboundKind.CONTACT:
        if visit.person.consent_version is None:
            return False  # nothing is kept before the notice was agreed to
        await _keep(visit, visit.inbound.contact)
    elif visit.button == "phone:share":
        ask_number(visit)
    elif visit.button == "phone:skip" or (visit.at(At.PHONE, At.NUMBER, At.CODE) and _skips(visit)):
        forget_code(visit)
        visit.wait_at(At.NOTHING)
        visit.reply(visit.say("phone.skipped"))
    elif visit.at(At.PHONE) and visit.is_text and visit.said.is_one_of(_words(visit, "words.yes")):
        ask_number(visit)
    elif visit.at(At.PHONE, At.NUMBER) and visit.is_text and _looks_like_number(visit.inbound.text):
        await _keep(visit, visit.inbound.text)
    elif visit.at(At.NUMBER) and visit.is_text:
        visit.keep_words()
        _ask_again(visit, "phone.unreadable")
    else:
        return False
    return True


async def _keep(visit: Visit, text: str) -> None:
    try:
        given = phones.read(text, visit.country or None)
    except PhoneRefusedError:
        visit.wait_at(At.NUMBER)
        _ask_again(visit, "phone.unreadable")
        return
    await phones.save(
        visit.turn.connection, visit.kit.vault, visit.vault, visit.person.id, given, visit.turn.now
    )
    forget_code(visit)
    if visit.at(At.PHONE, At.NUMBER, At.CODE):
        visit.wait_at(At.NOTHING)
    answers, only_texts = _accounts(visit, given)
    if answers is not None:
        words = visit.say("phone.confirm", ministry=visit.kit.ministry)
        asked = await _text_it(
            visit, Address(Channel.SMS, answers, given.number), Outbound(words, visit.language)
        )
        visit.reply(visit.say("phone.saved") + (f" {visit.say('phone.asked')}" if asked else ""))
    elif only_texts is not None:
        await _prove_by_code(visit, Address(Channel.SMS, only_texts, given.number))
    else:
        visit.reply(visit.say("phone.voice"))


def _accounts(visit: Visit, given: Phone) -> tuple[str | None, str | None]:
    """Our account that this number can answer, and the one that can only text it."""
    if not phones.may_take_texts(given):
        return None, None
    return visit.kit.text_account(given.number), visit.kit.one_way_account(given.number)


async def _prove_by_code(visit: Visit, to: Address) -> None:
    if await addresses.by_lane(visit.turn.connection, lane_of(visit.kit.vault, to)) is not None:
        visit.reply(visit.say("phone.saved"))
        return
    code = new_code(visit)
    words = visit.say("phone.code", ministry=visit.kit.ministry, code=code)
    if await _text_it(visit, to, Outbound(words, visit.language, frame=Frame.CODE)):
        visit.reply(visit.say("phone.saved"))
        ask_code(visit)
    else:  # texted often enough today; the number is kept
        forget_code(visit)
        visit.wait_at(At.NOTHING)
        visit.reply(visit.say("phone.voice"))


async def _text_it(visit: Visit, to: Address, outbound: Outbound) -> bool:
    """Text the number itself: only what its owner does then makes text messages a way to this person.

    One text a day to one number, three a day from one person: nobody can be pestered through us.
    """
    vault, today = visit.kit.vault, visit.turn.now.date().isoformat()
    lane = lane_of(vault, to)
    day, _, count = visit.session.data.get(TEXTS, "").partition(":")
    sent = int(count) if day == today else 0
    if sent >= TEXTS_A_DAY or await addresses.by_lane(visit.turn.connection, lane) is not None:
        return False
    added = await enqueue(
        visit.turn.connection,
        vault,
        key=f"phone:{vault.blind('phone', to.value).hex()[:40]}:{today}",
        address=to,
        lane=lane,
        outbound=outbound,
        drill=visit.person.drill,
        now=visit.turn.now,
    )
    if added:
        visit.session.data[TEXTS] = f"{today}:{sent + 1}"
    return added


def _ask_again(visit: Visit, key: str) -> None:
    visit.reply(visit.say(key, example=EXAMPLE), (visit.choice("phone.skip", "phone:skip"),))


def _looks_like_number(text: str) -> bool:
    return sum(sign.isdecimal() for sign in text) >= 5


def _skips(visit: Visit) -> bool:
    return visit.is_text and visit.said.is_one_of(_words(visit, "words.skip") | _words(visit, "words.no"))


def _words(visit: Visit, key: str) -> frozenset[str]:
    return visit.kit.catalog.words(visit.language, key)
