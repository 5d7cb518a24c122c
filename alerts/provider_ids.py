"""Which of a provider's messages belong to a warning. Reads `delivery` only."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.routing import Account
from alerts.tables import delivery
from storage.listed import listed


async def of_deliveries(
    connection: AsyncConnection, account: Account, provider_ids: Sequence[str]
) -> set[str]:
    """Those of `provider_ids` (of one sender account) under which a copy of a warning was accepted."""
    query = select(delivery.c.provider_id).where(
        delivery.c.channel == account[0],
        delivery.c.account == account[1],
        listed(delivery.c.provider_id),
    )
    return set((await connection.execute(query, {"ids": provider_ids})).scalars())
