"""The first screen: what this is, what is kept, do you agree? And coming back. Touches the registry.

Nothing of a person is kept beyond their address and language, and nobody is warned, before they agreed.
"""

from bot.messages import CarrierWord
from handlers import place, stop
from handlers.commands import Command
from handlers.emergency import emergency_words
from handlers.invitation import invitation
from handlers.visit import At, Visit
from handlers.who import refresh
from registry import people
from registry.addresses import AddressState
from registry.lifecycle import PersonState
from registry.whereabouts import label_of

YES, NO = "consent:yes", "consent:no"


async def start(visit: Visit) -> bool:
    """`/start`, the Start button of an app, or a first message of any kind."""
    if visit.asks_for(Command.START) is None and not _let_through_again(visit):
        return False
    if invitation(visit.kit, visit.inbound) is not None and not visit.person.drill:
        visit.reply(visit.say("start.drill_refused"))
    if visit.person.state is PersonState.STOPPED or visit.address.state is AddressState.STOPPED:
        await people.resume(visit.turn.connection, visit.person.id, visit.turn.lane, visit.turn.now)
        await refresh(visit)
    visit.session.data.pop(stop.ASKED, None)
    if visit.person.state is PersonState.ACTIVE:
        await _welcome_back(visit)
    elif visit.person.consent_version is not None:
        place.ask_place(visit)
    else:
        ask_consent(visit)
    return True


def _let_through_again(visit: Visit) -> bool:
    """Whether the carrier took a word (YES) as taking a STOP back that stood until now."""
    return visit.inbound.carrier is CarrierWord.START and visit.address.state is AddressState.STOPPED


def ask_consent(visit: Visit) -> None:
    """Show the notice and wait for yes or no."""
    visit.wait_at(At.CONSENT)
    notice = visit.say("start.notice", ministry=visit.kit.ministry, version=visit.kit.consent_version)
    text = f"{visit.say('start.drill')}\n\n{notice}" if visit.person.drill else notice
    visit.reply(
        text,
        (
            visit.choice("start.agree", YES),
            visit.choice("start.decline", NO),
            visit.choice("start.language", "lang:menu"),
        ),
    )


async def consent_answers(visit: Visit) -> bool:
    """Yes or no to the notice, pressed at any time or typed when asked."""
    catalog, answer = visit.kit.catalog, visit.button
    if visit.is_text and visit.at(At.CONSENT):
        if visit.said.is_one_of(catalog.words(visit.language, "words.yes")):
            answer = YES
        elif visit.said.is_one_of(catalog.words(visit.language, "words.no")):
            answer = NO
    if answer == YES:
        await _agree(visit)
    elif answer == NO:
        await _decline(visit)
    else:
        return False
    return True


async def unregistered(visit: Visit) -> bool:
    """Whoever is not registered and said anything else is shown the notice; what they said is not lost."""
    if visit.person.state is not PersonState.NEW or visit.person.consent_version is not None:
        return False
    visit.keep_words()
    place.keep_pin(visit)
    if visit.at(At.CONSENT) and visit.is_text:
        visit.reply(visit.say("start.choose"))
    ask_consent(visit)
    return True


async def _agree(visit: Visit) -> None:
    connection, now = visit.turn.connection, visit.turn.now
    if visit.person.state is PersonState.STOPPED:
        await people.resume(connection, visit.person.id, visit.turn.lane, now)
    if visit.person.consent_version != visit.kit.consent_version:
        await people.consent(connection, visit.person.id, visit.kit.consent_version, now)
    await refresh(visit)
    visit.wait_at(At.NOTHING)
    if visit.person.state is PersonState.ACTIVE:
        await _welcome_back(visit)
    elif not await place.use_kept_pin(visit):
        place.ask_place(visit)


async def _decline(visit: Visit) -> None:
    if visit.person.state is PersonState.ACTIVE:  # takes back what was agreed to before
        await people.stop(visit.turn.connection, visit.person.id, visit.turn.now)
    visit.wait_at(At.NOTHING)
    visit.session.data.pop("cell", None)
    visit.reply(visit.say("start.declined", emergency=await emergency_words(visit)))


async def _welcome_back(visit: Visit) -> None:
    visit.wait_at(At.NOTHING)
    label = "" if visit.place is None else label_of(visit.vault, visit.place)
    visit.reply(
        visit.say("start.welcome_back", place=label or visit.kit.country_name(visit.country, visit.language))
    )
