"""Asks providers what their webhooks may not have brought. Touches gateways, the inbox and a mark in SQL.

Telegram offers an update again for a day; Twilio knocks twice and forgets. So one web process, under a lease,
reads Twilio's own list each minute and right after it started, and stores what the inbox does not hold; what
it does hold ends at its key. The mark moves only once everything up to it is on the disk.

- usual look: from the mark, five minutes back (a list may show a message late);
- long look: two hours further back, after a start, after a gap and each half hour: receipts come long after
  their message, and the list is sorted by the message.

A receipt that is missing is left to its webhook for a while first (`awaited`), unless nobody listened since
the last look; only what stayed missing is fetched, counted (`reconciled`, `found`) and warned about.

A list shows answers of ours beside warnings. That an answer arrived proves nothing to anybody and would look
for its delivery for an hour, so it is left out; that one failed is kept.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.routing import Account
from app.awaited import GRACE_S, Awaited, Found
from bot.counters import Count
from bot.errors import SendError
from bot.gateway import ReconcilingGateway
from bot.leases import SoloLease
from bot.messages import Event, Receipt, ReceiptState
from bot.reconciled import not_stored, read_until, write_until
from storage.clock import Clock
from storage.database import Database
from storage.errors import StorageUnavailableError

EVERY_S = 60.0
OVERLAP = timedelta(minutes=5)
LONG_LOOK = timedelta(hours=2)
LONG_LOOK_EVERY_S = 1800.0
FARTHEST = timedelta(days=6)  # the inbox remembers keys for seven
STORE_AT_ONCE = 200

OfWarnings = Callable[[AsyncConnection, Account, Sequence[str]], Awaitable[set[str]]]
"""Which of these ids of one account's provider belong to warnings."""

log = structlog.get_logger(__name__)


class Reconciling:
    """One task of the web process; cancel it to stop.

    Args:
        store: `Inbox.store`.
        of_warnings: which of a provider's ids are those of warnings.
        every_s: seconds between two looks.
        grace_s: seconds a webhook is waited for after a look saw its receipt.
    """

    def __init__(
        self,
        gateways: Mapping[Account, ReconcilingGateway],
        store: Callable[[Sequence[Event]], Awaitable[int]],
        of_warnings: OfWarnings,
        lease: SoloLease,
        database: Database,
        clock: Clock,
        count: Count,
        *,
        every_s: float = EVERY_S,
        grace_s: float = GRACE_S,
    ) -> None:
        self._gateways = gateways
        self._store = store
        self._of_warnings = of_warnings
        self._lease = lease
        self._database = database
        self._clock = clock
        self._count = count
        self._every_s = every_s
        self._awaited = Awaited(grace_s)
        self._long_look_at: dict[Account, float] = {}

    async def run(self) -> None:
        """Look while the lease is ours, wait for it otherwise."""
        while self._gateways:
            if await self._hold():
                await self._look_under_lease()
            await asyncio.sleep(self._lease.seconds / 3)

    async def look(self) -> int:
        """Ask every provider once; return how many events were new."""
        found = 0
        for account, gateway in self._gateways.items():
            try:
                found += await self._one(account, gateway)
            except SendError as error:
                self._told(account, error.code)
            except StorageUnavailableError:
                self._told(account, "no_storage")
        return found

    async def _look_under_lease(self) -> None:
        looking = asyncio.create_task(self._look_on())
        try:
            while not looking.done():
                await asyncio.wait([looking], timeout=self._lease.seconds / 3)
                if not looking.done() and not await self._hold():
                    return
            await looking
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    async def _look_on(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(self._every_s)

    async def _hold(self) -> bool:
        try:
            return await self._lease.hold()
        except StorageUnavailableError:
            return False

    async def _one(self, account: Account, gateway: ReconcilingGateway) -> int:
        channel, name = account
        now, monotonic = self._clock.now(), self._clock.monotonic()
        async with self._database.read() as connection:
            until = await read_until(connection, channel, name)
        gap = until is None or now - until > OVERLAP
        is_long = gap or self._is_long(account, monotonic)
        listed = await gateway.missed(_since(until, now, is_long=is_long))
        async with self._database.read() as connection:
            asked = self._awaited.with_earlier(account, listed)
            missing = await self._of_use(connection, account, await not_stored(connection, asked))
        found = Found(missing, []) if gap else self._awaited.find(account, missing, monotonic)
        lost, early = await self._fetch(found.lost), await self._fetch(found.early)
        async with self._database.bulk() as connection:
            await write_until(connection, channel, name, now)
        if is_long:
            self._long_look_at[account] = monotonic
        came = self._awaited.settle(account, missing, found, monotonic)
        for outcome, events in (("found", lost), ("early", early), ("came", came)):
            for _event in range(events):
                self._count("reconciled", channel=channel, outcome=outcome)
        if lost:
            log.warning(
                "webhooks had not brought everything; the rest was fetched",
                action="reconcile.found",
                account=f"{channel}:{name}",
                events=lost,
            )
        return lost + early

    async def _fetch(self, events: Sequence[Event]) -> int:
        """Store them; returns how many no webhook had brought meanwhile."""
        stored = 0
        for start in range(0, len(events), STORE_AT_ONCE):
            stored += await self._store(events[start : start + STORE_AT_ONCE])
        return stored

    async def _of_use(
        self, connection: AsyncConnection, account: Account, events: Sequence[Event]
    ) -> list[Event]:
        """Without the receipts of answers that did not fail."""
        ids = [event.provider_id for event in events if isinstance(event, Receipt)]
        known = await self._of_warnings(connection, account, ids)
        return [
            event
            for event in events
            if not isinstance(event, Receipt)
            or event.state is ReceiptState.FAILED
            or event.provider_id in known
        ]

    def _is_long(self, account: Account, monotonic: float) -> bool:
        looked = self._long_look_at.get(account)
        return looked is None or monotonic - looked >= LONG_LOOK_EVERY_S

    def _told(self, account: Account, outcome: str) -> None:
        self._count("reconciled", channel=account[0], outcome=outcome)
        log.warning(
            "a provider's list could not be read",
            action="reconcile.failed",
            account=":".join(account),
            code=outcome,
        )


def _since(until: datetime | None, now: datetime, *, is_long: bool) -> datetime:
    since = (until or now) - (LONG_LOOK if is_long else OVERLAP)
    return max(since, now - FARTHEST)
