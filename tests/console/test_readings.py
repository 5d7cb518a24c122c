"""The figures of an event are counted once for everybody who looks, from real rows."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from alerts.tables import delivery
from console.readings import REST, Readings
from storage.database import Database, open_database
from storage.errors import StorageUnavailableError
from tests.alerts.office import NOW, deliver, open_office
from tests.alerts.post_room import revision_of
from tests.service import until

EVENT = 1


@dataclass
class SlowClock:
    """Each look at it takes `step` seconds, so that whatever is measured takes as long."""

    step: float = 0.0
    passed: float = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        self.passed += self.step
        return self.passed


async def three_people(database: Database) -> None:
    revision = await revision_of(await open_office(database))
    async with database.durable() as connection:
        await deliver(connection, revision, [(1, "accepted"), (2, "accepted"), (3, "queued")])


async def all_arrive(database: Database) -> None:
    async with database.durable() as connection:
        await connection.execute(update(delivery).values(state="delivered"))


async def test_however_many_look_it_is_counted_once(database: Database) -> None:
    await three_people(database)
    readings = Readings(database, SlowClock())
    found = await asyncio.gather(*(readings.of(EVENT) for _ in range(20)))
    assert len({id(one) for one in found}) == 1
    assert (found[0].board.accepted, found[0].board.waiting) == (2, 1)


async def test_what_is_counted_quickly_is_always_fresh(database: Database) -> None:
    await three_people(database)
    clock = SlowClock(step=0.1)
    readings = Readings(database, clock)
    first = await readings.of(EVENT)
    assert await readings.of(EVENT) is first, "for a moment it is good enough"
    await all_arrive(database)
    clock.passed += 0.1 * REST
    assert (await readings.of(EVENT)).board.reached == 3


async def test_what_takes_long_is_shown_as_it_was_while_it_is_counted_anew(database: Database) -> None:
    await three_people(database)
    clock = SlowClock(step=6.0)
    readings = Readings(database, clock)
    first = await readings.of(EVENT)
    await all_arrive(database)
    clock.passed += 6.0 * REST
    assert await readings.of(EVENT) is first
    clock.step = 0.0

    async def counted() -> bool:
        return (await readings.of(EVENT)).board.reached == 3

    await until(counted, 20, "the new count is shown")
    again = await readings.of(EVENT)
    assert again.at > first.at


async def test_a_database_that_is_away_is_said_to_be() -> None:
    readings = Readings(open_database("postgresql://nobody@127.0.0.1:1/none"), SlowClock())
    for _ in range(2):
        with pytest.raises(StorageUnavailableError):
            await readings.of(EVENT)
    await readings.close()
