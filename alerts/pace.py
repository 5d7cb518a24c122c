"""How many people a release lets move now, over all planners together. Touches the table `pace`.

A process could only count what it moved itself, and planners take turns on one revision. Call it under the
revision's lease: two planners then never ask at once.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.routing import Account
from alerts.tables import pace
from storage.database import upsert

LONGEST_STEP = timedelta(seconds=2)  # a step that comes late does not make up for more than this


async def take(
    connection: AsyncConnection, revision_id: int, account: Account, per_second: float, now: datetime
) -> int:
    """Return how many people of an account may move at `now`, and count them as moved.

    Args:
        per_second: people a second; above 0.
    """
    channel, name = account
    mine = (pace.c.revision_id == revision_id) & (pace.c.channel == channel) & (pace.c.account == name)
    before = (await connection.execute(select(pace.c.moved_until).where(mine))).scalar_one_or_none()
    earliest = now - LONGEST_STEP
    since = earliest if before is None else max(before, earliest)
    count = int(per_second * max(0.0, (now - since).total_seconds()))
    if count:
        row = {
            "revision_id": revision_id,
            "channel": channel,
            "account": name,
            "moved_until": since + timedelta(seconds=count / per_second),  # a part of a person is not lost
        }
        await upsert(connection, pace, row, ["revision_id", "channel", "account"], ["moved_until"])
    return count
