"""The trip that is being told, as the session holds it, and its questions. Touches the session only."""

import json
from collections.abc import Mapping
from datetime import UTC, date

from bot.messages import Button
from handlers.finding import Spot, load_spots, save_spots
from handlers.visit import At, Visit
from locales.dates import day_words, span_words
from locales.times import zone_of

SPOTS, DRAFT = "trip_spots", "trip"
STEPS = (At.TRIP_PLACE, At.TRIP_PICK, At.TRIP_DAYS, At.TRIP_UNTIL, At.TRIP_RIGHT)


def draft(visit: Visit) -> Mapping[str, str]:
    """What was told so far: spot, label, first, last, after (the day the last place ends), id (of a kept
    trip whose days change)."""
    told: dict[str, str] = json.loads(visit.session.data.get(DRAFT, "{}"))
    return told


def note(visit: Visit, **told: str) -> None:
    """Keep what was just told."""
    visit.session.data[DRAFT] = json.dumps({**draft(visit), **told}, ensure_ascii=False)


def begin(visit: Visit, **told: str) -> None:
    """Forget what was told of a trip before and begin a new one."""
    forget(visit)
    visit.session.data[DRAFT] = json.dumps(told, ensure_ascii=False)


def forget(visit: Visit) -> None:
    """Nothing is being told any more."""
    for key in (SPOTS, DRAFT):
        visit.session.data.pop(key, None)
    if visit.at(*STEPS):
        visit.wait_at(At.NOTHING)


def take(visit: Visit, spot: Spot) -> None:
    """The place is known; the days are next."""
    visit.session.data.pop(SPOTS, None)
    note(visit, spot=save_spots([spot]), label=spot.label)
    ask_days(visit)


def spot_of(visit: Visit) -> Spot:
    """The place that was chosen."""
    return load_spots(draft(visit)["spot"])[0]


def day_of(visit: Visit, which: str) -> date:
    """The first or the last day that was told."""
    return date.fromisoformat(draft(visit)[which])


def today(visit: Visit) -> date:
    """The day it is where the person is, in UTC when that is not known."""
    zone = zone_of(visit.place.time_zone if visit.place else None)
    return visit.turn.now.astimezone(zone or UTC).date()


def ask_place(visit: Visit) -> None:
    """Ask where the journey goes."""
    visit.wait_at(At.TRIP_PLACE)
    visit.reply(visit.say("trip.where_next" if "after" in draft(visit) else "trip.where"))


def ask_which(visit: Visit) -> None:
    """Show the places that were found."""
    spots = load_spots(visit.session.data.get(SPOTS, "[]"))
    visit.wait_at(At.TRIP_PICK)
    buttons = [Button(spot.label, f"trip:pick:{number}") for number, spot in enumerate(spots)]
    visit.reply(visit.say("place.which"), [*buttons, visit.choice("place.none", "trip:none")])


def ask_days(visit: Visit) -> None:
    """Ask for both days."""
    visit.wait_at(At.TRIP_DAYS)
    visit.reply(visit.say("trip.days", place=draft(visit)["label"], example=visit.say("trip.example")))


def ask_until(visit: Visit) -> None:
    """Ask for the last day."""
    visit.wait_at(At.TRIP_UNTIL)
    first = day_words(visit.kit.catalog, visit.language, day_of(visit, "first"))
    visit.reply(visit.say("trip.until", first=first), (visit.choice("trip.open", "trip:open"),))


def ask_right(visit: Visit) -> None:
    """Read the trip back and ask whether it is right."""
    visit.wait_at(At.TRIP_RIGHT)
    visit.reply(
        visit.say("trip.confirm", place=draft(visit)["label"], days=days_told(visit)),
        (visit.choice("trip.right", "trip:ok"), visit.choice("trip.other_days", "trip:days")),
    )


def days_told(visit: Visit) -> str:
    """Both days in words."""
    first, last = day_of(visit, "first"), day_of(visit, "last")
    return span_words(visit.kit.catalog, visit.language, first, last)
