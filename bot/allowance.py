"""How many messages that cost money one sender account may still send this month. Touches `spending`.

A message is counted before its bytes leave and given back when the provider certainly did not take it; of an
unknown outcome it stays counted. So the count is never lower than the bill, whatever dies in between. A
month is a calendar month in UTC.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.tables import spending
from storage.clock import Clock
from storage.database import Database, insert_new


@dataclass(frozen=True, slots=True)
class Spent:
    """What one account used up of one month's cap, in messages."""

    used: int
    cap: int

    @property
    def left(self) -> int:
        """Never below zero, though alerts may go beyond the cap."""
        return max(0, self.cap - self.used)


OnCap = Callable[[AsyncConnection, str, str, Spent, datetime], Awaitable[None]]
"""Told once in a month, in the transaction that found the cap reached: channel, account, what was spent."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """The month's messages of one account.

    Attributes:
        cap: messages a month that may be billed.
        beyond: urgent ones (alerts of severity extreme or severe) may go beyond it.
    """

    database: Database
    clock: Clock
    channel: str
    account: str
    cap: int
    beyond: bool
    on_cap: OnCap

    async def take(self, wanted: int, *, urgent: bool, at: datetime) -> int:
        """Count up to `wanted` messages and return how many may be sent.

        Args:
            at: now (aware UTC): its month is the one they count in.

        Raises:
            StorageUnavailableError: nothing was counted.
        """
        async with self.database.bulk() as connection:
            await insert_new(connection, spending, [self._row(at)], ["channel", "account", "month"])
            # The row is ours until the end of the transaction: two processes never take the last one both.
            query = select(spending.c.used, spending.c.capped_at).where(self._mine(at)).with_for_update()
            row = (await connection.execute(query)).one()
            left = Spent(row.used, self.cap).left
            granted = wanted if urgent and self.beyond else min(wanted, left)
            spent = Spent(row.used + granted, self.cap)
            tell = row.capped_at is None and (wanted > left or not spent.left)
            values = {"used": spent.used} | ({"capped_at": at} if tell else {})
            await connection.execute(update(spending).where(self._mine(at)).values(values))
            if tell:
                await self.on_cap(connection, self.channel, self.account, spent, at)
        return granted

    async def give_back(self, unused: int, *, at: datetime) -> None:
        """The provider did not take `unused` messages that were counted at `at`; the next month, if it has
        begun, owes them nothing.

        Raises:
            StorageUnavailableError: they stay counted.
        """
        if unused < 1:
            return
        async with self.database.bulk() as connection:
            mine = self._mine(at) & (spending.c.used >= unused)
            await connection.execute(update(spending).where(mine).values(used=spending.c.used - unused))

    async def spent(self, connection: AsyncConnection) -> Spent:
        """What was used up of this month so far."""
        query = select(spending.c.used).where(self._mine(self.clock.now()))
        return Spent((await connection.execute(query)).scalar_one_or_none() or 0, self.cap)

    def _row(self, now: datetime) -> dict[str, object]:
        return {"channel": self.channel, "account": self.account, "month": _month(now), "used": 0}

    def _mine(self, now: datetime) -> ColumnElement[bool]:
        columns = spending.c
        ours = (columns.channel == self.channel) & (columns.account == self.account)
        return ours & (columns.month == _month(now))


def _month(now: datetime) -> str:
    return f"{now:%Y-%m}"
