"""The wall clock is set forward or back by hours in the middle of a warning. Nothing that was promised hangs
on it: leases of senders run on the monotonic clock, and who died holding a lease that now ends in hours is
not waited for."""

from datetime import timedelta

import pytest

from alerts import plans
from bot.inbox import LANE_PARTITIONS
from bot.leases import LaneLeases, SoloLease
from bot.messages import Address, Channel, Outbound
from bot.outbox import claim_next, due_lanes, enqueue
from storage.clock import SystemClock
from storage.database import Database
from storage.vault import Vault
from tests.faults.conftest import Opener
from tests.journeys.five_channels import Tomorrow

LANE = b"l" * 16


@pytest.mark.usefixtures("haste")
@pytest.mark.parametrize("hours", [3, -3], ids=["forward", "back"])
async def test_in_the_middle(front: Opener, sqlite_url: str, hours: int) -> None:
    clock = Tomorrow()
    async with front(sqlite_url, 80) as field, field.at_work(clock):
        alert = await field.warn()
        await field.begun(15)
        clock.ahead = timedelta(hours=hours)
        await field.over(alert)
        assert await field.verdict(alert) == 0
        second = await field.warn(2)
        await field.over(second)
        assert await field.verdict(second, 2) == 0


@pytest.mark.usefixtures("haste")
async def test_a_lease_that_ends_in_hours_is_not_waited_for(
    front: Opener, either_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = Tomorrow(timedelta(hours=3))
    async with front(either_url, 60) as field, field.working():
        monkeypatch.setattr(plans, "release", _never)
        async with field.planning(ahead):
            alert = await field.warn()
            await field.begun(10)
        # It is gone, with a lease of a revision and one of the epoch that end hours from now.
        await field.register(10)
        async with field.planning():
            await field.over(alert)
            await field.sent_to(70)
            await field.over(alert)
            assert await field.verdict(alert) == 0


async def _never(*_args: object) -> None:
    """Whoever is killed gives nothing back."""


async def test_lanes_and_jobs_of_the_dead_are_not_waited_for(database: Database) -> None:
    ahead, now = Tomorrow(timedelta(hours=3)), Tomorrow()
    dead, living = LaneLeases(database, ahead, "dead"), LaneLeases(database, now, "living")
    await dead.renew()
    await living.renew()
    await living.renew()
    assert len(living.held()) == LANE_PARTITIONS
    assert await SoloLease(database, ahead, "dead", "a job").hold()
    assert await SoloLease(database, now, "living", "a job").hold()


async def test_a_lease_of_the_living_is_respected(database: Database) -> None:
    clock = Tomorrow()
    one, two = LaneLeases(database, clock, "one"), LaneLeases(database, clock, "two")
    await one.renew()
    await two.renew()
    assert not two.held()
    assert await SoloLease(database, clock, "one", "a job").hold()
    assert not await SoloLease(database, clock, "two", "a job").hold()


async def test_a_reply_that_the_dead_had_claimed_is_sent(database: Database, vault: Vault) -> None:
    now = SystemClock().now()
    message = {
        "key": "k",
        "lane": LANE,
        "address": Address(Channel.TELEGRAM, "main", "1"),
        "outbound": Outbound(text="hello", language="en"),
        "drill": False,
    }
    async with database.durable() as connection:
        await enqueue(connection, vault, **message, now=now)
        assert await claim_next(connection, LANE, now + timedelta(hours=3)) is not None
    async with database.durable() as connection:
        senders = [("telegram", "main")]
        assert await due_lanes(connection, senders, now, 10) == [LANE]
        assert await claim_next(connection, LANE, now) is not None
        assert await due_lanes(connection, senders, now, 10) == []
        assert await claim_next(connection, LANE, now) is None
