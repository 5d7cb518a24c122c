"""Forgetting one lane, when the person behind it is erased. Touches `inbox`, `outbox` and `conversation`.

What a web chat keeps besides goes with `bot.gateways.webchat.store.forget`.
"""

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.lifecycle import InboxState, OutboxState
from bot.tables import conversation, inbox, outbox


async def forget_lane(connection: AsyncConnection, lane: bytes) -> None:
    """Delete what was said on `lane`, in the caller's transaction.

    An event still waiting in the inbox stays: it will be handled as a stranger's. So does a message that is
    leaving this second.
    """
    await connection.execute(delete(conversation).where(conversation.c.lane == lane))
    await connection.execute(
        update(inbox).where(inbox.c.lane == lane, inbox.c.state != InboxState.NEW).values(body=None)
    )
    await connection.execute(
        delete(outbox).where(outbox.c.lane == lane, outbox.c.state != OutboxState.SENDING)
    )
