"""Whether a pooled connection to PostgreSQL still lives, asked where it lay idle. Touches pool events only.

SQLAlchemy's own `pool_pre_ping` asks before every use: three round trips before each batch and each webhook.
A connection that worked a moment ago hardly broke since; if it did, the statement fails as it does when the
server goes away in the middle, and whoever asked tries again.
"""

import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine

IDLE_S = 1.0
_USED = "used_at"  # monotonic, in the pool's record of a connection


def ask_after_idling(engine: AsyncEngine) -> None:
    """Have connections that lay idle for `IDLE_S` asked before they are used; dead ones are made anew."""
    dialect = engine.dialect

    @event.listens_for(engine.sync_engine, "checkin")
    def back(_raw: object, record: Any) -> None:
        record.info[_USED] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def out(raw: Any, record: Any, _proxy: object) -> None:
        used = record.info.get(_USED)
        if used is None or time.monotonic() - used < IDLE_S:
            return
        try:
            dialect.do_ping(raw)
        except dialect.loaded_dbapi.Error as error:
            raise DisconnectionError("the connection died while it lay idle") from error
