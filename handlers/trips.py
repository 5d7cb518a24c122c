"""Telling of a journey: `/trip` and what follows, several places in one conversation. Touches the registry.

A place, its days, both read back with the month in words, and kept only when the person says that they are
right; then the next place, from the day on which the last one ends. Days are widened (`registry.trips`),
never narrowed; the base goes on being warned about.
"""

from dataclasses import replace
from datetime import date, timedelta

from handlers import place, trip_list
from handlers.commands import Command
from handlers.finding import found_by_name, load_spots, of_cell, save_spots
from handlers.trip_draft import (
    SPOTS,
    STEPS,
    ask_days,
    ask_place,
    ask_right,
    ask_until,
    ask_which,
    begin,
    day_of,
    days_told,
    draft,
    forget,
    note,
    spot_of,
    take,
    today,
)
from handlers.visit import At, Visit
from locales.dates import span_words
from locales.typed_dates import read_day, read_days
from places.cells import cell_of
from registry import trips as kept
from registry.errors import PlaceRefusedError
from registry.lifecycle import PersonState
from registry.whereabouts import WhereaboutsKind

NOT_KNOWN = timedelta(days=60)  # for somebody who does not know when they leave; then they are asked


async def trips(visit: Visit) -> bool:
    """`/trip`, its buttons, and what is typed while its questions are open."""
    if visit.asks_for(Command.TRIP) is not None:
        await _open(visit)
    elif visit.button.startswith("trip:"):
        return await _pressed(visit, visit.button.removeprefix("trip:"))
    elif visit.at(At.TRIP_PLACE) and visit.inbound.pin is not None:
        _pinned(visit)
    elif not visit.is_text or not visit.at(*STEPS):
        return False
    elif visit.at(At.TRIP_RIGHT) and _says(visit, "words.yes"):
        await _keep(visit)
    elif visit.at(At.TRIP_RIGHT) and _says(visit, "words.no"):
        ask_days(visit)
    elif _says(visit, "words.skip") or _says(visit, "words.no"):
        forget(visit)
        visit.reply(visit.say("trip.thanks"))
    elif visit.at(At.TRIP_PLACE, At.TRIP_PICK):
        _typed_place(visit)
    elif visit.at(At.TRIP_UNTIL):
        _typed_last(visit)
    else:
        _typed_days(visit)
    return True


async def _open(visit: Visit) -> None:
    """Show the trips there are, or ask for the first one; the base comes before either."""
    if visit.person.state is not PersonState.ACTIVE:
        place.ask_place(visit)
    elif not await trip_list.show_all(visit):
        begin(visit)
        ask_place(visit)


async def _pressed(visit: Visit, pressed: str) -> bool:
    action, _, value = pressed.partition(":")
    told = draft(visit)
    if action == "new":
        begin(visit)
        ask_place(visit)
    elif action == "next" and "after" in told:
        ask_place(visit)
    elif action == "done":
        forget(visit)
        visit.reply(visit.say("trip.thanks"))
    elif action == "none" and visit.at(At.TRIP_PICK):
        visit.wait_at(At.TRIP_PLACE)
        visit.reply(visit.say("place.missed"))
    elif action == "pick":
        return _picked(visit, value)
    elif action == "days" and "label" in told:
        ask_days(visit)
    elif action == "open" and "first" in told:
        _finish(visit, max(day_of(visit, "first"), today(visit)) + NOT_KNOWN)
    elif action == "ok" and {"label", "first", "last"} <= set(told):
        await _keep(visit)
    else:
        return await trip_list.pressed(visit, action, value)
    return True


def _pinned(visit: Visit) -> None:
    """A position chosen on the map as the place of the journey; only its cell is known by now."""
    pin = visit.inbound.pin
    spot = None if pin is None else of_cell(visit.kit, visit.language, cell_of(pin.lat, pin.lon))
    if spot is None:
        visit.reply(visit.say("place.unknown_pin"))
    else:
        take(visit, spot)


def _typed_place(visit: Visit) -> None:
    spots = found_by_name(visit.kit, visit.language, visit.inbound.text)
    if spots:
        visit.session.data[SPOTS] = save_spots(spots)
        ask_which(visit)
    else:
        visit.keep_words()
        visit.wait_at(At.TRIP_PLACE)
        visit.reply(visit.say("place.missed"))


def _picked(visit: Visit, choice: str) -> bool:
    spots = load_spots(visit.session.data.get(SPOTS, "[]"))
    if not choice.isdecimal() or int(choice) >= len(spots):
        return False
    take(visit, spots[int(choice)])
    return True


def _typed_days(visit: Visit) -> None:
    after = draft(visit).get("after")
    found = read_days(
        visit.inbound.text, visit.language, date.fromisoformat(after) if after else today(visit)
    )
    if found is None:
        visit.keep_words()
        visit.wait_at(At.TRIP_DAYS)
        visit.reply(visit.say("trip.unread", example=visit.say("trip.example")))
        return
    note(visit, first=found.first.isoformat())
    if found.last is None:
        ask_until(visit)
    else:
        _finish(visit, found.last)


def _typed_last(visit: Visit) -> None:
    last = read_day(visit.inbound.text, visit.language, day_of(visit, "first"))
    if last is None:
        visit.keep_words()
        words = visit.say("trip.unread", example=visit.say("trip.example"))
        visit.reply(words, (visit.choice("trip.open", "trip:open"),))
    else:
        _finish(visit, last)


def _finish(visit: Visit, last: date) -> None:
    """Both days are known: read them back, unless they are over."""
    first = day_of(visit, "first")
    if kept.span(first, last)[1] >= visit.turn.now:
        note(visit, last=last.isoformat())
        ask_right(visit)
        return
    visit.wait_at(At.TRIP_DAYS)
    days = span_words(visit.kit.catalog, visit.language, first, last)
    visit.reply(visit.say("trip.past", days=days, example=visit.say("trip.example")))


async def _keep(visit: Visit) -> None:
    """Write the trip down and offer the next place."""
    told, now = draft(visit), visit.turn.now
    begins, ends = kept.span(day_of(visit, "first"), day_of(visit, "last"))
    saved = visit.say("trip.saved", place=told["label"], days=days_told(visit))
    visit.wait_at(At.NOTHING)
    if "id" in told:
        if not await kept.change(visit.turn.connection, visit.person.id, int(told["id"]), begins, ends, now):
            saved = visit.say("trip.gone")
        forget(visit)
        visit.reply(saved)
    else:
        trip = replace(spot_of(visit).whereabouts(), kind=WhereaboutsKind.TRIP)
        try:
            await kept.add(visit.turn.connection, visit.vault, visit.person.id, trip, begins, ends, now)
        except PlaceRefusedError:
            forget(visit)
            visit.reply(visit.say("trip.full"))
            return
        begin(visit, after=told["last"])
        visit.reply(saved, (visit.choice("trip.next", "trip:next"), visit.choice("trip.done", "trip:done")))


def _says(visit: Visit, key: str) -> bool:
    return visit.said.is_one_of(visit.kit.catalog.words(visit.language, key))
