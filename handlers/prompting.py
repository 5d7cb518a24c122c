"""Asks people, unasked and with one tap, whether what they told still holds. Touches SQL: registry, outbox.

The only sender of messages that nobody caused and no warning is: `registry.prompts` keeps the ledger that
allows two of them a month, and a message is added in the transaction of its entry. Never at night, never
while a warning is live for the person or a request of theirs is open, never into a conversation that is under
way.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from assistance import cases
from bot.channels import FACTS
from bot.messages import Address, Button, Outbound
from bot.outbox import enqueue
from bot.sessions import load_session, save_session
from handlers.kit import LiveEvents
from locales.catalog import Catalog
from locales.dates import day_words
from locales.times import zone_of
from registry import addresses, people, prompts, trips, whereabouts
from registry.addresses import AddressRow, AddressState
from registry.people import PersonRow
from registry.prompts import Due, PromptKind
from registry.whereabouts import WhereaboutsRow, label_of
from storage.database import Database
from storage.errors import SealError
from storage.vault import Vault

PAGE = 200
DAY_BEGINS, DAY_ENDS = 9, 20  # hours where the person is
QUIET_FOR = timedelta(hours=24)  # since somebody last wrote: no conversation is under way
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Prompting:
    """Who asks.

    Attributes:
        can_ask: whether an address is one on which a person can be asked and can answer, by its channel and
            the provider's name for its owner.
        country_name: a country's (ISO-2) name in a language, for places without a name of their own.
    """

    database: Database
    vault: Vault
    catalog: Catalog
    live_events: LiveEvents
    can_ask: Callable[[Address], bool]
    country_name: Callable[[str, str], str]

    async def step(self, now: datetime, after: int) -> int:
        """Ask whoever is due among the next places; return where to go on, 0 = from the beginning.

        Raises:
            StorageUnavailableError: SQL is away; whoever was asked so far was asked.
        """
        async with self.database.read() as connection:
            found = await prompts.due(connection, now, after, PAGE)
        for one in found:
            try:
                async with self.database.durable() as connection:
                    await self.ask(connection, one, now)
            except SealError:
                # Somebody whose data cannot be opened must not keep the others from being asked.
                log.warning("somebody's data cannot be opened; not asked", action="prompt.sealed")
        return found[-1].whereabouts_id if len(found) == PAGE else 0

    async def ask(self, connection: AsyncConnection, due: Due, now: datetime) -> bool:
        """Ask one person one thing, if this is a moment for it; whether they are asked."""
        person = await people.get(connection, due.person_id)
        held = await whereabouts.of_person(connection, due.person_id, at=now)
        row = next((place for place in held if place.id == due.whereabouts_id), None)
        if person is None or row is None or not is_day(row.time_zone, now):
            return False
        live = await self.live_events(connection, person_id=person.id, now=now)
        if live or await cases.current(connection, person.id) is not None:
            return False
        way = await self._way(connection, person, now)
        if way is None:
            return False
        own, to = way
        entry = await prompts.claim(connection, person.id, due.kind, row.id, now)
        if entry is None:
            return False
        message = self._words(person, row, due.kind)
        await self._remember(connection, own.lane, message.buttons, now)
        return await enqueue(
            connection,
            self.vault,
            key=f"prompt:{entry}",
            address=to,
            lane=own.lane,
            outbound=message,
            drill=person.drill,
            now=now,
        )

    async def _way(
        self, connection: AsyncConnection, person: PersonRow, now: datetime
    ) -> tuple[AddressRow, Address] | None:
        """The address to ask on; None where nobody can answer, or a conversation is under way."""
        usable = [
            row
            for row in await addresses.of_person(connection, person.id)
            if row.state is AddressState.ACTIVE
        ]
        heard = [row.last_inbound_at for row in usable if row.last_inbound_at is not None]
        if heard and now - max(heard) < QUIET_FOR:
            return None
        keys = person.unlocked(self.vault)
        for row in sorted(usable, key=lambda row: (FACTS[row.channel].to_ask, row.rank)):
            to = addresses.open_row(keys, row)
            if self.can_ask(to):
                return row, Address(to.channel, to.account, to.value, heard_at=row.last_inbound_at)
        return None

    def _words(self, person: PersonRow, row: WhereaboutsRow, kind: PromptKind) -> Outbound:
        language, say = person.language, self.catalog.say
        place = label_of(person.unlocked(self.vault), row) or self.country_name(row.country, language)
        if kind is PromptKind.TRIP_ENDS and row.valid_from is not None and row.valid_to is not None:
            last = day_words(self.catalog, language, trips.days(row.valid_from, row.valid_to)[1])
            text = say(language, "still.ask_trip", place=place, last=last)
            buttons = (
                Button(say(language, "still.stay"), f"still:stay:{row.id}"),
                Button(say(language, "still.leave"), f"still:leave:{row.id}"),
            )
        else:
            text = say(language, "still.ask", place=place)
            buttons = (
                Button(say(language, "still.yes"), f"still:yes:{row.id}"),
                Button(say(language, "still.no"), f"still:no:{row.id}"),
            )
        return Outbound(text, language, buttons)

    async def _remember(
        self, connection: AsyncConnection, lane: bytes, buttons: Sequence[Button], now: datetime
    ) -> None:
        """Make a typed number or label mean one of these buttons, as after any question."""
        session = await load_session(connection, self.vault, lane)
        session.step = ""
        session.data["buttons"] = json.dumps([[one.label, one.data] for one in buttons], ensure_ascii=False)
        session.data["asked"] = now.isoformat()
        await save_session(connection, self.vault, lane, session, now)


def is_day(time_zone: str | None, now: datetime) -> bool:
    """Whether it is a decent hour where somebody is; yes where nobody knows."""
    zone = zone_of(time_zone)
    return zone is None or DAY_BEGINS <= now.astimezone(zone).hour < DAY_ENDS
