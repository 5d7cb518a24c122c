"""What is looked up while an audience is written and answered is found through an index, on SQLite.

A scan of 300,000 deliveries for each receipt or tap is what these guard against.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, Update, exists, select, update
from sqlalchemy.dialects import sqlite

from alerts.checkins import SILENCED
from alerts.delivery import DeliveryState
from alerts.tables import checkin, delivery

KEY = "sqlite_autoindex_delivery_1"
ACCOUNT = (delivery.c.channel == "viber", delivery.c.account == "main")
LOOK_UPS: dict[str, tuple[Select[Any] | Update, str]] = {
    "what is due": (select(delivery.c.id).where(delivery.c.next_at <= "2026"), "ix_delivery_next"),
    "a receipt": (
        update(delivery).where(*ACCOUNT, delivery.c.provider_id == "m1").values(attempts=1),
        "ix_delivery_provider",
    ),
    "receipts": (
        select(delivery.c.provider_id).where(*ACCOUNT, delivery.c.provider_id.in_(["m1", "m2"])),
        "ix_delivery_provider",
    ),
    "an answer": (select(delivery.c.state).where(delivery.c.person_id == 7), KEY),
    "some of a revision": (
        select(delivery.c.state).where(delivery.c.revision_id == 1, delivery.c.person_id.in_(range(500))),
        f"{KEY} (person_id=? AND revision_id=?)",
    ),
    "all of a revision": (
        select(delivery.c.person_id).where(delivery.c.revision_id == 1, delivery.c.rung == 0),
        "ix_delivery_revision",
    ),
    "a state of a revision": (
        select(delivery.c.id).where(delivery.c.revision_id == 1, delivery.c.state == DeliveryState.QUEUED),
        "ix_delivery_revision",
    ),
    "whom nothing may reach": (
        select(delivery.c.id).where(
            delivery.c.id == 1, exists().where(checkin.c.person_id == delivery.c.person_id, SILENCED)
        ),
        "ix_checkin_silenced",
    ),
}


@pytest.mark.parametrize("look_up", LOOK_UPS)
def test_a_delivery_is_found_through_an_index(sqlite_template: Path, look_up: str) -> None:
    query, index = LOOK_UPS[look_up]
    with closing(sqlite3.connect(sqlite_template)) as connection:
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {_worded(query)}")]
    assert any(index in step for step in steps), steps


def _worded(query: Select[Any] | Update) -> str:
    dialect = sqlite.dialect()
    return str(query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})).replace("?", "1")
