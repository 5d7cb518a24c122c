"""A bug of ours on one warning: the others are planned and moved, the operators are paged once, and it is
tried again less and less often."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any, cast

import pytest
from redis.asyncio import Redis
from sqlalchemy import select, update

from alerts import plans, strata
from alerts.dispatch import Dispatch
from alerts.epoch import EpochKeeper
from alerts.planner import Planner
from alerts.queue import Queue
from alerts.setbacks import FIRST_PAUSE_S, LONGEST_PAUSE_S, Setbacks
from alerts.tables import batch, revision
from staff import notices
from staff.notices import NoticeKind
from storage.database import Database
from storage.errors import StorageUnavailableError
from storage.keys import AccountKeys
from storage.vault import Vault
from tests.alerts.ladder import DEADLINE, Ladder, open_ladder
from tests.alerts.office import NOW, HandClock, Office, open_office
from tests.alerts.post_room import ACCOUNT, revision_of
from tests.alerts.test_moving_people import planner_in
from tests.alerts.test_planning_in_turns import to_the_end, written
from tests.registry.newcomers import join, telegram

PEOPLE = 12


class OurMistakeError(Exception):
    """What nobody thought of."""


class Breaking:
    """Writing deliveries breaks for one revision, from some call on, until it is mended."""

    def __init__(self, patch: pytest.MonkeyPatch, revision: int, after: int = 0) -> None:
        self.tries, self.mended = 0, False
        write = plans.write_deliveries

        async def broken(connection: Any, plan: plans.Plan, *args: Any, **more: Any) -> None:
            if plan.revision_id == revision and not self.mended:
                self.tries += 1
                if self.tries > after:
                    raise OurMistakeError
            await write(connection, plan, *args, **more)

        patch.setattr(plans, "write_deliveries", broken)


async def told(database: Database) -> list[tuple[str, str]]:
    async with database.read() as connection:
        found = await notices.open_notices(connection)
    assert all(one.urgent for one in found)
    return [(one.kind, one.subject) for one in found]


@pytest.fixture
async def office(sqlite: Database) -> Office:
    return await open_office(sqlite)


@pytest.fixture
async def planner(office: Office, redis: Redis, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> Planner:
    """A planner with a severe alert that concerns a dozen people, in chunks of three."""
    monkeypatch.setattr(strata, "FIRST_CHUNK", 3)
    monkeypatch.setattr(strata, "CHUNK", 3)
    made = await planner_in(office, redis)
    async with office.database.durable() as connection:
        for number in range(PEOPLE):
            await join(connection, vault, telegram(f"{number}"), now=NOW)
    return made


async def test_a_revision_that_breaks_the_planner_holds_up_no_other(
    planner: Planner, office: Office, sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = cast("HandClock", planner.clock)
    ((severe, _),) = await waiting(sqlite)
    extreme = await revision_of(office, event_title="Another", severity="Extreme")
    breaking = Breaking(monkeypatch, extreme)
    await to_the_end(planner)
    assert await written(sqlite) == {severe: PEOPLE}
    assert await told(sqlite) == [("plan.broken", f"revision:{extreme}")]
    assert breaking.tries == 1, "it is left alone for a moment"
    for expected in (2, 3):
        clock.at += plans.LEASE * 2
        await to_the_end(planner)
        assert breaking.tries == expected
    assert len(await told(sqlite)) == 1, "paged once"
    breaking.mended = True
    clock.at += plans.LEASE * 2
    await to_the_end(planner)
    assert await written(sqlite) == {severe: PEOPLE, extreme: PEOPLE}
    assert await told(sqlite) == []


async def test_who_was_written_before_it_broke_does_not_wait(
    planner: Planner, sqlite: Database, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Queue(redis, redis, AccountKeys(*ACCOUNT), "planner")
    await queue.prepare()
    keeper = EpochKeeper(sqlite, redis, planner.clock, "planner")
    planner.dispatch = Dispatch(sqlite, planner.clock, keeper, {ACCOUNT: queue})
    await planner.dispatch.step()
    ((severe, _),) = await waiting(sqlite)
    Breaking(monkeypatch, severe, after=2)
    await to_the_end(planner)
    async with sqlite.read() as connection:
        offered = (await connection.execute(select(batch.c.offered_at))).scalars().all()
    assert len(offered) == 2
    assert all(offered)


async def test_a_revision_that_breaks_the_moving_holds_up_no_other(
    sqlite: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.rungs.PAGE", 5)
    ladder: Ladder = await open_ladder(sqlite, vault)
    stuck = await ladder.send(6, "failed", known=True)
    broken, ladder.revision = ladder.revision, await revision_of(ladder.office, event_title="Another")
    free = await ladder.send(3, "failed", known=True)
    breaking = Breaking(monkeypatch, broken)
    assert await ladder.after(DEADLINE.total_seconds() + 60) == 0, "the page is full of those that break"
    assert await ladder.after(FIRST_PAUSE_S / 2) == 3
    assert await ladder.moved() == free
    assert ("rungs.broken", f"revision:{broken}") in await told(sqlite)
    breaking.mended = True
    assert await ladder.after(LONGEST_PAUSE_S) == 5
    assert await ladder.after(1) == 1
    assert set(await ladder.moved()) == {*free, *stuck}
    assert await told(sqlite) == []


async def test_the_pause_grows_and_begins_anew_once_it_went_well(sqlite: Database) -> None:
    clock = HandClock()
    setbacks: Setbacks[str] = Setbacks(sqlite, clock, NoticeKind.PLANNER_BROKEN, "part")
    tried: list[float] = []

    async def breaks() -> None:
        tried.append(clock.monotonic())
        raise OurMistakeError

    async def works() -> int:
        return 7

    async def seconds(count: int, work: Callable[[], Awaitable[object]]) -> list[float]:
        tried.clear()
        for _ in range(count):
            await setbacks.bear("one", work)
            clock.at += timedelta(seconds=1)
        return [after - before for before, after in pairwise(tried)]

    assert await seconds(200, breaks) == [1, 2, 4, 8, 16, 32, 60, 60]
    assert await setbacks.bear("another", works) == 7
    await seconds(60, works)
    assert await seconds(8, breaks) == [1, 2, 4]


async def test_sql_that_is_away_is_no_setback(sqlite: Database) -> None:
    setbacks: Setbacks[str] = Setbacks(sqlite, HandClock(), "planner.broken", "part")

    async def away() -> None:
        raise StorageUnavailableError("the database is away")

    with pytest.raises(StorageUnavailableError):
        await setbacks.bear("one", away)
    assert setbacks.resting() == frozenset()
    assert await told(sqlite) == []


async def waiting(database: Database) -> list[tuple[int, Any]]:
    async with database.read() as connection:
        return list(await plans.to_plan(connection, NOW))


async def test_what_two_officers_did_not_approve_is_not_planned_and_pages_the_operators(
    planner: Planner, office: Office, sqlite: Database
) -> None:
    ((severe, _),) = await waiting(sqlite)
    extreme = await revision_of(office, event_title="Another", severity="Extreme")
    async with sqlite.durable() as connection:
        await connection.execute(
            update(revision).where(revision.c.id == extreme).values(texts={"en": {"headline": "Send money"}})
        )
    await to_the_end(planner)
    assert await written(sqlite) == {severe: PEOPLE}
    assert await told(sqlite) == [("plan.refused", f"revision:{extreme}")]
