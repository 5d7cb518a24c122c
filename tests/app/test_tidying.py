"""What is deleted when its time is over, and what stays."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, func, insert, select

from app.tidying import tidy_up
from bot.tables import inbox, outbox, webchat, webchat_message
from places.cells import cell_of
from registry import trips, whereabouts
from registry.tables import change
from registry.tables import whereabouts as places
from registry.whereabouts import Whereabouts, WhereaboutsKind
from staff.tables import officer, officer_session
from storage.database import Database
from storage.vault import Vault
from tests.registry.newcomers import BANGKOK, join, telegram

NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
SOON = timedelta(minutes=1)
DAYS = {number: timedelta(days=number) for number in (1, 7, 30)}


@dataclass
class Clock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


async def count(database: Database, table: Table) -> int:
    async with database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def put(database: Database, table: Table, **values: Any) -> None:
    async with database.durable() as connection:
        await connection.execute(insert(table).values(values))


async def a_message(database: Database) -> None:
    await put(
        database, inbox, key="k", channel="telegram", account="main", kind="inbound", lane=b"l", partition=1,
        body=b"b", received_at=NOW, state="done", attempts=0, next_at=NOW, done_at=NOW,
    )  # fmt: skip


async def a_reply(database: Database) -> None:
    await put(
        database, outbox, key="k", lane=b"l", channel="telegram", account="main", address=b"a", body=b"b",
        drill=False, created_at=NOW, state="sent", attempts=1, next_at=NOW, done_at=NOW,
    )  # fmt: skip


async def a_chat(database: Database) -> None:
    await put(database, webchat, chat="c", token_hash=b"h", created_at=NOW, seen_at=NOW)


async def a_chat_message(database: Database) -> None:
    await put(database, webchat, chat="c", token_hash=b"h", created_at=NOW, seen_at=NOW + DAYS[1])
    await put(database, webchat_message, chat="c", key="k", from_citizen=True, body=b"b", created_at=NOW)


async def a_sign_in(database: Database) -> None:
    await put(
        database, officer, id=1, login="anna", name="Anna", password="-", totp=b"-", state="active",
        failures=0, created_at=NOW,
    )  # fmt: skip
    await put(
        database, officer_session, token_hash=b"h", officer_id=1, kind="console", csrf="c", created_at=NOW,
        expires_at=NOW + DAYS[1],
    )  # fmt: skip


async def two_changes(database: Database) -> None:
    for person in (1, 2):
        await put(database, change, person_id=person, at=NOW)


@pytest.mark.parametrize(
    ("make", "table", "before", "kept", "left"),
    [
        (a_message, inbox, DAYS[7], 1, 0),
        (a_reply, outbox, DAYS[7], 1, 0),
        (a_chat, webchat, DAYS[30], 1, 0),
        (a_chat_message, webchat_message, DAYS[30], 1, 0),
        (a_sign_in, officer_session, DAYS[1], 1, 0),
        (two_changes, change, DAYS[7], 2, 1),  # the newest of all tells readers where the feed stands
    ],
)
async def test_its_time(
    sqlite: Database, make: Any, table: Table, before: timedelta, kept: int, left: int
) -> None:
    await make(sqlite)
    await tidy_up(sqlite, Clock(NOW + before - SOON))
    assert await count(sqlite, table) == kept
    await tidy_up(sqlite, Clock(NOW + before + SOON))
    assert await count(sqlite, table) == left


async def test_a_chat_somebody_used_stays(sqlite: Database) -> None:
    await a_chat_message(sqlite)
    await tidy_up(sqlite, Clock(NOW + timedelta(days=400)))
    assert await count(sqlite, webchat) == 1


async def test_what_nobody_handled_yet_stays(sqlite: Database) -> None:
    await put(
        sqlite, inbox, key="k", channel="telegram", account="main", kind="inbound", lane=b"l", partition=1,
        body=b"b", received_at=NOW, state="new", attempts=0, next_at=NOW, done_at=None,
    )  # fmt: skip
    await tidy_up(sqlite, Clock(NOW + timedelta(days=400)))
    assert await count(sqlite, inbox) == 1


async def test_former_places_go_and_present_ones_stay(database: Database, vault: Vault) -> None:
    trip = Whereabouts(WhereaboutsKind.TRIP, cell_of(13.7, 100.5), 0.0, "TH")
    async with database.durable() as connection:
        who = await join(connection, vault, telegram("1"), now=NOW)
        await whereabouts.set_home(connection, who.vault, who.id, BANGKOK, NOW)  # ends the first one
        await trips.add(connection, who.vault, who.id, trip, NOW, NOW + DAYS[1], NOW)
    for later, left in ((DAYS[7] - SOON, 3), (DAYS[7] + SOON, 2), (DAYS[7] + DAYS[1] + SOON, 1)):
        await tidy_up(database, Clock(NOW + later))
        assert await count(database, places) == left
    async with database.read() as connection:
        base = await whereabouts.base(connection, who.id)
    assert base is not None
    assert base.country == "TH"
