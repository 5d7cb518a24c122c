"""Processes that stand still (SIGSTOP), are thought dead, and wake up (SIGCONT). What they held is in other
hands by then; they must notice before they send or write anything."""

import asyncio
import signal
import time

from sqlalchemy import select

from alerts.tables import revision
from tests.faults.conftest import Opener
from tests.faults.front import Death, until_ready
from tests.faults.nursery import Nursery
from tests.faults.test_planner_killed import planned
from tests.postgres import fresh_database
from tests.service import until


async def test_a_worker_frozen_past_its_lease_repeats_what_was_in_flight_at_most(
    front: Opener, nursery: Nursery, either_url: str
) -> None:
    async with front(either_url, 80, nursery=nursery) as field, field.planning():
        sleeper = field.spawn("worker")
        await until_ready(sleeper)
        alert = await field.warn()
        await field.begun(12)
        sleeper.signal(signal.SIGSTOP)
        now = time.monotonic()
        # Answered a moment ago counts as in flight: it may not have been marked.
        lately = sum(copy.mono > now - 0.25 for copy in field.copies())
        frozen = Death(now, max(1, field.flying() + lately))
        other = field.spawn("worker")

        async def others_are_at_it() -> bool:
            return any(copy.mono > frozen.at + 1.0 for copy in field.copies())

        await until(others_are_at_it, 30, "another worker has what the frozen one held")
        woken = time.monotonic()
        sleeper.signal(signal.SIGCONT)
        await field.over(alert)
        await asyncio.sleep(1.0)  # time in which the one that woke could do harm
        await field.verdict(alert, deaths=[frozen])
        assert other.alive
        assert sleeper.alive
        late = [copy for chat in field.twice().values() for copy in chat[1:]]
        assert all(copy.mono < woken or copy.mono > frozen.at + 1.0 for copy in late)


async def test_a_planner_frozen_past_its_lease_writes_nothing_when_it_wakes(
    front: Opener, nursery: Nursery, postgres_server: str
) -> None:
    # On SQLite one that stands still in the middle of a transaction holds the only lock there is.
    async with (
        front(await fresh_database(postgres_server), 80, nursery=nursery) as field,
        field.working() as core,
    ):
        sleeper = field.spawn("planner", "the first chunk committed, not offered", freeze=True)
        alert = await field.warn()

        async def stands() -> bool:
            return sleeper.stands

        await until(stands, 30, "the first chunk is written")
        rows, _ = await planned(field)
        assert 0 < rows < 80
        async with core.database.read() as connection:
            before = (await connection.execute(select(revision.c.plan_fence))).scalar_one()
        field.spawn("planner")
        await field.over(alert)
        sleeper.signal(signal.SIGCONT)
        await asyncio.sleep(1.0)  # time in which the one that woke could do harm
        async with core.database.read() as connection:
            after = (await connection.execute(select(revision.c.plan_fence))).scalar_one()
        assert after > before, "another planner took it over"
        assert await planned(field) == (80, 80)
        assert await field.verdict(alert) == 0
        assert sleeper.alive
