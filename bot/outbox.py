"""The outbox: every message to one citizen that is not part of a broadcast, written with what caused it.

Touches the table `outbox` only. `enqueue` is called inside the transaction of the step, the answer or the
prompt; `bot.sender` sends. Address and words are sealed, for the row's key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningUpdate

from bot.codec import dump_address, dump_outbound, load_address, load_outbound
from bot.lifecycle import OUTBOX, UNSENT, OutboxState, before
from bot.messages import Address, Channel, Outbound
from bot.naming import short_key
from bot.tables import outbox
from storage.clock import SET_BACK
from storage.database import Database
from storage.vault import Place, Vault

KEEP = timedelta(days=7)
PURGE_ROWS = 5_000
LEASE_S = 60.0  # a claimed row that was not settled by then may be claimed again


async def enqueue(
    connection: AsyncConnection,
    vault: Vault,
    *,
    key: str,
    address: Address,
    lane: bytes,
    outbound: Outbound,
    drill: bool,
    now: datetime,
) -> bool:
    """Add one message in the caller's transaction; False when `key` was there already, then nothing is added.

    Args:
        key: unique name of what caused the message; longer than 80 characters is kept as its SHA-256.
        lane: blind index of `address`; messages of one lane are sent in the order in which they were added.
    """
    key = short_key(key)
    row = {
        "key": key,
        "lane": lane,
        "channel": address.channel,
        "account": address.account,
        "address": vault.seal(dump_address(address), Place("outbox", "address", key)),
        "body": vault.seal(dump_outbound(outbound), Place("outbox", "body", key)),
        "drill": drill,
        "created_at": now,
        "state": OutboxState.WAITING,
        "attempts": 0,
        "next_at": now,
    }
    insert = _INSERT_POSTGRESQL if connection.dialect.name == "postgresql" else _INSERT_SQLITE
    return (await connection.execute(insert, row)).rowcount == 1


# Built once, with one row each: SQLAlchemy compiles a list of rows anew each time.
_INSERT_SQLITE = sqlite.insert(outbox).on_conflict_do_nothing(index_elements=["key"])
_INSERT_POSTGRESQL = postgresql.insert(outbox).on_conflict_do_nothing(index_elements=["key"])


@dataclass(slots=True)
class Claimed:
    """A message this process may send until `until`; that moment also proves that the claim is ours.

    Attributes:
        heard_at: when its recipient last wrote, as far as the try under way knows.
    """

    id: int
    key: str
    lane: bytes
    channel: Channel
    account: str
    sealed_address: bytes
    sealed_body: bytes
    attempts: int
    error: str
    until: datetime
    drill: bool
    heard_at: datetime | None = None

    def open(self, vault: Vault) -> tuple[Address, Outbound]:
        """The recipient and the message; raises `SealError` or `CodecError`."""
        address = load_address(vault.open(self.sealed_address, Place("outbox", "address", self.key)))
        return address, load_outbound(vault.open(self.sealed_body, Place("outbox", "body", self.key)))


def _claim() -> ReturningUpdate[Any]:
    """Claims the oldest unsent message of a lane, in one statement, unless it is not due.

    A claim that ends `beyond` any claim's end was made before the clock was set back.
    """
    columns = outbox.c
    head = (
        select(columns.id)
        .where(columns.lane == bindparam("lane_"), columns.state.in_(UNSENT))
        .order_by(columns.id)
        .limit(1)
        .with_for_update()
        .scalar_subquery()
    )
    return (
        update(outbox)
        .where(
            columns.id == head,
            columns.state.in_(UNSENT),
            or_(
                columns.next_at <= bindparam("now"),
                and_(columns.state == OutboxState.SENDING, columns.next_at > bindparam("beyond")),
            ),
        )
        .values(state=OutboxState.SENDING, next_at=bindparam("until"))
        .returning(
            columns.id,
            columns.key,
            columns.lane,
            columns.channel,
            columns.account,
            columns.address,
            columns.body,
            columns.attempts,
            columns.error,
            columns.drill,
        )
    )


_CLAIM = _claim()


async def claim_next(connection: AsyncConnection, lane: bytes, now: datetime) -> Claimed | None:
    """Claim the oldest unsent message of `lane`; None when there is none or it is not due or not free."""
    until = now + timedelta(seconds=LEASE_S)
    times = {"now": now, "until": until, "beyond": until + SET_BACK}
    result = await connection.execute(_CLAIM, {"lane_": lane, **times})
    row = result.one_or_none()
    if row is None:
        return None
    return Claimed(
        id=row.id,
        key=row.key,
        lane=row.lane,
        channel=Channel(row.channel),
        account=row.account,
        sealed_address=row.address,
        sealed_body=row.body,
        attempts=row.attempts,
        error=row.error or "",
        until=until,
        drill=row.drill,
    )


async def extend(connection: AsyncConnection, claimed: Claimed, now: datetime) -> bool:
    """Claim a row of ours for another while; False when it is no longer ours."""
    until = now + timedelta(seconds=LEASE_S)
    if not await settle(connection, claimed, next_at=until):
        return False
    claimed.until = until
    return True


async def settle(connection: AsyncConnection, claimed: Claimed, **values: Any) -> bool:
    """Write what became of a claimed row; False, and nothing is written, when it is no longer ours."""
    columns = outbox.c
    ours = (
        (columns.id == claimed.id)
        & (columns.state == OutboxState.SENDING)
        & (columns.next_at == claimed.until)
    )
    return (await connection.execute(update(outbox).where(ours).values(**values))).rowcount == 1


async def fail_lane(connection: AsyncConnection, lane: bytes, error: str, now: datetime) -> None:
    """Give up every unsent message of a lane whose address is gone, held ones too."""
    unsent = (outbox.c.lane == lane) & outbox.c.state.in_(before(OUTBOX, OutboxState.FAILED))
    given_up = {"state": OutboxState.FAILED, "error": error, "done_at": now}
    await connection.execute(update(outbox).where(unsent).values(given_up))


async def due_lanes(
    connection: AsyncConnection, senders: Sequence[tuple[str, str]], now: datetime, limit: int
) -> Sequence[bytes]:
    """Lanes with something due that nobody is sending, oldest first, of the accounts in `senders`."""
    if not senders:
        return []
    columns = outbox.c
    beyond = now + timedelta(seconds=LEASE_S) + SET_BACK
    accounts = [f"{channel}:{account}" for channel, account in senders]
    due = (
        select(columns.lane, columns.id)
        .where(
            columns.state.in_(UNSENT),
            or_(
                columns.next_at <= now,
                and_(columns.state == OutboxState.SENDING, columns.next_at > beyond),
            ),
            (columns.channel + ":" + columns.account).in_(accounts),
        )
        .order_by(columns.id)
        .limit(limit)
    )
    return list(dict.fromkeys((await connection.execute(due)).scalars()))


async def purge(database: Database, now: datetime) -> int:
    """Remove messages sent or given up 7 days ago; return how many."""
    removed = 0
    while True:
        async with database.bulk() as connection:
            old = select(outbox.c.id).where(outbox.c.done_at < now - KEEP).limit(PURGE_ROWS)
            result = await connection.execute(delete(outbox).where(outbox.c.id.in_(old.scalar_subquery())))
        removed += result.rowcount
        if result.rowcount < PURGE_ROWS:
            return removed
