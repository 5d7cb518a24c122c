"""Several planners at once: nobody waits behind a revision that another one holds, and a release moves people
at one pace, not at one for each planner.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import pace, plans
from alerts.rungs import PACE_PEOPLE, Rungs
from alerts.tables import delivery
from storage.database import Database
from storage.vault import Vault
from tests.alerts.ladder import DEADLINE, FIRST, Ladder, open_ladder
from tests.alerts.office import NOW
from tests.alerts.post_room import revision_of

ALL_DUE = DEADLINE.total_seconds()


@pytest.fixture
async def ladder(database: Database, vault: Vault) -> Ladder:
    return await open_ladder(database, vault)


def another(ladder: Ladder) -> Rungs:
    """A second planner's part that moves people."""
    return replace(ladder.rungs, owner="second", _judged={})


async def test_a_revision_that_another_planner_holds_holds_up_no_others(
    ladder: Ladder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.rungs.PAGE", 10)
    held = await ladder.send(15, "failed", known=True)
    first, ladder.revision = ladder.revision, await revision_of(ladder.office, event_title="Another")
    free = await ladder.send(3, "failed", known=True)
    ladder.clock.at += timedelta(seconds=ALL_DUE + 60)
    async with ladder.database.durable() as connection:
        assert await plans.claim(connection, first, "second", ladder.clock.at)
    assert await ladder.after(0.5) == 3
    assert await ladder.moved() == free
    assert await ladder.after(0.5) == 0
    assert await ladder.after(plans.LEASE.total_seconds()) == 10, "its planner is gone: somebody else goes on"
    assert await ladder.after(0.5) == 5
    assert set(await ladder.moved()) == {*held, *free}


async def test_two_planners_move_released_people_at_one_pace(ladder: Ladder) -> None:
    silent = await ladder.send(140, known=True)
    assert await ladder.after(ALL_DUE + 200) == 0
    assert await ladder.release()
    both, began, moved = (ladder.rungs, another(ladder)), ladder.clock.at, 0
    burst = int(PACE_PEOPLE * pace.LONGEST_STEP.total_seconds())
    turn = 0
    while moved < len(silent):
        ladder.rungs = both[turn % 2]
        moved += await ladder.after(0.5)
        turn += 1
        seconds = (ladder.clock.at - began).total_seconds()
        assert moved <= burst + PACE_PEOPLE * seconds
        assert turn < 60
    assert seconds >= (len(silent) - burst) / PACE_PEOPLE
    assert sorted(await ladder.moved()) == sorted(silent)


async def test_what_another_planner_moved_meanwhile_is_left_alone(ladder: Ladder) -> None:
    silent = await ladder.send(80, known=True)
    assert await ladder.after(ALL_DUE + 200) == 0
    assert await ladder.release()
    faster, slower = ladder.rungs, another(ladder)
    moved = []

    async def overtaken(_connection: AsyncConnection, _now: datetime) -> float:
        slower.inbox_lag = ladder._lag
        moved.append(await faster.step())
        return 0.0

    ladder.clock.at += timedelta(seconds=20)
    slower.inbox_lag = overtaken
    assert await slower.step() == 0, "the pace is used up"
    assert moved == [40]
    async with ladder.database.read() as connection:
        again = select(func.count()).where(
            delivery.c.person_id.in_(await ladder.moved()),
            delivery.c.rung == 0,
            delivery.c.next_at.is_not(None),
        )
        assert (await connection.execute(again)).scalar_one() == 0, "whoever was moved is settled"
        due = select(func.count()).where(delivery.c.rung == 0, delivery.c.next_at.is_not(None))
        assert (await connection.execute(due)).scalar_one() == len(silent) - 40


async def test_the_pace_of_an_account_is_its_own_and_outlives_its_planner(ladder: Ladder) -> None:
    async def take(at: float, account: tuple[str, str] = FIRST, rate: float = 3.0) -> int:
        async with ladder.database.bulk() as connection:
            return await pace.take(connection, ladder.revision, account, rate, NOW + timedelta(seconds=at))

    assert await take(0) == 6, "the first step may make up for two seconds"
    assert await take(0) == 0
    assert await take(-5) == 0, "a clock that is behind gives nothing"
    assert await take(0, ("sms", "main")) == 6
    assert [await take(at / 2) for at in range(1, 7)] == [1, 2, 1, 2, 1, 2], "no part of a person is lost"
    assert await take(60) == 6, "whoever comes late does not make up for all of it"


async def test_a_lease_that_ran_out_hides_nobody(ladder: Ladder) -> None:
    await ladder.send(2, "failed", known=True)
    async with ladder.database.durable() as connection:
        assert await plans.claim(connection, ladder.revision, "second", NOW)
    async with ladder.database.durable() as connection:
        await connection.execute(update(delivery).values(next_at=NOW))
    assert await ladder.after(plans.LEASE.total_seconds()) == 0
    assert await ladder.after(0.001) == 2


async def test_a_lease_from_before_the_clock_was_set_back_hides_nobody(ladder: Ladder) -> None:
    await ladder.send(2, "failed", known=True)
    ahead = ladder.clock.at + timedelta(hours=3)
    async with ladder.database.durable() as connection:
        assert await plans.claim(connection, ladder.revision, "second", ahead)
    assert await ladder.after(ALL_DUE + 60) == 2, "whoever took it may be dead, and nobody waits for hours"
