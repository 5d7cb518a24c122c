"""Receipts: taken from the inbox by the hundred and handed on, forward only. Touches `inbox` and what it is
handed.

A receipt may arrive before we stored the id it speaks of. One that matches nothing is offered again for an
hour, then counted and dropped.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.codec import CodecError
from bot.counters import Count
from bot.lifecycle import InboxState
from bot.messages import Channel, Receipt
from bot.steps import GivenUp
from bot.tables import inbox
from bot.waiting import WaitingRow, mark_done, set_aside
from storage.clock import Clock
from storage.database import Database
from storage.errors import StorageError, StorageUnavailableError
from storage.vault import Vault

log = structlog.get_logger(__name__)

UNMATCHED_FOR = timedelta(hours=1)
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 120.0

TakeReceipts = Callable[[AsyncConnection, Sequence[Receipt], datetime], Awaitable[Collection[str]]]
"""Writes what receipts of one sender account say; returns the `key`s of those that matched a message of
ours.
"""


class ReceiptRunner:
    """Works through receipts, one batch in one transaction."""

    def __init__(
        self,
        *,
        database: Database,
        vault: Vault,
        clock: Clock,
        take: TakeReceipts,
        given_up: GivenUp,
        count: Count,
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._take = take
        self._given_up = given_up
        self._count = count

    async def run(self, rows: Sequence[WaitingRow]) -> None:
        """Handle `rows`; those of a batch that breaks are handled one by one, so that one cannot hold up
        others.

        Raises:
            StorageUnavailableError: nothing happened.
        """
        try:
            await self._batch(rows)
        except StorageUnavailableError:
            raise
        except _TakenError:
            if len(rows) > 1:
                for row in rows:
                    await self.run([row])
        except Exception as error:
            # As in `bot.steps`: rolled back, kept, tried again, reported.
            if len(rows) > 1:
                for row in rows:
                    await self.run([row])
                return
            log.error("a receipt broke something", action="receipt.broken", inbox=rows[0].id, exc_info=error)
            await self._aside(rows[0], type(error).__name__)

    async def _batch(self, rows: Sequence[WaitingRow]) -> None:
        now = self._clock.now()
        senders: dict[tuple[Channel, str], list[tuple[WaitingRow, Receipt]]] = defaultdict(list)
        for row in rows:
            receipt = row.event(self._vault)
            if not isinstance(receipt, Receipt):
                raise CodecError("somebody's words lie where a receipt should be")
            senders[receipt.channel, receipt.account].append((row, receipt))
        unmatched: list[WaitingRow] = []
        async with self._database.bulk() as connection:
            if not await mark_done(connection, rows, now):
                raise _TakenError
            for pairs in senders.values():
                matched = await self._take(connection, [receipt for _row, receipt in pairs], now)
                unmatched += [row for row, receipt in pairs if receipt.key not in matched]
            for row in unmatched:
                await self._offer_again(connection, row, now)
        for _row in range(len(rows) - len(unmatched)):
            self._count("receipts", outcome="matched")

    async def _offer_again(self, connection: AsyncConnection, row: WaitingRow, now: datetime) -> None:
        if now - row.received_at > UNMATCHED_FOR:
            self._count("receipts", outcome="unmatched")
            return
        pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(row.attempts, 10))
        await connection.execute(
            update(inbox)
            .where(inbox.c.id == row.id)
            .values(
                state=InboxState.NEW,
                done_at=None,
                attempts=row.attempts + 1,
                next_at=now + timedelta(seconds=pause),
            )
        )

    async def _aside(self, row: WaitingRow, name: str) -> None:
        now = self._clock.now()
        self._count("receipts", outcome="broken")
        async with self._database.durable() as connection:
            if not await set_aside(connection, row, now):
                await self._given_up(connection, row=row.id, error=name, at=now)


class _TakenError(StorageError):
    """Another process has handled one of these rows; the batch is read anew."""
