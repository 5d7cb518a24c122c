"""Check-ins: who may say what, what stays, and in which order news may come."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from alerts.checkin_status import CheckinSource, CheckinStatus
from alerts.checkins import event_by_code, latest, record, silenced
from alerts.errors import AlertRefusedError
from alerts.events import open_event
from alerts.tables import checkin_history
from staff.notices import open_notices
from storage.database import Database
from tests.alerts.office import NOW

SAFE, HELP = CheckinStatus.SAFE, CheckinStatus.NEED_HELP
SELF, OFFICER = CheckinSource.SELF, CheckinSource.OFFICER


@pytest.fixture
async def event_id(database: Database) -> int:
    async with database.durable() as connection:
        return (await open_event(connection, title="Quake", drill=False, now=NOW)).id


async def history(database: Database) -> list[str]:
    async with database.read() as connection:
        rows = await connection.execute(select(checkin_history.c.status).order_by(checkin_history.c.id))
        return list(rows.scalars())


async def test_answers_replace_each_other_and_are_all_kept(database: Database, event_id: int) -> None:
    async def say(status: CheckinStatus, minute: int) -> bool:
        async with database.durable() as connection:
            at = NOW + timedelta(minutes=minute)
            return await record(
                connection, event_id=event_id, person_id=7, status=status, source="self", at=at
            )

    assert await say(SAFE, 1)
    assert not await say(SAFE, 2)  # pressed twice
    assert await say(HELP, 3)
    assert not await say(SAFE, 0)  # older, came late
    async with database.read() as connection:
        known = await latest(connection, event_id, 7)
        assert known is not None
        assert (known.status, known.source, known.at) == (HELP, SELF, NOW + timedelta(minutes=3))
        assert await latest(connection, event_id, 8) is None
    assert await history(database) == ["SAFE", "NEED_HELP", "SAFE"]


async def test_outcomes_are_for_officers(database: Database, event_id: int) -> None:
    async with database.durable() as connection:
        with pytest.raises(AlertRefusedError) as refused:
            await record(
                connection, event_id=event_id, person_id=7, status=CheckinStatus.LOCATED, source=SELF, at=NOW
            )
        assert refused.value.codes == {"officer_only"}
        with pytest.raises(AlertRefusedError) as refused:
            await record(connection, event_id=event_id, person_id=7, status=SAFE, source=OFFICER, at=NOW)
        assert refused.value.codes == {"no_officer"}
        assert await latest(connection, event_id, 7) is None


async def test_an_answer_does_not_undo_a_silencing_outcome_but_is_noticed(
    database: Database, event_id: int
) -> None:
    async def officer_says(status: CheckinStatus, person_id: int) -> None:
        await record(
            connection, event_id=event_id, person_id=person_id, status=status, source=OFFICER, at=NOW,
            officer_id=3,
        )  # fmt: skip

    async with database.durable() as connection:
        await officer_says(CheckinStatus.DECEASED, 7)
        await officer_says(CheckinStatus.LOCATED, 8)
        later = NOW + timedelta(hours=1)
        for person_id, changed in ((7, False), (8, True)):
            assert changed is await record(
                connection, event_id=event_id, person_id=person_id, status=SAFE, source=SELF, at=later
            )
        assert await silenced(connection, [7, 8, 9]) == {7}
        notices = await open_notices(connection)
        assert [(one.kind, one.subject, one.urgent) for one in notices] == [
            ("checkin.contradicts", f"event:{event_id}", True)
        ]
        assert "7" not in notices[0].text
        later += timedelta(hours=1)
        await record(
            connection, event_id=event_id, person_id=7, status=SAFE, source=OFFICER, at=later, officer_id=3
        )
        assert await silenced(connection, [7, 8, 9]) == set()
    assert await history(database) == ["DECEASED", "LOCATED", "SAFE", "SAFE", "SAFE"]


async def test_answers_at_the_same_moment_leave_one_row(database: Database, event_id: int) -> None:
    async def say(status: CheckinStatus) -> bool:
        async with database.durable() as connection:
            return await record(
                connection, event_id=event_id, person_id=7, status=status, source=SELF, at=NOW
            )

    changed = await asyncio.gather(*(say(status) for status in [SAFE, HELP] * 4))
    assert any(changed)
    async with database.read() as connection:
        known = await latest(connection, event_id, 7)
    kept = await history(database)
    assert known is not None
    assert kept[-1] == known.status


async def test_the_code_of_a_button_finds_its_event(database: Database, event_id: int) -> None:
    async with database.read() as connection:
        rows = [await event_by_code(connection, "AAAAAA")]
        assert rows == [None]
        found = (await connection.exec_driver_sql("SELECT code FROM event")).scalar_one()
        for typed in (found, found.lower(), f" {found} "):
            event = await event_by_code(connection, typed)
            assert event is not None
            assert event.id == event_id
