"""A large audience is planned stratum by stratum: what is urgent goes between, and nobody is lost by it."""

from collections import Counter
from datetime import timedelta
from typing import Any, cast

import pytest
from redis.asyncio import Redis
from sqlalchemy import func, select, update

from alerts import batches, merging, plans, strata
from alerts.copies import Copy
from alerts.planner import Planner
from alerts.tables import batch, delivery, revision
from places.audience import Audience
from registry.merging import merge
from registry.tables import person
from storage.database import Database
from storage.vault import Vault
from tests.alerts.office import NOW, HandClock, Office, open_office
from tests.alerts.post_room import revision_of
from tests.alerts.test_moving_people import planner_in, warned
from tests.registry.newcomers import join, telegram

PEOPLE = 30


@pytest.fixture
async def office(database: Database) -> Office:
    return await open_office(database)


@pytest.fixture
async def planner(office: Office, redis: Redis, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> Planner:
    """A planner with an alert that concerns everybody, in many strata."""
    monkeypatch.setattr(strata, "FIRST_CHUNK", 2)
    monkeypatch.setattr(strata, "CHUNK", 3)
    monkeypatch.setattr(strata, "STRATUM", 6)
    made = await planner_in(office, redis)
    async with office.database.durable() as connection:
        for number in range(PEOPLE):
            await join(connection, vault, telegram(f"{number}"), now=NOW)
    return made


async def written(database: Database) -> dict[int, int]:
    """Deliveries by revision."""
    query = select(delivery.c.revision_id, func.count()).group_by(delivery.c.revision_id)
    async with database.read() as connection:
        return {row[0]: row[1] for row in await connection.execute(query)}


async def to_the_end(planner: Planner) -> None:
    while await planner.step():
        pass


async def test_what_is_more_urgent_is_written_first(
    planner: Planner, office: Office, database: Database
) -> None:
    (severe,) = await revisions(database)
    assert await planner.step(), "there is more of it"
    before = (await written(database))[severe]
    assert 0 < before < PEOPLE
    extreme = await revision_of(office, event_title="Another", severity="Extreme")
    while (await written(database)).get(extreme, 0) < PEOPLE:
        assert await planner.step()
    assert (await written(database))[severe] <= before + 3, "at most what was begun in the same step"
    await to_the_end(planner)
    assert await written(database) == {severe: PEOPLE, extreme: PEOPLE}
    assert set((await warned(database)).values()) == {2}


async def test_what_is_approved_while_others_are_resolved_anew_goes_between(
    planner: Planner, office: Office, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await revision_of(office, event_title="Another")
    await to_the_end(planner)
    cast("HandClock", planner.clock).at += planner.resolve_every
    resolve, extreme = planner.targeting.resolve, list[int]()

    async def approving(*args: Any, **more: Any) -> Audience:
        """Somebody approves while the first of them is resolved anew."""
        if not extreme:
            extreme.append(await revision_of(office, event_title="A third", severity="Extreme"))
        return await resolve(*args, **more)

    monkeypatch.setattr(planner.targeting, "resolve", approving)
    old = set(planner._resolved.items())
    assert await planner.step(), "there is news"
    assert len(set(planner._resolved.items()) & old) == 1, "the other one waits"
    assert await planner.step()
    assert (await written(database))[extreme[0]] > 0


async def test_our_own_lease_taken_between_costs_nothing(planner: Planner, database: Database) -> None:
    (severe,) = await revisions(database)
    assert await planner.step()
    async with database.durable() as connection:  # as moving rungs does, in the same process
        assert await plans.claim(connection, severe, planner.owner, planner.clock.now())
    left = len(planner._under_way[severe].left)
    assert await planner.step()
    assert len(planner._under_way[severe].left) == left - 1, "it went on where it was"
    await to_the_end(planner)
    assert await warned(database) == Counter(dict.fromkeys(await warned(database), 1))
    assert (await written(database))[severe] == PEOPLE


async def test_who_another_planner_wrote_between_is_written_once(
    planner: Planner, database: Database
) -> None:
    (severe,) = await revisions(database)
    assert await planner.step()
    clock = cast("HandClock", planner.clock)
    clock.at += plans.LEASE + timedelta(seconds=1)
    other = planner_like(planner, "second")
    assert await other.step(), "it takes over what nobody holds any more"
    before = (await written(database))[severe]
    await planner.step()
    assert (await written(database))[severe] == before, "ours is not ours any more"
    clock.at += plans.LEASE + timedelta(seconds=1)
    await to_the_end(planner)
    assert (await written(database))[severe] == PEOPLE
    assert set((await warned(database)).values()) == {1}


async def test_who_becomes_one_with_somebody_planned_before_them_holds_up_nobody(
    planner: Planner, database: Database, vault: Vault
) -> None:
    assert await planner.step()
    planned = set(await warned(database))
    async with database.durable() as connection:
        everybody = set((await connection.execute(select(person.c.id))).scalars())
        older, newer = min(everybody - planned), min(planned)
        await connection.execute(
            update(person).where(person.c.id == older).values(created_at=NOW - timedelta(days=1))
        )
        done = await merge(connection, vault, older, newer, NOW, [merging.carry])
    assert (done.survivor_id, done.absorbed_id) == (older, newer)
    await to_the_end(planner)  # whoever was still to come has the other's delivery by now
    await to_the_end(planner)
    assert await warned(database) == Counter(dict.fromkeys(everybody - {newer}, 1))


async def test_who_comes_once_it_was_sent_gets_a_copy_that_says_so(
    planner: Planner, office: Office, database: Database, vault: Vault
) -> None:
    await to_the_end(planner)
    office.clock.at += timedelta(minutes=2)
    async with database.durable() as connection:
        newcomer = await join(connection, vault, telegram("newcomer"), now=NOW)
    await to_the_end(planner)
    async with database.read() as connection:
        written = (await connection.execute(select(batch.c.id))).scalars()
        loaded = [one for number in written if (one := await batches.load(connection, number))]
        assert {one.copy for one in loaded} == {Copy.FIRST, Copy.LATE}
        (late,) = [one for one in loaded if one.copy is Copy.LATE]
        whose = select(delivery.c.person_id).where(delivery.c.id.in_(late.deliveries))
        assert (await connection.execute(whose)).scalars().all() == [newcomer.id]


def planner_like(planner: Planner, owner: str) -> Planner:
    """Another process's planner."""
    return Planner(
        database=planner.database,
        clock=planner.clock,
        targeting=planner.targeting,
        dispatch=planner.dispatch,
        accounts=planner.accounts,
        sizes=planner.sizes,
        channel_order=planner.channel_order,
        record=planner.record,
        owner=owner,
    )


async def revisions(database: Database) -> list[int]:
    async with database.read() as connection:
        return list((await connection.execute(select(revision.c.id))).scalars())
