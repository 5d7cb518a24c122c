"""Where are you? A pin, a city chosen from up to three, or a country. Touches the registry.

Whoever is not understood twice is asked for the country only and is protected by the next message: a whole
country is better than nobody. A pin is snapped to its cell before anything is written.
"""

from bot.messages import Ask, Button
from handlers.finding import Spot, found_by_name, found_in_country, load_spots, of_cell, save_spots
from handlers.protected import tell_protected
from handlers.visit import At, Visit
from handlers.who import refresh
from places.cells import cell_of
from registry import whereabouts
from registry.lifecycle import PersonState

SPOTS, CELL, MISSES = "spots", "cell", "misses"


def ask_place(visit: Visit) -> None:
    """Ask for a position, a city or a country."""
    visit.session.data.pop(MISSES, None)
    _ask(visit, At.PLACE, "place.ask")


def ask_country(visit: Visit) -> None:
    """Ask for no more than the country."""
    _ask(visit, At.COUNTRY, "place.country")


def ask_which(visit: Visit) -> None:
    """Show the places that were found once more."""
    spots = load_spots(visit.session.data.get(SPOTS, "[]"))
    buttons = [Button(spot.label, f"place:{number}") for number, spot in enumerate(spots)]
    visit.wait_at(At.PICK)
    visit.reply(
        visit.say("place.which"),
        [*buttons, visit.choice("place.none", "place:none")],
    )


def keep_pin(visit: Visit) -> None:
    """Remember the cell of a pin that came before the notice was agreed to."""
    if visit.inbound.pin is not None:
        visit.session.data[CELL] = str(cell_of(visit.inbound.pin.lat, visit.inbound.pin.lon))


async def use_kept_pin(visit: Visit) -> bool:
    """Protect by the pin that came earlier; whether there was one in a country we know."""
    kept = visit.session.data.get(CELL)
    spot = of_cell(visit.kit, visit.language, int(kept)) if kept else None
    if spot is None:
        return False
    await _protect(visit, spot)
    return True


async def place_answers(visit: Visit) -> bool:
    """A pin at any time, a choice, or what was typed when asked."""
    if visit.inbound.pin is not None:
        keep_pin(visit)
        if not await use_kept_pin(visit):
            _ask(visit, At.COUNTRY, "place.unknown_pin")
        return True
    if visit.button.startswith("place:"):
        return await _picked(visit, visit.button.removeprefix("place:"))
    unplaced = visit.at(At.NOTHING) and visit.person.state is PersonState.NEW
    if not visit.is_text or not (unplaced or visit.at(At.PLACE, At.PICK, At.COUNTRY)):
        return False
    if visit.at(At.COUNTRY):
        await _typed_country(visit)
    else:
        _typed_place(visit)
    return True


async def _picked(visit: Visit, choice: str) -> bool:
    spots = load_spots(visit.session.data.get(SPOTS, "[]"))
    if choice == "none" and spots:
        ask_country(visit)
        return True
    if not choice.isdecimal() or int(choice) >= len(spots):
        return False
    await _protect(visit, spots[int(choice)])
    return True


def _typed_place(visit: Visit) -> None:
    spots = found_by_name(visit.kit, visit.language, visit.inbound.text)
    if spots:
        visit.session.data[SPOTS] = save_spots(spots)
        ask_which(visit)
        return
    visit.keep_words()
    if MISSES in visit.session.data:
        ask_country(visit)
    else:
        _ask(visit, At.PLACE, "place.missed")
        visit.session.data[MISSES] = "1"


async def _typed_country(visit: Visit) -> None:
    spots = found_in_country(visit.kit, visit.language, visit.inbound.text)
    if not spots:
        visit.keep_words()
        _ask(visit, At.COUNTRY, "place.country_missed")
    elif spots[0].sure:
        await _protect(visit, spots[0])
    else:
        visit.session.data[SPOTS] = save_spots(spots)
        ask_which(visit)


async def _protect(visit: Visit, spot: Spot) -> None:
    kept = visit.session.data.pop(CELL, None)
    if spot.whole_country and kept is not None:
        spot = spot.at_cell(int(kept))  # a pin off every border, and the country its owner named
    for key in (SPOTS, MISSES):
        visit.session.data.pop(key, None)
    first = visit.person.state is not PersonState.ACTIVE
    await whereabouts.set_home(
        visit.turn.connection, visit.vault, visit.person.id, spot.whereabouts(), visit.turn.now
    )
    await refresh(visit)
    await tell_protected(visit, label=spot.label, whole_country=spot.whole_country, first=first)


def _ask(visit: Visit, step: At, key: str) -> None:
    visit.wait_at(step)
    visit.reply(visit.say(key), ask=Ask.LOCATION, ask_label=visit.say("place.share"))
