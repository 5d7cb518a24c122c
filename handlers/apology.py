"""Words for somebody whose message broke something of ours: we are sorry, it is kept, whom to call. Reads
SQL.
"""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.inbox import lane_of
from bot.messages import Inbound, Outbound
from handlers.emergency import words_for
from handlers.kit import Kit
from registry import people, whereabouts


def build_apology(kit: Kit) -> Callable[[AsyncConnection, Inbound], Awaitable[Outbound]]:
    """The apology that the step runner says, in the person's language as far as we know it."""

    async def apologise(connection: AsyncConnection, inbound: Inbound) -> Outbound:
        known = await people.find(connection, lane_of(kit.vault, inbound.address))
        if known is None:
            language = kit.guesser.guess(inbound.language, "") or kit.default_language
            country = ""
        else:
            language = known[0].language
            place = await whereabouts.base(connection, known[0].id)
            country = place.country if place is not None else ""
        emergency = await words_for(kit, connection, language, country)
        return Outbound(kit.catalog.say(language, "apology.text", emergency=emergency), language)

    return apologise
