"""Reading on says the same as reading everything, whoever wrote it."""

import numpy as np
import pytest
from sqlalchemy import update

from alerts import planned, plans
from alerts.assignments import Assignment, Assignments
from alerts.batches import BatchSizes
from alerts.plans import Plan
from alerts.strata import Concerned
from alerts.tables import delivery
from storage.database import Database
from tests.alerts.office import NOW, open_office
from tests.alerts.post_room import ACCOUNT, revision_of


async def write(database: Database, plan: Plan, ids: range, rung: int = 0) -> None:
    chosen = Assignments.listed([Assignment(who, who, *ACCOUNT, "en", False, "area", None) for who in ids])
    async with database.bulk() as connection:
        await plans.write_deliveries(
            connection, plan, chosen, rung=rung, priority=1, sizes=BatchSizes({ACCOUNT: 10}), now=NOW
        )


async def test_reading_on_finds_what_anybody_wrote(database: Database) -> None:
    office = await open_office(database)
    mine, other = await revision_of(office), await revision_of(office, event_title="Another")
    async with database.read() as connection:
        nothing = await planned.read(connection, mine, None)
    assert nothing.is_empty
    await write(database, Plan(mine, 0), range(10, 20))
    await write(database, Plan(other, 0), range(500, 510))
    async with database.bulk() as connection:
        await plans.write_unreachable(connection, Plan(mine, 0), [(90, "no_address")], NOW)
    async with database.read() as connection:
        first = await planned.read(connection, mine, None)
        caught_up = await planned.read(connection, mine, nothing)
    assert first.person_id.tolist() == caught_up.person_id.tolist() == list(range(10, 20))
    assert first.listed == {90}
    await write(database, Plan(mine, 0), range(12, 25))
    await write(database, Plan(mine, 0), range(30, 35), rung=1)
    async with database.read() as connection:
        assert (await planned.read(connection, mine, first)).person_id.tolist() == list(range(10, 25))
        assert (await planned.read(connection, mine, None)).person_id.tolist() == list(range(10, 25))


async def test_reading_on_reads_no_row_again(database: Database) -> None:
    revision = await revision_of(await open_office(database))
    await write(database, Plan(revision, 0), range(10, 20))
    async with database.read() as connection:
        known = await planned.read(connection, revision, None)
    async with database.durable() as connection:  # of a row that was read nothing more is asked
        await connection.execute(update(delivery).values(rung=5))
    async with database.read() as connection:
        assert (await planned.read(connection, revision, known)).person_id.tolist() == list(range(10, 20))


@pytest.mark.parametrize("has", [[], [1], [2, 3, 9], [1, 2, 3]])
def test_missing_are_those_without_a_delivery(has: list[int]) -> None:
    known = planned.Planned(np.array(has, dtype=np.int64), frozenset(), 0)
    left = known.missing(Concerned.told([3, 1, 2]))
    assert left.person_id.tolist() == [who for who in (3, 1, 2) if who not in has]
    assert left.place.tolist() == [place for place, who in enumerate((3, 1, 2)) if who not in has]


def test_who_was_written_counts_though_reading_on_does_not_show_them() -> None:
    known = planned.Planned(np.array([5], dtype=np.int64), frozenset({1}), 0).after([4, 5], [2])
    assert known.person_id.tolist() == [4, 5]
    assert known.listed == {1, 2}
