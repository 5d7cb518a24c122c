"""`/where`: says where one is warned, asks where one is now. Reads the registry."""

from handlers import place
from handlers.commands import Command
from handlers.visit import Visit
from registry.whereabouts import label_of


async def where(visit: Visit) -> bool:
    """Answer `/where` and its words."""
    if visit.asks_for(Command.WHERE) is None:
        return False
    if visit.place is not None:
        label = label_of(visit.vault, visit.place) or visit.kit.country_name(visit.country, visit.language)
        visit.reply(visit.say("place.now", place=label))
    place.ask_place(visit)
    return True
