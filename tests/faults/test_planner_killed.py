"""The planner dies by SIGKILL at named moments; another one goes on. Everybody is planned once."""

from sqlalchemy import func, select

from alerts.tables import delivery
from tests.faults.conftest import Opener
from tests.faults.front import Front, until_died, until_ready
from tests.faults.nursery import Nursery

AT_START = "epoch written to SQL, not to Redis"
PLANNING = (
    "revision claimed, nothing committed",
    "sending committed, nobody resolved",
    "a chunk written, not committed",
    "a chunk committed, not offered",
    "batches offered, SQL not told",
    "everybody written, not said so",
)


async def planned(field: Front) -> tuple[int, int]:
    """Deliveries, and how many different people they are for, of the newest revision."""
    newest = select(func.max(delivery.c.revision_id)).scalar_subquery()
    query = select(func.count(), func.count(delivery.c.person_id.distinct())).where(
        delivery.c.revision_id == newest
    )
    async with field.office.core.database.read() as connection:
        rows, persons = (await connection.execute(query)).one()
        return rows, persons


async def test_everybody_is_planned_once(
    front: Opener, nursery: Nursery, either_url: str, haste: None
) -> None:
    async with front(either_url, 60, nursery=nursery) as field, field.working():
        first = field.spawn("planner", AT_START)
        await until_died(first, AT_START)
        for number, point in enumerate(PLANNING, 1):
            planner = field.spawn("planner", point)
            alert = await field.warn(number)
            await until_died(planner, point)
            follower = field.spawn("planner")
            await field.over(alert)
            assert await planned(field) == (60, 60), point
            assert await field.verdict(alert, number) == 0, point
            await field.stop(follower)


async def test_two_planners_and_two_workers_are_as_good_as_one(
    front: Opener, nursery: Nursery, database_url: str
) -> None:
    async with front(database_url, 100, nursery=nursery) as field:
        team = [field.spawn(role) for role in ("planner", "planner", "worker", "worker")]
        await until_ready(*team)
        alert = await field.warn()
        await field.over(alert)
        assert await planned(field) == (100, 100)
        assert await field.verdict(alert) == 0
        assert not field.simulator.ledger.violations(), "both workers keep to one limit"
