"""The worker dies by SIGKILL at named moments; another one goes on. Nobody is lost, and a second copy is had
only by whom a request was under way, or answered within the last flush of marks."""

from sqlalchemy import select

from alerts.broadcast import WRITE_AHEAD
from alerts.tables import delivery
from tests.faults.conftest import Opener
from tests.faults.front import Front, until_died, until_ready
from tests.faults.nursery import Nursery

NOBODY_TWICE = (
    "a batch taken, nothing sent",
    "slots granted, nothing sent",
    "all marked, SQL not told",
    "outcomes written, not committed",
    "outcomes committed, entry not settled",
)
SETTLED = "entry settled"  # of its batch nothing is in flight, but the next one may be under way by then
SOME_TWICE = ("some answers in, others under way", "answers in, not marked")


async def test_where_nothing_is_in_flight_nobody_has_it_twice(
    front: Opener, nursery: Nursery, sqlite_url: str
) -> None:
    async with front(sqlite_url, 40, nursery=nursery) as field, field.planning():
        for number, point in enumerate((*NOBODY_TWICE, SETTLED), 1):
            worker = field.spawn("worker", point)
            await until_ready(worker)
            alert = await field.warn(number)
            death = await until_died(worker, point)
            follower = field.spawn("worker")
            await field.over(alert)
            doubled = await field.verdict(alert, number, deaths=[death])
            assert doubled == 0 or point == SETTLED, point
            await field.stop(follower)


async def test_only_who_was_in_flight_has_it_twice(
    front: Opener, nursery: Nursery, database_url: str
) -> None:
    async with front(database_url, 60, nursery=nursery) as field, field.planning():
        for number, point in enumerate(SOME_TWICE, 1):
            worker = field.spawn("worker", point)
            await until_ready(worker)
            alert = await field.warn(number)
            death = await until_died(worker, point)
            follower = field.spawn("worker")
            await field.over(alert)
            assert await field.verdict(alert, number, deaths=[death]) > 0, point
            await field.stop(follower)


async def test_under_never_resend_nobody_has_it_twice_and_who_may_lack_it_is_named(
    front: Opener, nursery: Nursery, either_url: str
) -> None:
    point = "some answers in, others under way"
    async with front(either_url, 60, nursery=nursery) as field, field.planning():
        worker = field.spawn("worker", point)
        await until_ready(worker)
        alert = await field.warn(policy="never-resend")
        death = await until_died(worker, point)
        field.spawn("worker")
        await field.over(alert)
        assert not field.twice(), "duplicates"
        got = {copy.recipient for copy in field.copies()}
        unknown = {field.chat_of(person) for person in await _people(field, "unknown")}
        accepted = {field.chat_of(person) for person in await _people(field, "accepted")}
        everybody = {str(chat) for chat in field.chats}
        assert accepted | unknown == everybody, "each one is either warned or named"
        assert accepted <= got, "nobody counts as warned who has nothing"
        assert everybody - got <= unknown, "who has nothing is named"
        # Named in SQL before their bytes left, and not answered: two batches of which each names 25 at once.
        assert 0 < len(unknown) <= 2 * WRITE_AHEAD + death.in_flight
        board = await field.office.board(alert)
        assert board.unknown == len(unknown)
        assert board.people_targeted == len(everybody)
        assert board.warned == len(accepted)


async def _people(field: Front, state: str) -> list[int]:
    query = select(delivery.c.person_id).where(delivery.c.state == state)
    async with field.office.core.database.read() as connection:
        return list((await connection.execute(query)).scalars())
