"""How far a provider's own list of a sender account was read, and which of its events we have. Touches the
tables `reconciled` and `inbox`.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.inbox import inbox_key
from bot.messages import Event
from bot.tables import inbox, reconciled
from storage.database import insert_new
from storage.listed import listed


async def read_until(connection: AsyncConnection, channel: str, account: str) -> datetime | None:
    """Up to when the list was read; None = never."""
    query = select(reconciled.c.until).where(reconciled.c.channel == channel, reconciled.c.account == account)
    return (await connection.execute(query)).scalar_one_or_none()


async def write_until(connection: AsyncConnection, channel: str, account: str, until: datetime) -> None:
    """Remember that the list was read up to `until`; never goes back."""
    row = {"channel": channel, "account": account, "until": until}
    await insert_new(connection, reconciled, [row], ["channel", "account"])
    await connection.execute(
        update(reconciled)
        .where(reconciled.c.channel == channel, reconciled.c.account == account, reconciled.c.until < until)
        .values(until=until)
    )


async def not_stored(connection: AsyncConnection, events: Sequence[Event]) -> list[Event]:
    """The events whose keys the inbox does not hold, in their order."""
    keys = [inbox_key(event) for event in events]
    query = select(inbox.c.key).where(listed(inbox.c.key))
    held = set((await connection.execute(query, {"ids": keys})).scalars())
    return [event for event, key in zip(events, keys, strict=True) if key not in held]
