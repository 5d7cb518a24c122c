"""People who wait for a sender account that our settings do not name any more: they are tried elsewhere.
Touches SQL and operators' notices.

Nobody sends for such an account, and what follows its warning waits until every batch of it is closed. While
processes are started with new settings one after another, some may still know the account, or know it
already: whoever does writes, begins or closes batches of it all the time. Only where none of that happened
for a while has everybody forgotten it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.batches import BatchState, unpack
from alerts.delivery import WAITING, DeliveryState
from alerts.outcomes import one_of
from alerts.routing import Account
from alerts.tables import batch, delivery
from staff import notices
from staff.notices import NoticeKind
from storage.clock import Clock
from storage.database import Database
from storage.listed import listed

STILL_FOR = timedelta(minutes=5)  # longer than it takes to start every process anew
AT_ONCE = 10  # batches: some thousand people, so that a transaction stays short
REMOVED = "account_removed"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Removed:
    """Looks after what is left; `accounts` are those that are switched on."""

    database: Database
    clock: Clock
    accounts: Collection[Account]

    async def step(self) -> None:
        """Close what waits for accounts that everybody forgot.

        Raises:
            StorageUnavailableError: SQL is away; the rest is closed next time.
        """
        async with self.database.read() as connection:
            query = (
                select(batch.c.channel, batch.c.account).where(batch.c.state == BatchState.OPEN).distinct()
            )
            waited_for = [(row.channel, row.account) for row in await connection.execute(query)]
            since = self.clock.now() - STILL_FOR
            left = [
                account
                for account in sorted(set(waited_for) - set(self.accounts))
                if await _stands_still(connection, account, since)
            ]
        for account in left:
            await self._page(account)
            while await self._close_some(account):
                pass

    async def _page(self, account: Account) -> None:
        log.error("an account is gone", action="account.removed", channel=account[0], account=account[1])
        async with self.database.durable() as connection:
            people = select(func.sum(batch.c.size)).where(_waits_for(account))
            count = int((await connection.execute(people)).scalar_one() or 0)
            await notices.post(
                connection,
                kind=NoticeKind.ACCOUNT_REMOVED,
                subject=f"{account[0]}:{account[1]}",
                text=f"{count} people waited for {account[0]} ({account[1]}), which our settings do not name "
                "any more. They are tried on their next channel. If that was a mistake, put it back.",
                urgent=True,
                at=self.clock.now(),
            )

    async def _close_some(self, account: Account) -> bool:
        """Close some batches; False when there was none. Who had not been sent to for sure goes on."""
        some = select(batch.c.id).where(_waits_for(account)).order_by(batch.c.id).limit(AT_ONCE)
        now = self.clock.now()
        async with self.database.bulk() as connection:
            closed = await connection.execute(
                update(batch)
                .where(batch.c.id.in_(some), batch.c.state == BatchState.OPEN)
                .values(state=BatchState.DONE, closed_at=now)
                .returning(batch.c.deliveries, batch.c.begun_at)
            )
            rows = closed.all()
            for begun in (False, True):
                # Of a batch that was begun a copy may have left, and only Redis may have known.
                state = DeliveryState.UNKNOWN if begun else DeliveryState.FAILED
                packed = [row.deliveries for row in rows if (row.begun_at is not None) is begun]
                ids = [number for numbers in packed for number in unpack(numbers)]
                changes = {"state": state.value, "error": REMOVED, "next_at": now}
                unsent = update(delivery).where(listed(delivery.c.id), one_of(WAITING)).values(changes)
                await connection.execute(unsent, {"ids": ids})
        return bool(rows)


def _is_of(account: Account) -> ColumnElement[bool]:
    return and_(batch.c.channel == account[0], batch.c.account == account[1])


def _waits_for(account: Account) -> ColumnElement[bool]:
    return and_(_is_of(account), batch.c.state == BatchState.OPEN)


async def _stands_still(connection: AsyncConnection, account: Account, since: datetime) -> bool:
    """Whether nobody who knows the account has shown so."""
    signs = or_(batch.c.created_at > since, batch.c.begun_at > since, batch.c.closed_at > since)
    query = select(batch.c.id).where(_is_of(account), signs).limit(1)
    return (await connection.execute(query)).first() is None
