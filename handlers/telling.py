"""Tells watchers that people in their country were warned (`handlers.watching`). Touches SQL: alerts,
registry, outbox.

They read what everybody may read: the approved headline, where, until when, our public page. They are asked
nothing, have no delivery and are in no figure. A watcher is told once of each revision, whatever process
tells them: the outbox keeps one message to a key.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import live
from alerts.events import read_event
from alerts.store import RevisionRow
from alerts.terms import Audience
from alerts.wording import choose_language
from bot.messages import Address, Frame, Outbound
from bot.outbox import enqueue
from locales import times
from locales.catalog import Catalog
from locales.direction import isolate
from locales.framing import as_drill
from places.area import Area, Touch
from places.region import Regions, nowhere
from registry import addresses, people, watches
from registry.addresses import AddressState
from storage.database import Database
from storage.errors import SealError
from storage.vault import Vault

NEW_FOR = timedelta(hours=24)  # a revision approved before is no news; its messages may be purged from then
log = structlog.get_logger(__name__)
PAGE, OVERLAP, PAGES = 40, 10, 20  # people in a transaction, people looked at again, transactions in a step


@dataclass(frozen=True, slots=True)
class _News:
    """One message to one watcher."""

    key: str
    address: Address
    lane: bytes
    outbound: Outbound
    drill: bool


@dataclass(slots=True)
class Telling:
    """Who tells; keeps where it stands, so that a step looks at nobody twice.

    Attributes:
        country_name: a country's (ISO-2) name in a language.
        site_url: base of our public pages, "" = none.
    """

    database: Database
    vault: Vault
    catalog: Catalog
    touch: Touch
    country_name: Callable[[str, str], str]
    ministry_language: str
    site_url: str
    regions: Regions = nowhere
    _countries: dict[int, frozenset[str]] = field(default_factory=dict)
    _reached: dict[int, int] = field(default_factory=dict)

    async def step(self, now: datetime) -> int:
        """Tell the next watchers of every new revision; return how many.

        Raises:
            StorageUnavailableError: SQL is away; whoever was told is not told again.
        """
        async with self.database.read() as connection:
            found = await live.live_revisions(connection, now)
        new = [
            one
            for one in found
            if one.audience == Audience.PUBLIC and one.approved_at and now - one.approved_at < NEW_FOR
        ]
        for forgotten in set(self._countries) - {one.id for one in new}:
            self._countries.pop(forgotten)
            self._reached.pop(forgotten, None)
        return sum([await self._tell(one, now) for one in new])

    async def _tell(self, revision: RevisionRow, now: datetime) -> int:
        if revision.id not in self._countries:
            area = Area.from_json(revision.area)
            touched = await asyncio.to_thread(area.touches_countries, self.touch, self.regions)
            self._countries[revision.id] = touched
        told = 0
        for _ in range(PAGES):
            # Ids come in the order in which rows were written, not committed: the last few are read again.
            after = self._reached.get(revision.id, 0)
            async with self.database.read() as connection:
                page = await watches.watching(
                    connection,
                    self._countries[revision.id],
                    drill=revision.drill,
                    after=max(0, after - OVERLAP),
                    limit=PAGE + OVERLAP,
                )
                code = (await read_event(connection, revision.event_id)).code
                news = [await self._news(connection, revision, code, *watch[1:]) for watch in page]
            async with self.database.durable() as connection:
                told += sum([await self._send(connection, one, now) for one in news if one is not None])
            if page:
                self._reached[revision.id] = page[-1][0]
            if len(page) < PAGE + OVERLAP:
                break
        return told

    async def _news(
        self, connection: AsyncConnection, revision: RevisionRow, code: str, person_id: int, country: str
    ) -> _News | None:
        """What one watcher is to read and where; None when nothing reaches them."""
        person = await people.get(connection, person_id)
        own = await addresses.of_person(connection, person_id)
        ways = [row for row in own if row.state is AddressState.ACTIVE]
        if person is None or person.data_key is None or not ways:
            return None
        first = min(ways, key=lambda row: (row.rank, row.id))
        try:
            to = addresses.open_row(person.unlocked(self.vault), first)
        except SealError:  # one address that cannot be opened must not keep the others from being told
            log.warning("an address cannot be opened; its watcher is not told", action="watch.sealed")
            return None
        return _News(
            key=f"watch:{revision.id}:{person_id}",
            address=Address(to.channel, to.account, to.value, heard_at=first.last_inbound_at),
            lane=first.lane,
            outbound=self.words(revision, code, person.language, country),
            drill=person.drill,
        )

    async def _send(self, connection: AsyncConnection, news: _News, now: datetime) -> bool:
        return await enqueue(
            connection,
            self.vault,
            key=news.key,
            address=news.address,
            lane=news.lane,
            outbound=news.outbound,
            drill=news.drill,
            now=now,
        )

    def words(self, revision: RevisionRow, code: str, language: str, country: str) -> Outbound:
        """The news as one watcher reads it; no buttons, no question."""
        say = self.catalog.say
        choice = choose_language(revision, language, self.ministry_language)
        until = times.moment(self.catalog, language, revision.expires_at, revision.time_zone)
        parts = [
            say(language, "watch.news", country=self.country_name(country, language)),
            revision.texts[choice.language].headline or revision.event_name,
            say(language, "alert.place", area=revision.area_name) if revision.area_name else "",
            say(language, "alert.valid_until", time=until),
            f"{self.site_url}/a/{code}" if self.site_url else "",
            say(language, "watch.no_answer"),
        ]
        text = "\n".join(part for part in parts if part)
        if revision.drill:
            text = as_drill(self.catalog, language, text, between="\n")
        return Outbound(
            isolate(text, language), language, frame=Frame.DRILL if revision.drill else Frame.REPLY
        )
