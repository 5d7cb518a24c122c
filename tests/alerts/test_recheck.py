"""Whoever stops, is erased or is recorded as dead while their copy waits gets none, wherever it waits."""

from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import batches, checkins, recheck
from alerts.attempt import Item
from alerts.checkin_status import CheckinSource, CheckinStatus
from alerts.recipients import recipients
from alerts.standing import Standings
from alerts.tables import batch, delivery, event
from registry import people
from registry.erasure import ErasedList, erase
from registry.tables import address
from storage.database import Database
from storage.vault import Vault
from tests.alerts.office import NOW, HandClock, Office, open_office
from tests.alerts.post_room import BATCH, PostRoom, open_post_room
from tests.registry.newcomers import telegram
from tests.service import until

LAST = -1


@pytest.fixture
async def room(quick_office: Office, redis: Redis, vault: Vault) -> PostRoom:
    return await open_post_room(quick_office, redis, vault)


async def ids(connection: AsyncConnection) -> list[int]:
    """Everybody with a delivery, in the order of `PostRoom.write`."""
    return list((await connection.execute(select(delivery.c.person_id).order_by(delivery.c.id))).scalars())


async def found(connection: AsyncConnection, person_id: int, status: CheckinStatus) -> None:
    event_id = (await connection.execute(select(event.c.id))).scalars().first()
    assert event_id is not None
    await checkins.record(
        connection, event_id=event_id, person_id=person_id, status=status,
        source=CheckinSource.OFFICER, officer_id=1, at=NOW,
    )  # fmt: skip


async def errors(room: PostRoom) -> dict[str, str]:
    """State by code of those that were not sent."""
    async with room.database.read() as connection:
        query = select(delivery.c.error, delivery.c.state).where(delivery.c.error.is_not(None))
        return {row.error: row.state for row in await connection.execute(query)}


@pytest.mark.parametrize("begun", [False, True])
async def test_who_is_recorded_as_dead_while_queued_gets_nothing(room: PostRoom, begun: bool) -> None:
    chats = await room.write(BATCH)
    async with room.database.durable() as connection:
        await found(connection, (await ids(connection))[LAST], CheckinStatus.DECEASED)
        if begun:
            (one,) = (await connection.execute(select(batch.c.id))).scalars()
            await batches.begin(connection, one, NOW)
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert set(room.provider.taken) == set(chats[:LAST])
    assert await errors(room) == {"spared": "unknown" if begun else "skipped"}  # a copy may have left before
    async with room.database.read() as connection:
        due = await connection.execute(select(delivery.c.next_at).where(delivery.c.error == "spared"))
        assert begun or due.scalar_one() is None, "no other channel is tried"


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
async def test_only_what_silences_does(database: Database, redis: Redis, vault: Vault) -> None:
    room = await open_post_room(await open_office(database), redis, vault)
    await room.write(len(CheckinStatus))
    async with room.database.durable() as connection:
        for who, status in zip(await ids(connection), CheckinStatus, strict=True):
            await found(connection, who, status)
        known = await recipients(
            connection, list((await connection.execute(select(delivery.c.id))).scalars())
        )
    refused = {status for one, status in zip(known.values(), CheckinStatus, strict=True) if one.spared}
    assert refused == {"HOSPITALISED", "DETAINED", "DECEASED", "CLOSED"}
    assert {one.refusal(drill=False) for one in known.values()} == {"", "spared"}


async def test_who_stops_while_a_batch_waits_at_its_provider_gets_nothing(
    room: PostRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recheck, "FRESH_S", 0.0)
    chats = await room.write(BATCH)
    let_in: str | None = None
    worker = room.worker("one", access=lambda: let_in)

    async def has_begun() -> bool:
        async with room.database.read() as connection:
            return bool((await connection.execute(select(batch.c.begun_at))).scalar_one())

    async with room.at_work(worker):
        await room.dispatch.step()
        await until(has_begun, what="the batch is in a worker's hands")
        async with room.database.durable() as connection:
            everybody = await ids(connection)
            await people.stop(connection, everybody[0], NOW)
            await found(connection, everybody[1], CheckinStatus.DETAINED)
            await erase(connection, room.vault, everybody[2], ErasedList(tmp_path / "erased"), NOW)
            away = update(address).where(address.c.person_id == everybody[3])
            await connection.execute(away.values(state="gone"))
            elsewhere = update(delivery).where(delivery.c.person_id == everybody[4])
            await connection.execute(elsewhere.values(state="failed", error="account_removed"))
        let_in = ""
        await room.all_sent()
    assert set(room.provider.taken) == set(chats[5:])
    assert await errors(room) == {
        "stopped": "skipped",
        "spared": "skipped",
        "erased": "skipped",
        "gone": "gone",
        "account_removed": "failed",
    }


async def test_what_was_read_just_now_is_not_read_again(room: PostRoom) -> None:
    await room.write(1)
    clock = HandClock()
    look = recheck.Recheck(room.database, clock)
    async with room.database.durable() as connection:
        ((number, who),) = await connection.execute(select(delivery.c.id, delivery.c.person_id))
        await people.stop(connection, who, NOW)
    item = Item(0, number, 1, who, "en", telegram("1"))
    standing = await Standings(room.database, clock).of(room.revision)
    for seconds, refused in ((recheck.FRESH_S, []), (1.0, [item]), (recheck.FRESH_S, [])):
        clock.at += timedelta(seconds=seconds)
        assert [told.item for told in await look.refused([item], standing)] == refused
