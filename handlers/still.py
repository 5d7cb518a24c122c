"""Answers to "are you still in Lima?" (`handlers.prompting` asks). Touches the registry.

"No" never takes a place away before the next one is known: until then whoever moved is still warned about
where they were.
"""

from datetime import timedelta

from handlers import place
from handlers.trip_draft import today
from handlers.trip_list import days_of, find, name_of
from handlers.visit import Visit
from handlers.who import refresh
from locales.dates import day_words
from registry import trips, whereabouts

LONGER = timedelta(days=14)


async def still_there(visit: Visit) -> bool:
    """`still:yes:<id>`, `still:no:<id>` of a base; `still:stay:<id>`, `still:leave:<id>` of a trip."""
    action, _, answer = visit.button.partition(":")
    said, _, number = answer.partition(":")
    if action != "still" or not number.isdecimal():
        return False
    if said in {"stay", "leave"}:
        await _of_trip(visit, int(number), stays=said == "stay")
    elif said == "yes":
        await _of_base(visit, int(number))
    else:
        place.ask_place(visit)
    return True


async def _of_base(visit: Visit, row_id: int) -> None:
    connection, now = visit.turn.connection, visit.turn.now
    if visit.place is None or not await whereabouts.confirm(connection, visit.person.id, row_id, now):
        place.ask_place(visit)  # they have told of another place since
        return
    await refresh(visit)
    visit.reply(visit.say("still.noted", place=name_of(visit, visit.place)))


async def _of_trip(visit: Visit, row_id: int, *, stays: bool) -> None:
    row = await find(visit, row_id)
    if row is None or row.valid_from is None or row.valid_to is None:
        if stays:
            place.ask_place(visit)  # it has ended meanwhile: they are not at home
        else:
            visit.reply(visit.say("trip.gone"))
        return
    connection, now = visit.turn.connection, visit.turn.now
    first, last = trips.days(row.valid_from, row.valid_to)
    if not stays:
        await whereabouts.confirm(connection, visit.person.id, row.id, now)
        words = day_words(visit.kit.catalog, visit.language, last)
        visit.reply(visit.say("still.ending", last=words))
        return
    begins, ends = trips.span(first, max(last, today(visit)) + LONGER)
    await trips.change(connection, visit.person.id, row.id, begins, ends, now)
    row = await find(visit, row_id) or row
    visit.reply(
        visit.say("trip.saved", place=name_of(visit, row), days=days_of(visit, row)),
        (visit.choice("trip.change", f"trip:change:{row.id}"),),
    )
