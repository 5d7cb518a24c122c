"""Who is this: found by their address, or met for the first time. Touches the registry.

A person met for the first time is written down as *new*: an id, an address, a guessed language. Nobody is
warned, and nothing else is kept, before they agreed.
"""

from dataclasses import replace

from bot.channels import FACTS
from bot.messages import Button, CarrierWord, Channel, Inbound, InboundKind
from bot.turn import Turn
from handlers.invitation import invitation
from handlers.kit import Kit
from handlers.visit import Visit, shown_buttons
from locales.digits import whole_number
from registry import addresses, optouts, people, phones, whereabouts
from registry.addresses import AddressRow
from registry.lifecycle import PersonState
from registry.people import PersonRow


async def meet(kit: Kit, turn: Turn) -> Visit:
    """Who wrote this turn; creates them on first contact. Says nothing."""
    known = await people.find(turn.connection, turn.lane)
    joined = await _by_number(kit, turn) if known is None else None
    if joined is not None:
        person, address = joined
    elif known is None:
        person, address = await _create(kit, turn)
    else:
        await people.note_heard(turn.connection, turn.lane, turn.now)
        person, address = known
    place = await whereabouts.base(turn.connection, person.id)
    return Visit(kit, turn, _as_button(turn), person, address, place, joined=joined is not None)


async def leave(turn: Turn) -> None:
    """The provider says the person blocked us: the address is gone until they write again; after a STOP to
    a carrier, which lets nothing of ours through, until they write START. Nothing is answered: what we said
    would be refused, and the carrier has confirmed it.
    """
    if turn.inbound.carrier is not CarrierWord.STOP:
        await addresses.mark_lanes_gone(turn.connection, [turn.lane], turn.now)
        return
    address_id = await addresses.by_lane(turn.connection, turn.lane)
    if address_id is not None:
        await optouts.record(turn.connection, {address_id: None}, turn.now)


async def refresh(visit: Visit) -> None:
    """Read the person and their place again, after something was written about them."""
    found = await people.find(visit.turn.connection, visit.turn.lane)
    if found is not None:
        visit.person, visit.address = found
        visit.place = await whereabouts.base(visit.turn.connection, visit.person.id)


async def cannot_be_woken(visit: Visit) -> bool:
    """Whether no message of ours rings anywhere for this person."""
    rows = await addresses.of_person(visit.turn.connection, visit.person.id)
    return not any(FACTS[row.channel].wakes for row in rows)


async def _by_number(kit: Kit, turn: Turn) -> tuple[PersonRow, AddressRow] | None:
    """The person who gave this number, when it answers 1 as our text asked: it is their address from now on.

    Anything else from a number that somebody gave is a stranger until then: numbers are mistyped.
    """
    inbound = turn.inbound
    if inbound.address.channel is not Channel.SMS or whole_number(inbound.text) != 1:
        return None
    owner = await phones.owner(turn.connection, kit.vault, inbound.address.value)
    person = None if owner is None else await people.get(turn.connection, owner)
    if person is None or person.state is not PersonState.ACTIVE:
        return None
    vault = person.unlocked(kit.vault)
    added = await addresses.add(
        turn.connection, vault, person.id, inbound.address, turn.lane, drill=person.drill, now=turn.now
    )
    return person, added


async def _create(kit: Kit, turn: Turn) -> tuple[PersonRow, AddressRow]:
    inbound = turn.inbound
    words = inbound.text if inbound.kind is InboundKind.TEXT else ""
    language = kit.guesser.guess(inbound.language, words) or kit.default_language
    return await people.create(
        turn.connection,
        kit.vault,
        inbound.address,
        turn.lane,
        language=language,
        drill=kit.demo or invitation(kit, inbound) is True,
        now=turn.now,
    )


def _as_button(turn: Turn) -> Inbound:
    """What was typed, as a press of the button it names by its label; a number is judged later, with more
    known.
    """
    inbound = turn.inbound
    if inbound.kind is not InboundKind.TEXT:
        return inbound
    words = inbound.text.strip().casefold()
    for button in shown_buttons(turn.session):
        if words and words == button.label.casefold():
            return pressed(inbound, button)
    return inbound


def pressed(inbound: Inbound, button: Button) -> Inbound:
    """`inbound` as if `button` had been pressed."""
    return replace(inbound, kind=InboundKind.BUTTON, button=button.data, text=button.label)


def typed_number(visit: Visit) -> int | None:
    """The number somebody typed and nothing else, in any script's digits."""
    return whole_number(visit.inbound.text) if visit.is_text else None
