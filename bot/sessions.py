"""Where each conversation stands, sealed in the table `conversation`. Touches that table only."""

import json
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.tables import conversation
from bot.turn import Session
from storage.database import upsert
from storage.vault import Place, Vault

# Built once: SQLAlchemy takes longer to build a statement than SQLite to answer it.
_STATE = select(conversation.c.state).where(conversation.c.lane == bindparam("lane_"))


async def load_session(connection: AsyncConnection, vault: Vault, lane: bytes) -> Session:
    """The session of `lane`, a fresh one if there is none.

    Raises:
        SealError: it was sealed with a key that is gone.
    """
    sealed = (await connection.execute(_STATE, {"lane_": lane})).scalar_one_or_none()
    if sealed is None:
        return Session()
    fields = json.loads(vault.open_text(sealed, _place(lane)))
    return Session(fields["step"], fields["data"])


async def save_session(
    connection: AsyncConnection, vault: Vault, lane: bytes, session: Session, now: datetime
) -> None:
    """Keep `session`; one that is back at the beginning leaves no row."""
    if not session.step and not session.data:
        await connection.execute(delete(conversation).where(conversation.c.lane == lane))
        return
    text = json.dumps({"step": session.step, "data": session.data}, separators=(",", ":"))
    row = {"lane": lane, "state": vault.seal_text(text, _place(lane)), "updated_at": now}
    await upsert(connection, conversation, row, ["lane"], ["state", "updated_at"])


def _place(lane: bytes) -> Place:
    return Place("conversation", "state", lane.hex())
