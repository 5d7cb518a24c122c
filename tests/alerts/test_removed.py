"""An account that was taken away in the middle of a warning strands nobody, and blocks no correction."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from alerts import batches
from alerts.assignments import Assignment, Assignments
from alerts.batches import BatchSizes
from alerts.correction import batches_are_closed, correction_audience
from alerts.plans import Plan, write_deliveries
from alerts.removed import AT_ONCE, STILL_FOR, Removed
from alerts.revisions import read_revision
from alerts.tables import batch, delivery
from storage.database import Database
from storage.vault import Vault
from tests.alerts.ladder import FIRST, SECOND, Ladder, open_ladder

SIZES = BatchSizes({FIRST: 2})
PEOPLE = 6
MOMENT = timedelta(seconds=1)


@pytest.fixture
async def ladder(database: Database, vault: Vault) -> Ladder:
    """Six people in three batches of the first account; the settings name the second one only."""
    made = await open_ladder(database, vault)
    made.rungs.accounts = frozenset({SECOND})
    await wait(made, PEOPLE)
    return made


async def wait(ladder: Ladder, count: int) -> None:
    async with ladder.database.durable() as connection:
        chosen = []
        for number in range(count):
            person, address = await ladder._join(connection, len(ladder.people) + number)
            chosen.append(Assignment(person, address, *FIRST, "en", False, "area", None))
        await write_deliveries(
            connection,
            Plan(ladder.revision, 0),
            Assignments.listed(chosen),
            rung=0,
            priority=1,
            sizes=SIZES,
            now=ladder.clock.at,
        )
    ladder.people += [one.person_id for one in chosen]


def removed(ladder: Ladder) -> Removed:
    return Removed(ladder.database, ladder.clock, frozenset({SECOND}))


async def states(ladder: Ladder) -> Counter[tuple[str, str | None]]:
    query = select(delivery.c.state, delivery.c.error, func.count()).where(delivery.c.rung == 0)
    async with ladder.database.read() as connection:
        rows = await connection.execute(query.group_by(delivery.c.state, delivery.c.error))
        return Counter({(row[0], row[1]): row[2] for row in rows})


async def batch_ids(ladder: Ladder) -> list[int]:
    async with ladder.database.read() as connection:
        return list((await connection.execute(select(batch.c.id).order_by(batch.c.id))).scalars())


async def test_they_go_to_their_next_channel_and_what_follows_is_not_held_up(ladder: Ladder) -> None:
    first, second, _ = await batch_ids(ladder)
    async with ladder.database.durable() as connection:
        await batches.begin(connection, first, ladder.clock.at)
        await batches.begin(connection, second, ladder.clock.at)
        packed = select(batch.c.deliveries).where(batch.c.id == second)
        taken, _ = batches.unpack((await connection.execute(packed)).scalar_one())
        accepted = update(delivery).where(delivery.c.id == taken).values(state="accepted")
        await connection.execute(accepted.values(accepted_at=ladder.clock.at))
        alert_id = (await read_revision(connection, ladder.revision)).alert_id
    ladder.clock.at += STILL_FOR
    await removed(ladder).step()
    assert await states(ladder) == {
        ("unknown", "account_removed"): 3,  # a copy may have left
        ("failed", "account_removed"): 2,
        ("accepted", None): 1,
    }
    async with ladder.database.read() as connection:
        assert await batches_are_closed(connection, alert_id)
        assert len(await correction_audience(connection, alert_id)) == 4
    (notice,) = await ladder.notices()
    assert notice.urgent
    assert (notice.kind, notice.subject) == ("account.removed", "whatsapp:main")
    assert "6 people waited for whatsapp (main)" in notice.text
    assert await ladder.after(1) == 5
    assert set(await ladder.moved()) < set(ladder.people)


async def test_nobody_is_moved_before_everybody_can_have_been_started_anew(ladder: Ladder) -> None:
    ladder.clock.at += STILL_FOR - MOMENT
    await removed(ladder).step()
    assert await states(ladder) == {("queued", None): PEOPLE}
    assert await ladder.notices() == []


@pytest.mark.parametrize("sign", ["it wrote more", "it began", "it closed"])
async def test_nobody_is_taken_from_whoever_still_knows_the_account(ladder: Ladder, sign: str) -> None:
    """Or knows it already: processes are started with new settings one after another."""
    ladder.clock.at += STILL_FOR
    waited = PEOPLE
    if sign == "it wrote more":
        await wait(ladder, 2)
        waited += 2
    else:
        first, *_ = await batch_ids(ladder)
        async with ladder.database.durable() as connection:
            do = batches.begin if sign == "it began" else batches.close
            await do(connection, first, ladder.clock.at)
    ladder.clock.at += STILL_FOR - MOMENT
    await removed(ladder).step()
    assert await states(ladder) == {("queued", None): waited}
    ladder.clock.at += MOMENT
    await removed(ladder).step()
    assert (await states(ladder))["queued", None] == (2 if sign == "it closed" else 0)


async def test_an_account_that_is_switched_on_is_waited_for(ladder: Ladder) -> None:
    ladder.clock.at += STILL_FOR * 100
    await Removed(ladder.database, ladder.clock, frozenset({FIRST, SECOND})).step()
    assert await states(ladder) == {("queued", None): PEOPLE}


async def test_many_are_moved_in_one_go(sqlite: Database, vault: Vault) -> None:
    ladder = await open_ladder(sqlite, vault)
    await wait(ladder, 2 * AT_ONCE + 3)
    ladder.clock.at += STILL_FOR
    await removed(ladder).step()
    assert await states(ladder) == {("failed", "account_removed"): 2 * AT_ONCE + 3}
