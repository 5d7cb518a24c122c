"""Messages that wait for the person to write again, because only a template may reach them now. Touches
`outbox`.

An answer that comes two days after the question cannot be said on a channel with a window (`bot.window`). It
is *held*; the person is told once, by a template without any of its words, that an answer waits; when they
write anything, everything held goes out at once, in its order. After 7 days it is given up, and whoever wired
us is told.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels import FACTS
from bot.codec import load_address, load_outbound
from bot.lifecycle import OutboxState
from bot.messages import Address, Frame, Outbound, Receipt
from bot.outbox import enqueue
from bot.tables import outbox
from storage.database import Database
from storage.vault import Place, Vault

NUDGE = "nudge:"  # begins the key of a message that only says that something waits
GIVE_UP_AFTER = timedelta(days=7)
GIVE_UP_ROWS = 500
UNHEARD = "unheard"
NOT_NEEDED = "not_needed"
NOTHING = "\N{ENVELOPE}"  # a nudge has no words of its own: the template has them

OnUnheard = Callable[[AsyncConnection, str, str], Awaitable[None]]
"""Told, in the transaction that writes it: the key of a held message, and why nobody will hear it soon:
`unheard` = 7 days passed and it was given up; anything else = it could not be announced, the code says why.
"""

Heard = Callable[[AsyncConnection, bytes], Awaitable[datetime | None]]
"""When the person on a lane last wrote (aware UTC), None = never or not known."""


async def tell_nobody(_connection: AsyncConnection, _key: str, _why: str) -> None:
    """An `OnUnheard` that tells nobody."""


async def heard_never(_connection: AsyncConnection, _lane: bytes) -> datetime | None:
    """A `Heard` that knows nobody."""
    return None


def is_nudge(key: str) -> bool:
    """Whether the outbox row `key` only says that something waits."""
    return key.startswith(NUDGE)


async def nudge(
    connection: AsyncConnection,
    vault: Vault,
    *,
    lane: bytes,
    address: Address,
    held: Outbound,
    drill: bool,
    now: datetime,
) -> bool:
    """Say once, for each time the person fell silent, that something waits; False when it was said already.

    Args:
        held: what waits; only its language is used.
    """
    silent_since = "never" if address.heard_at is None else str(int(address.heard_at.timestamp()))
    return await enqueue(
        connection,
        vault,
        key=f"{NUDGE}{lane.hex()[:40]}:{silent_since}",
        address=address,
        lane=lane,
        outbound=Outbound(NOTHING, held.language, frame=Frame.WAITING),
        drill=drill,
        now=now,
    )


async def held_keys(connection: AsyncConnection, lane: bytes) -> list[str]:
    """The keys of what is held for a person, oldest first."""
    query = (
        select(outbox.c.key)
        .where(outbox.c.lane == lane, outbox.c.state == OutboxState.HELD)
        .order_by(outbox.c.id)
    )
    return list((await connection.execute(query)).scalars())


async def release(connection: AsyncConnection, lane: bytes, now: datetime) -> int:
    """The person wrote: send what is held for them, oldest first; return how many messages that are."""
    columns = outbox.c
    held = (columns.lane == lane) & (columns.state == OutboxState.HELD)
    released = await connection.execute(
        update(outbox).where(held).values(state=OutboxState.WAITING, next_at=now, attempts=0)
    )
    unsent = (columns.lane == lane) & (columns.state == OutboxState.WAITING) & columns.key.like(f"{NUDGE}%")
    await connection.execute(
        update(outbox).where(unsent).values(state=OutboxState.FAILED, error=NOT_NEEDED, done_at=now)
    )
    return released.rowcount


async def hold_refused(
    connection: AsyncConnection, vault: Vault, receipt: Receipt, heard: Heard, now: datetime
) -> bool:
    """The provider took a message and said later that the window was closed: hold it after all, or send it
    again to somebody who wrote meanwhile.

    False when `receipt` names none of ours, or one given up meanwhile.
    """
    if not FACTS[receipt.channel].has_window or not receipt.provider_id:
        return False
    columns = outbox.c
    mine = (
        (columns.channel == receipt.channel)
        & (columns.account == receipt.account)
        & (columns.provider_id == receipt.provider_id)
        & (columns.state == OutboxState.SENT)
        & columns.key.not_like(f"{NUDGE}%")
    )
    query = select(
        columns.id, columns.key, columns.lane, columns.address, columns.body, columns.drill, columns.done_at
    )
    row = (await connection.execute(query.where(mine).with_for_update())).first()
    if row is None:
        return False
    heard_at = await heard(connection, row.lane)
    # Whoever wrote since it was sent has released what was held then, and is waited for no longer.
    is_heard = heard_at is not None and row.done_at is not None and heard_at > row.done_at
    again = update(outbox).where(columns.id == row.id).values(done_at=None, provider_id=None)
    state = {"state": OutboxState.WAITING, "next_at": now} if is_heard else {"state": OutboxState.HELD}
    await connection.execute(again.values(error=(receipt.error or OutboxState.HELD)[:60], **state))
    if is_heard:
        return True
    address = load_address(vault.open(row.address, Place("outbox", "address", row.key)))
    held = load_outbound(vault.open(row.body, Place("outbox", "body", row.key)))
    silent = replace(address, heard_at=heard_at)
    await nudge(connection, vault, lane=row.lane, address=silent, held=held, drill=row.drill, now=now)
    return True


async def give_up(database: Database, now: datetime, on_unheard: OnUnheard) -> int:
    """Give up what was held for 7 days; return how many messages that were.

    Raises:
        StorageUnavailableError: SQL is away; what is left is given up next time.
    """
    given_up = 0
    while True:
        async with database.durable() as connection:
            old = (
                select(outbox.c.id)
                .where(outbox.c.state == OutboxState.HELD, outbox.c.created_at <= now - GIVE_UP_AFTER)
                .order_by(outbox.c.id)
                .limit(GIVE_UP_ROWS)
            )
            ended = await connection.execute(
                update(outbox)
                .where(outbox.c.id.in_(old.scalar_subquery()), outbox.c.state == OutboxState.HELD)
                .values(state=OutboxState.FAILED, error=UNHEARD, done_at=now)
                .returning(outbox.c.key)
            )
            keys = list(ended.scalars())
            for key in keys:
                await on_unheard(connection, key, UNHEARD)
        given_up += len(keys)
        if len(keys) < GIVE_UP_ROWS:
            return given_up
