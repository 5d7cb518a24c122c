"""Inbox rows that wait for their step: reading a page of them, marking them done, setting them aside.

Touches the table `inbox` only. A row that failed is *set aside*: later messages of the same person overtake
it, because a call for help must never wait for a message that breaks something.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.codec import load_event
from bot.inbox import LANE_PARTITIONS, body_place
from bot.lifecycle import InboxState
from bot.messages import Event
from bot.tables import inbox
from storage.vault import Vault

PAUSES_S = (5.0, 30.0, 120.0, 600.0)  # before the second, third ... try
ATTEMPTS = len(PAUSES_S) + 1


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """One event that was stored and not handled yet; `fence` is of the lease it was read under."""

    id: int
    key: str
    lane: bytes
    partition: int
    fence: int
    body: bytes
    attempts: int
    received_at: datetime

    def event(self, vault: Vault) -> Event:
        """Open the body.

        Raises:
            SealError: it cannot be opened with the keys at hand.
            CodecError: another version wrote it.
        """
        return load_event(vault.open(self.body, body_place(self.key)))


async def read_waiting(
    connection: AsyncConnection,
    kind: str,
    held: Mapping[int, int],
    *,
    but: Collection[bytes],
    now: datetime,
    limit: int,
) -> Sequence[WaitingRow]:
    """The oldest rows of `kind` (`inbound` or `receipt`) in partitions we hold, without the lanes in
    `but`.
    """
    if not held:
        return []
    columns = (inbox.c.id, inbox.c.key, inbox.c.lane, inbox.c.partition, inbox.c.body, inbox.c.attempts)
    query = select(*columns, inbox.c.received_at).where(
        inbox.c.state == InboxState.NEW, inbox.c.kind == kind, inbox.c.next_at <= now
    )
    if len(held) < LANE_PARTITIONS:
        query = query.where(inbox.c.partition.in_(list(held)))
    if but:
        query = query.where(inbox.c.lane.not_in(list(but)))
    rows = await connection.execute(query.order_by(inbox.c.id).limit(limit))
    return [
        WaitingRow(
            row.id, row.key, row.lane, row.partition, held[row.partition], row.body, row.attempts, row[6]
        )
        for row in rows
    ]


_MARK_DONE = (
    update(inbox)
    .where(inbox.c.id.in_(bindparam("ids", expanding=True)), inbox.c.state == InboxState.NEW)
    .values(state=InboxState.DONE, done_at=bindparam("now"))
)


async def mark_done(connection: AsyncConnection, rows: Sequence[WaitingRow], now: datetime) -> bool:
    """Mark `rows` done; False (roll back!) when somebody else was faster with one of them."""
    result = await connection.execute(_MARK_DONE, {"ids": [row.id for row in rows], "now": now})
    return result.rowcount == len(rows)


async def set_aside(connection: AsyncConnection, row: WaitingRow, now: datetime) -> bool:
    """Plan the next try of a row whose step failed; False when that was the last one and it is now
    `failed`.
    """
    tried = row.attempts + 1
    again = tried < ATTEMPTS
    values = (
        {"next_at": now + timedelta(seconds=PAUSES_S[tried - 1])}
        if again
        else {"state": InboxState.FAILED, "done_at": now}
    )
    await connection.execute(
        update(inbox)
        .where(inbox.c.id == row.id, inbox.c.state == InboxState.NEW)
        .values(attempts=tried, **values)
    )
    return again


async def lag_s(connection: AsyncConnection, now: datetime) -> float:
    """Seconds the oldest event that could be worked on has been waiting; 0 when there is none."""
    query = select(func.min(inbox.c.received_at)).where(
        inbox.c.state == InboxState.NEW, inbox.c.attempts == 0
    )
    oldest = (await connection.execute(query)).scalar_one_or_none()
    return (now - oldest).total_seconds() if oldest else 0.0
