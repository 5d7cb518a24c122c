"""Who moves to their next channel, who is held, and what an officer's release does."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import checkins, holds
from alerts.checkin_status import CheckinSource, CheckinStatus
from alerts.silence import Doubt, Silence
from alerts.tables import alert, delivery
from registry import people
from staff import audit, notices
from storage.database import Database
from storage.vault import Vault
from tests.alerts.ladder import DEADLINE, Ladder, open_ladder
from tests.alerts.office import NOW, deliver
from tests.alerts.post_room import revision_of

ALL_DUE = DEADLINE.total_seconds()


@pytest.fixture
async def ladder(sqlite: Database, vault: Vault) -> Ladder:
    return await open_ladder(sqlite, vault)


async def test_the_silent_few_are_tried_on_their_next_channel_once(database: Database, vault: Vault) -> None:
    ladder = await open_ladder(database, vault)
    await ladder.send(30, "delivered")
    silent = await ladder.send(10, known=True)
    assert await ladder.after(ALL_DUE - 1) == 0
    assert await ladder.after(60) == 10
    assert await ladder.after(60) == 0
    assert await ladder.moved() == silent
    async with database.read() as connection:
        rows = (await connection.execute(select(delivery).where(delivery.c.rung == 1))).all()
    assert {(row.channel, row.state) for row in rows} == {("sms", "queued")}
    assert await ladder.notices() == []


async def test_a_storm_of_silence_is_held_and_the_operators_are_paged(
    database: Database, vault: Vault
) -> None:
    ladder = await open_ladder(database, vault)
    await ladder.send(60, "delivered")
    await ladder.send(60)
    await ladder.send(60, "delivered")
    assert await ladder.after(ALL_DUE + 60) == 0
    (notice,) = await ladder.notices()
    assert notice.urgent
    assert notice.kind == "rungs.held"
    assert "60 people silent on whatsapp" in notice.text
    assert "far more people than usual" in notice.text
    for _ in range(5):
        assert await ladder.after(30) == 0
    assert await ladder.moved() == []
    assert len(await ladder.notices()) == 1


async def test_not_even_the_first_ones_move_while_receipts_have_stopped(ladder: Ladder) -> None:
    await ladder.send(300)
    assert await ladder.after(ALL_DUE) == 0  # one person is due; most of the others had half their time
    assert await ladder.moved() == []
    assert "no receipt came in" in (await ladder.notices())[0].text


async def test_that_the_last_ones_are_silent_without_exception_is_enough(ladder: Ladder) -> None:
    await ladder.send(300, "delivered")
    await ladder.send(55)  # 15 %: no storm by its share
    assert await ladder.after(ALL_DUE + 400) == 0
    assert "no receipt came in" in (await ladder.notices())[0].text


async def test_phones_that_are_off_here_and_there_are_no_storm(ladder: Ladder) -> None:
    for _ in range(11):
        await ladder.send(5, known=True)
        await ladder.send(30, "delivered")
    assert await ladder.after(ALL_DUE + 400) == 55
    assert await ladder.holds() == []


async def test_who_failed_moves_whatever_is_held(ladder: Ladder) -> None:
    await ladder.send(200)
    failed = await ladder.send(5, "failed", known=True)
    assert await ladder.after(ALL_DUE + 400) == 5
    assert await ladder.moved() == failed
    assert len(await ladder.holds()) == 1


async def test_held_people_hold_up_no_others(ladder: Ladder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.rungs.PAGE", 100)
    await ladder.send(250)
    await ladder.send(5, "failed", known=True)
    moved = [await ladder.after(ALL_DUE + 400 if not step else 1) for step in range(4)]
    assert sum(moved) == 5


async def test_an_inbox_that_is_behind_holds_silence_only(ladder: Ladder) -> None:
    await ladder.send(5, known=True)
    failed = await ladder.send(5, "failed", known=True)
    ladder.lag = 31.0
    assert await ladder.after(ALL_DUE + 60) == 5
    assert await ladder.moved() == failed
    assert "wait more than 30 s" in (await ladder.notices())[0].text
    ladder.lag = 0.0
    assert await ladder.after(20) == 5
    assert await ladder.notices() == []


async def test_the_hold_passes_by_itself_when_receipts_come_in(ladder: Ladder) -> None:
    silent = await ladder.send(200)
    assert await ladder.after(ALL_DUE + 200) == 0
    assert len(await ladder.holds()) == 1
    await ladder.confirm(silent)
    await ladder.after(10)
    assert await ladder.holds() == []
    assert await ladder.notices() == []
    assert await ladder.moved() == []


async def test_released_people_move_at_a_measured_pace_and_each_once(
    database: Database, vault: Vault
) -> None:
    ladder = await open_ladder(database, vault)
    silent = await ladder.send(80, known=True)
    assert await ladder.after(ALL_DUE + 200) == 0
    assert await ladder.release()
    assert not await ladder.release(), "twice is nothing"
    steps = []
    while len(await ladder.moved()) < len(silent):
        steps.append(await ladder.after(1.0))
        assert len(steps) < 60
    assert 0 < max(steps) <= 40, "nobody makes a storm of it"
    assert sum(steps) == len(silent)
    assert sorted(await ladder.moved()) == sorted(silent)
    assert await ladder.after(60) == 0
    async with database.read() as connection:
        (entry,) = [one for one in await audit.newest(connection, limit=9) if one.action == "rungs.release"]
        each = select(func.count()).select_from(delivery).group_by(delivery.c.person_id, delivery.c.rung)
        assert set((await connection.execute(each)).scalars()) == {1}
    assert entry.actor == "officer:1"
    assert entry.detail == {"channel": "whatsapp", "account": "main", "people": 0}


async def test_closing_the_notice_releases_nobody(ladder: Ladder) -> None:
    await ladder.send(200)
    await ladder.after(ALL_DUE + 200)
    async with ladder.database.durable() as connection:
        (notice,) = await notices.open_notices(connection)
        await notices.close(connection, notice.id, at=ladder.clock.at)
    for _ in range(4):
        assert await ladder.after(20) == 0
    assert len(await ladder.holds()) == 1


async def test_who_must_get_no_automatic_message_is_not_moved(ladder: Ladder) -> None:
    who, other, gone = await ladder.send(3, known=True)
    async with ladder.database.durable() as connection:
        event = await connection.scalar(select(alert.c.event_id))
        await checkins.record(
            connection, event_id=event, person_id=who, status=CheckinStatus.HOSPITALISED,
            source=CheckinSource.OFFICER, at=NOW, officer_id=1,
        )  # fmt: skip
        await people.stop(connection, gone, NOW)
    assert await ladder.after(ALL_DUE + 60) == 1
    assert await ladder.moved() == [other]


async def test_silence_of_a_channel_without_receipts_is_never_held(ladder: Ladder) -> None:
    ladder.rungs.confirming = frozenset()
    silent = await ladder.send(80, known=True)
    assert await ladder.after(ALL_DUE + 100) == 80
    assert sorted(await ladder.moved()) == sorted(silent)


async def test_an_account_on_which_most_fails_is_told_and_goes_behind(ladder: Ladder) -> None:
    await ladder.send(60, "failed")
    assert await ladder.after(ALL_DUE + 100) == 0  # they have no other channel here
    (notice,) = await ladder.notices()
    assert (notice.kind, notice.subject, notice.urgent) == ("account.failing", "whatsapp:main", True)
    async with ladder.database.durable() as connection:
        await connection.execute(update(delivery).where(delivery.c.rung == 0).values(state="delivered"))
    await ladder.send(1)
    await ladder.after(ALL_DUE)
    assert await ladder.notices() == []


async def test_a_few_failures_among_many_that_were_just_taken_are_no_failing_account(ladder: Ladder) -> None:
    await ladder.send(60, "failed")
    await ladder.send(300)
    async with ladder.database.durable() as connection:
        failed = update(delivery).where(delivery.c.state == "failed")
        await connection.execute(failed.values(next_at=NOW))
    assert await ladder.after(ALL_DUE / 2) == 0  # nobody else had half of their time to be confirmed yet
    assert await ladder.notices() == []


async def test_a_failing_account_is_forgotten_with_its_warning_whoever_looks(ladder: Ladder) -> None:
    await ladder.send(60, "failed")
    await ladder.after(ALL_DUE + 100)
    assert [notice.kind for notice in await ladder.notices()] == ["account.failing"]
    ladder.rungs = replace(ladder.rungs, owner="after a restart", _judged={})
    await ladder.after(10)
    assert len(await ladder.notices()) == 1, "its warning is still going on"
    async with ladder.database.durable() as connection:
        await connection.execute(update(alert).values(state="cancelled"))
    await ladder.after(10)
    assert await ladder.notices() == []


async def test_another_warning_does_not_say_that_a_failing_account_works(ladder: Ladder) -> None:
    await ladder.send(60, "failed")
    first, ladder.revision = ladder.revision, await revision_of(ladder.office, event_title="Another")
    assert first != ladder.revision
    await ladder.send(1, known=True)
    await ladder.after(ALL_DUE + 100)
    assert [notice.subject for notice in await ladder.notices()] == ["whatsapp:main"]


async def test_a_second_storm_is_held_again_after_the_first_was_released(ladder: Ladder) -> None:
    silent = await ladder.send(200)
    assert await ladder.after(ALL_DUE + 200) == 0
    assert await ladder.release()
    assert [hold.released for hold in await ladder.holds()] == [True]
    await ladder.confirm(silent)
    await ladder.after(10)
    assert await ladder.holds() == []
    await ladder.send(200, known=True)
    assert await ladder.after(ALL_DUE) == 0
    assert [hold.released for hold in await ladder.holds()] == [False]


async def test_a_release_is_of_exactly_one_account(ladder: Ladder) -> None:
    async with ladder.database.durable() as connection:
        await holds.hold(connection, ladder.revision, ("whatsapp", "main2"), Doubt.STORM, 60, NOW)
    assert not await ladder.release()
    assert [hold.released for hold in await ladder.holds()] == [False]


async def test_who_joins_another_registration_meanwhile_stops_nobody_and_is_moved_with_it(
    ladder: Ladder,
) -> None:
    gone, other = await ladder.send(2, known=True)
    (survivor,) = await ladder.send(1, "delivered", known=True)

    async def joining(_connection: AsyncConnection, _now: datetime) -> float:
        async with ladder.database.durable() as connection:
            moved = update(delivery).where(delivery.c.person_id == gone)
            await connection.execute(moved.values(person_id=survivor, rung=1))
        return 0.0

    ladder.rungs.inbox_lag = joining
    assert await ladder.after(ALL_DUE + 60) == 1
    assert set(await ladder.moved()) == {survivor, other}  # the first one's row is the survivor's by now
    async with ladder.database.read() as connection:
        due = select(delivery.c.next_at).where(delivery.c.person_id == survivor, delivery.c.rung == 1)
        assert (await connection.execute(due)).scalar_one() is not None, (
            "looked at again, under their new name"
        )


async def test_a_later_rung_that_came_to_nothing_stops_no_other(ladder: Ladder) -> None:
    (person,) = await ladder.send(1, known=True)
    async with ladder.database.durable() as connection:
        # As two registrations that became one leave it: what the other one got is a later rung.
        await deliver(
            connection, ladder.revision, [(person, "failed")], rung=1, address_id=5, channel="viber"
        )
    assert await ladder.after(ALL_DUE + 60) == 1
    async with ladder.database.read() as connection:
        rows = (await connection.execute(select(delivery).where(delivery.c.rung == 2))).all()
    assert [(row.person_id, row.channel) for row in rows] == [(person, "sms")]
    assert await ladder.after(60) == 0


@pytest.mark.parametrize(
    ("found", "late", "doubt"),
    [
        (Silence(sent=1_000, silent=200), False, None),
        (Silence(sent=1_000, silent=201), False, Doubt.STORM),
        (Silence(sent=49, silent=49, since_last=49), False, None),
        (Silence(sent=1_000, silent=50, since_last=50), False, Doubt.RECEIPTS),
        (Silence(sent=1_000, silent=1), True, Doubt.INBOX_LAG),
        (Silence(), True, None),
    ],
)
def test_when_silence_is_doubted(found: Silence, late: bool, doubt: Doubt | None) -> None:
    assert found.doubt(late=late) is doubt


async def test_a_warning_to_few_is_never_held_alone(ladder: Ladder) -> None:
    silent = await ladder.send(49, known=True)
    assert await ladder.after(ALL_DUE + 60) == 49
    assert sorted(await ladder.moved()) == sorted(silent)


async def test_several_warnings_to_few_are_a_storm_together(ladder: Ladder) -> None:
    first = ladder.revision
    await ladder.send(30)
    ladder.revision = await revision_of(ladder.office, event_title="Another")
    await ladder.send(30)
    assert await ladder.after(ALL_DUE + 60) == 0
    holds_now = await ladder.holds()
    assert {hold.revision_id for hold in holds_now} == {first, ladder.revision}
    assert all("far more people than usual" in hold.text for hold in holds_now)
    await ladder.confirm(ladder.people[:30])
    await ladder.after(10)
    assert await ladder.holds() == [], "thirty alone are believed"


async def test_news_of_one_warning_speaks_for_a_small_one_on_the_same_account(ladder: Ladder) -> None:
    await ladder.send(300, "delivered")
    ladder.revision = await revision_of(ladder.office, event_title="Another")
    await ladder.send(5, "failed", known=True)
    silent = await ladder.send(45, known=True)
    assert await ladder.after(ALL_DUE + 400) == 50
    assert set(silent) <= set(await ladder.moved())
