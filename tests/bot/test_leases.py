"""Lanes are shared by living processes, and a fence rises whenever one changes hands."""

import asyncio

from bot.inbox import LANE_PARTITIONS
from bot.leases import LaneLeases, SoloLease, fence_stands
from storage.database import Database
from tests.bot.wiring import MovableClock


async def test_one_process_holds_everything(database: Database) -> None:
    leases = LaneLeases(database, MovableClock(), "one")
    assert leases.held() == {}
    await leases.renew()
    assert leases.held().keys() == set(range(LANE_PARTITIONS))


async def test_a_newcomer_gets_its_share_and_nothing_is_held_twice(database: Database) -> None:
    clock = MovableClock()
    trio = [LaneLeases(database, clock, name) for name in ("one", "two", "three")]
    for _round in range(3):
        for leases in trio:
            await leases.renew()
    sizes = [len(leases.held()) for leases in trio]
    assert sum(sizes) == LANE_PARTITIONS
    assert min(sizes) >= 20
    assert set().union(*(leases.held() for leases in trio)) == set(range(LANE_PARTITIONS))


async def test_the_share_of_the_dead_is_taken_when_their_lease_ran_out(database: Database) -> None:
    clock = MovableClock()
    dead, heir = LaneLeases(database, clock, "dead"), LaneLeases(database, clock, "heir")
    await dead.renew()
    await heir.renew()
    assert not heir.held()
    fences = dead.held()
    clock.ahead = 10.5
    assert not dead.held()  # known without asking anybody
    await heir.renew()
    assert len(heir.held()) == LANE_PARTITIONS
    assert all(heir.held()[partition] == fence + 1 for partition, fence in fences.items())
    async with database.durable() as connection:
        assert not await fence_stands(connection, 7, fences[7])
        assert await fence_stands(connection, 7, fences[7] + 1)


async def test_who_ends_in_peace_leaves_at_once(database: Database) -> None:
    clock = MovableClock()
    old, new = LaneLeases(database, clock, "old"), LaneLeases(database, clock, "new")
    await old.renew()
    await old.release()
    assert not old.held()
    await new.renew()
    assert len(new.held()) == LANE_PARTITIONS


async def test_a_lease_that_nobody_took_keeps_its_fence(sqlite: Database) -> None:
    clock = MovableClock()
    leases = LaneLeases(sqlite, clock, "one")
    await leases.renew()
    before = leases.held()
    clock.ahead = 60
    await leases.renew()
    assert leases.held() == before


async def test_a_step_that_asked_commits_before_its_lane_changes_hands(database: Database) -> None:
    clock = MovableClock()
    old, new = LaneLeases(database, clock, "old"), LaneLeases(database, clock, "new")
    await old.renew()
    fence = old.held()[3]
    clock.ahead = 20
    async with database.durable() as connection:
        assert await fence_stands(connection, 3, fence)
        taking = asyncio.create_task(new.renew())
        finished, _waiting = await asyncio.wait([taking], timeout=0.3)
        assert not finished
    await asyncio.wait_for(taking, 5)
    assert new.held()[3] == fence + 1


async def test_a_single_job_has_a_single_holder(database: Database) -> None:
    clock = MovableClock()
    one, two = (SoloLease(database, clock, name, "poll:telegram:main") for name in ("one", "two"))
    other = SoloLease(database, clock, "two", "poll:telegram:second")
    assert await one.hold()
    assert not await two.hold()
    assert await other.hold()
    assert await one.hold()
    clock.ahead = 11
    assert await two.hold()
    assert not await one.hold()
    await one.release()  # not ours any more: changes nothing
    assert not await one.hold()
    await two.release()
    assert await one.hold()
