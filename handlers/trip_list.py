"""The trips somebody told of: shown, given other days, deleted. Touches the registry."""

from bot.messages import Button
from handlers.trip_draft import ask_days, begin, forget
from handlers.visit import Visit
from locales.dates import span_words
from registry import trips
from registry.whereabouts import WhereaboutsRow, label_of

MOST_SHOWN = 8


async def show_all(visit: Visit) -> bool:
    """Show the trips that have not ended, one button each; False when there is none."""
    known = await trips.coming(visit.turn.connection, visit.person.id, visit.turn.now)
    if not known:
        return False
    forget(visit)
    lines, buttons = [visit.say("trip.list")], []
    for number, row in enumerate(known[:MOST_SHOWN], start=1):
        name = name_of(visit, row)
        lines.append(visit.say("trip.line", number=str(number), place=name, days=days_of(visit, row)))
        buttons.append(Button(f"{number}. {name}", f"trip:show:{row.id}"))
    visit.reply("\n".join(lines), [*buttons, visit.choice("trip.new", "trip:new")])
    return True


async def pressed(visit: Visit, action: str, trip_id: str) -> bool:
    """Show, change or delete one trip; False when it is no such press."""
    if action not in {"show", "change", "delete"} or not trip_id.isdecimal():
        return False
    row = await find(visit, int(trip_id))
    if row is None:
        visit.reply(visit.say("trip.gone"))
    elif action == "show":
        buttons = (
            visit.choice("trip.change", f"trip:change:{row.id}"),
            visit.choice("trip.delete", f"trip:delete:{row.id}"),
            visit.choice("trip.back", "trip:done"),
        )
        visit.reply(visit.say("trip.show", place=name_of(visit, row), days=days_of(visit, row)), buttons)
    elif action == "change":
        begin(visit, id=str(row.id), label=name_of(visit, row))
        ask_days(visit)
    else:
        forget(visit)
        await trips.cancel(visit.turn.connection, visit.person.id, row.id, visit.turn.now)
        visit.reply(visit.say("trip.deleted", place=name_of(visit, row), days=days_of(visit, row)))
    return True


async def find(visit: Visit, trip_id: int) -> WhereaboutsRow | None:
    """The person's own trip with this id that has not ended."""
    known = await trips.coming(visit.turn.connection, visit.person.id, visit.turn.now)
    return next((row for row in known if row.id == trip_id), None)


def name_of(visit: Visit, row: WhereaboutsRow) -> str:
    """The place as the person knows it, else its country."""
    return label_of(visit.vault, row) or visit.kit.country_name(row.country, visit.language)


def days_of(visit: Visit, row: WhereaboutsRow) -> str:
    """The days of a trip in words."""
    if row.valid_from is None or row.valid_to is None:
        return ""
    return span_words(visit.kit.catalog, visit.language, *trips.days(row.valid_from, row.valid_to))
