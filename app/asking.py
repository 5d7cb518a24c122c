"""Plugs what people are asked unasked, and what watchers are told, into the planner. Touches SQL."""

from collections.abc import Callable

from alerts.live import events_of_person
from app.core import Core
from bot.gateways.twilio.sms_gateway import SmsGateway
from bot.messages import Address
from handlers.prompting import Prompting
from handlers.telling import Telling
from places.area import Touch
from places.region import Regions

CountryName = Callable[[str, str], str]
"""A country's (ISO-2) name in a language."""


def build_telling(core: Core, touch: Touch, regions: Regions, country_name: CountryName) -> Telling:
    """Who tells watchers."""
    return Telling(
        database=core.database,
        vault=core.vault,
        catalog=core.catalog,
        touch=touch,
        regions=regions,
        country_name=country_name,
        ministry_language=core.settings.ministry_language,
        site_url=core.settings.site_url,
    )


class Asking:
    """Goes through everybody's places, a page at a time."""

    def __init__(self, core: Core, country_name: CountryName) -> None:
        self._clock = core.clock
        self._gateways = core.gateways.all
        self._after = 0
        self._prompting = Prompting(
            database=core.database,
            vault=core.vault,
            catalog=core.catalog,
            live_events=events_of_person,
            can_ask=self.can_ask,
            country_name=country_name,
        )

    async def step(self) -> None:
        """Ask whoever is due on the next page.

        Raises:
            StorageUnavailableError: SQL is away.
        """
        self._after = await self._prompting.step(self._clock.now(), self._after)

    def can_ask(self, to: Address) -> bool:
        """Whether the account is switched on and its owner could answer us."""
        gateway = self._gateways.get((to.channel.value, to.account))
        if isinstance(gateway, SmsGateway):
            return gateway.can_hear(to.value)
        return gateway is not None
