"""`/watch`: somebody at home wants news of a country where people close to them are. Touches the registry.

A separate audience: told, never counted among the people there, never asked whether they are safe.
"""

from bot.messages import Button
from handlers.commands import Command
from handlers.finding import found_in_country
from handlers.visit import At, Visit
from registry import watches
from registry.errors import PlaceRefusedError


async def watching(visit: Visit) -> bool:
    """`/watch`, its buttons, and the country typed when asked."""
    if visit.asks_for(Command.WATCH) is not None:
        await _open(visit)
        return True
    action, _, country = visit.button.removeprefix("watch:").partition(":")
    if visit.button == "watch:more":
        ask_country(visit)
    elif visit.button.startswith("watch:") and action == "add":
        await _add(visit, country)
    elif visit.button.startswith("watch:") and action == "end":
        await watches.drop(visit.turn.connection, visit.person.id, country)
        visit.reply(visit.say("watch.ended", country=visit.kit.country_name(country, visit.language)))
    elif visit.at(At.WATCH) and visit.is_text:
        await _typed(visit)
    else:
        return False
    return True


def ask_country(visit: Visit) -> None:
    """Ask of which country."""
    visit.wait_at(At.WATCH)
    visit.reply(visit.say("watch.ask"))


async def _open(visit: Visit) -> None:
    known = await watches.of_person(visit.turn.connection, visit.person.id)
    if not known:
        ask_country(visit)
        return
    names = {country: visit.kit.country_name(country, visit.language) for country in known}
    buttons = [
        Button(visit.say("watch.end", country=name), f"watch:end:{country}")
        for country, name in names.items()
    ]
    visit.wait_at(At.NOTHING)
    visit.reply(
        visit.say("watch.list", countries=", ".join(names.values())),
        [visit.choice("watch.more", "watch:more"), *buttons],
    )


async def _typed(visit: Visit) -> None:
    catalog = visit.kit.catalog
    if any(visit.said.is_one_of(catalog.words(visit.language, key)) for key in ("words.no", "words.skip")):
        visit.wait_at(At.NOTHING)
        visit.reply(visit.say("phone.skipped"))
        return
    spots = found_in_country(visit.kit, visit.language, visit.inbound.text)
    if not spots:
        visit.keep_words()
        visit.reply(visit.say("place.country_missed"))
    elif spots[0].sure:
        await _add(visit, spots[0].country)
    else:
        visit.reply(
            visit.say("place.which"), [Button(spot.label, f"watch:add:{spot.country}") for spot in spots]
        )


async def _add(visit: Visit, country: str) -> None:
    try:
        await watches.add(visit.turn.connection, visit.person.id, country, visit.turn.now)
    except PlaceRefusedError:
        visit.reply(visit.say("watch.full"))
        return
    visit.wait_at(At.NOTHING)
    visit.reply(visit.say("watch.done", country=visit.kit.country_name(country, visit.language)))
