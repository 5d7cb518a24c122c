"""How many copies of one warning stayed without news, by account: is that people, or are receipts late?

Reads SQL. Silence of many at once says more of us than of them: phones are off one by one, receipts stop
together.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.delivery import CONFIRMED, DeliveryState
from alerts.outcomes import one_of
from alerts.routing import Account
from alerts.tables import delivery

STORM_SHARE = 0.2
STORM_PEOPLE = 50
FAILING_SHARE = 0.5


class Doubt(StrEnum):
    """Why silence on an account is not believed."""

    INBOX_LAG = "inbox_lag"  # receipts wait in our own inbox
    STORM = "storm"  # too many are silent at once
    RECEIPTS = "receipts"  # the last ones that were sent to are silent without exception


@dataclass(frozen=True, slots=True)
class Silence:
    """What is known of one account's copies that had time to be confirmed. Unit: people.

    Attributes:
        sent: the provider took them.
        silent: nothing was heard of them.
        since_last: of those, sent after the newest for which a receipt came.
        failed: failed there, whenever; addresses that are gone are not counted.
        taken: the provider took them, whenever.
    """

    sent: int = 0
    silent: int = 0
    since_last: int = 0
    failed: int = 0
    taken: int = 0

    def doubt(self, *, late: bool) -> Doubt | None:
        """Why nobody may be moved for silence here, None = silence is what it seems.

        Args:
            late: messages of citizens wait long to be processed.
        """
        if late and self.silent:
            return Doubt.INBOX_LAG
        if self.is_small:
            return None
        if self.since_last >= STORM_PEOPLE:
            return Doubt.RECEIPTS
        return Doubt.STORM if self.silent > STORM_SHARE * self.sent else None

    @property
    def is_small(self) -> bool:
        """Too few to tell by themselves whether people or receipts are late."""
        return self.silent < STORM_PEOPLE

    @property
    def failing(self) -> bool:
        """Most of what is sent there fails."""
        return self.failed >= STORM_PEOPLE and self.failed > FAILING_SHARE * (self.failed + self.taken)


def together(several: Iterable[Silence]) -> Silence:
    """The silence of one account over several warnings; only their sums are known."""
    sums = [(one.sent, one.silent) for one in several]
    return Silence(sent=sum(sent for sent, _ in sums), silent=sum(silent for _, silent in sums))


async def read(connection: AsyncConnection, revision_id: int, aged: datetime) -> dict[Account, Silence]:
    """The silence of a revision by account, of copies that were taken at `aged` or before."""
    taken = one_of({DeliveryState.ACCEPTED, *CONFIRMED})
    silent = and_(one_of({DeliveryState.ACCEPTED}), delivery.c.accepted_at <= aged)
    query = (
        select(
            delivery.c.channel,
            delivery.c.account,
            func.count().filter(and_(taken, delivery.c.accepted_at <= aged)).label("sent"),
            func.count().filter(silent).label("silent"),
            func.count().filter(one_of({DeliveryState.FAILED})).label("failed"),
            func.count().filter(taken).label("taken"),
        )
        .where(delivery.c.revision_id == revision_id)
        .group_by(delivery.c.channel, delivery.c.account)
    )
    found = {}
    for row in (await connection.execute(query)).all():
        account = (row.channel, row.account)
        since = 0
        if row.silent >= STORM_PEOPLE:
            since = await _since(connection, revision_id, account, aged)
        found[account] = Silence(row.sent, row.silent, since, row.failed, row.taken)
    return found


async def silent_people(connection: AsyncConnection, revision_id: int, account: Account) -> int:
    """People whose copy on this account is unconfirmed and whose next channel is due or will be."""
    query = select(func.count()).where(
        delivery.c.revision_id == revision_id,
        delivery.c.channel == account[0],
        delivery.c.account == account[1],
        one_of({DeliveryState.ACCEPTED}),
        delivery.c.next_at.is_not(None),
    )
    return int((await connection.execute(query)).scalar_one())


async def _since(connection: AsyncConnection, revision_id: int, account: Account, aged: datetime) -> int:
    """Silent copies that were taken after the newest one with a receipt; all of them where none has one."""
    mine = and_(
        delivery.c.revision_id == revision_id,
        delivery.c.channel == account[0],
        delivery.c.account == account[1],
    )
    newest = (
        select(func.max(delivery.c.accepted_at))
        .where(mine, delivery.c.delivered_at.is_not(None))
        .scalar_subquery()
    )
    after = or_(newest.is_(None), delivery.c.accepted_at > newest)
    query = select(func.count()).where(
        mine, one_of({DeliveryState.ACCEPTED}), delivery.c.accepted_at <= aged, after
    )
    return int((await connection.execute(query)).scalar_one())
