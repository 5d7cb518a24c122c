"""Receipts of messages that are no part of a broadcast: known, nothing to do. Reads `outbox`, writes nothing.

Some providers tell of every message, and not only of those that a broadcast waits for (Viber has no way to
ask for less). Such a receipt names a row of the outbox; were it not known it would be offered again for an
hour.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.lifecycle import UNSENT
from bot.messages import Receipt
from bot.tables import outbox


async def of_replies(connection: AsyncConnection, receipts: Sequence[Receipt]) -> set[str]:
    """The keys of those among `receipts`, all of one sender account, that speak of a reply."""
    ids = {receipt.provider_id for receipt in receipts if receipt.provider_id}
    if not ids:
        return set()
    columns = outbox.c
    query = select(columns.provider_id).where(
        columns.channel == receipts[0].channel,
        columns.account == receipts[0].account,
        columns.provider_id.in_(ids),
    )
    known = set((await connection.execute(query)).scalars())
    return {receipt.key for receipt in receipts if receipt.provider_id in known}


async def is_under_way(connection: AsyncConnection, lane: bytes) -> bool:
    """Whether a reply to `lane` may have left whose id is not written down yet."""
    query = select(outbox.c.id).where(outbox.c.lane == lane, outbox.c.state.in_(UNSENT)).limit(1)
    return (await connection.execute(query)).first() is not None
