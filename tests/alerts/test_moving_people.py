"""People who register, move and stop while an alert is being planned: who is in the area at the end is
warned, once. The real planner on both databases, in chunks so small that everything comes between them."""

import asyncio
import random
from collections import Counter
from datetime import datetime
from typing import cast

import pytest
from redis.asyncio import Redis
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import planner as planning
from alerts import strata
from alerts import targeting as finding
from alerts.batches import BatchSizes
from alerts.dispatch import Dispatch
from alerts.epoch import EpochKeeper
from alerts.planner import Planner
from alerts.tables import delivery
from alerts.targeting import Targeting
from registry import people, whereabouts
from storage.database import Database
from storage.vault import Vault
from tests.alerts.office import NOW, HandClock, Office, open_office, touch
from tests.alerts.post_room import ACCOUNT, revision_of
from tests.registry.newcomers import BANGKOK, REYKJAVIK, Newcomer, join, telegram


async def unrecorded(_connection: AsyncConnection, _action: str, _subject: str, _at: datetime) -> None:
    return


async def planner_of(database: Database, redis: Redis) -> Planner:
    """A planner with one approved alert for Reykjavík; nothing is offered, SQL is what counts."""
    return await planner_in(await open_office(database), redis)


async def planner_in(office: Office, redis: Redis) -> Planner:
    await revision_of(office)
    database, clock = office.database, office.clock
    return Planner(
        database=database,
        clock=clock,
        targeting=Targeting(database, clock, touch, ["telegram"]),
        dispatch=Dispatch(database, clock, EpochKeeper(database, redis, clock, "planner"), {}),
        accounts=frozenset({ACCOUNT}),
        sizes=BatchSizes({ACCOUNT: 10}),
        channel_order=["telegram"],
        record=unrecorded,
        owner="planner",
    )


async def warned(database: Database) -> Counter[int]:
    async with database.read() as connection:
        return Counter((await connection.execute(select(delivery.c.person_id))).scalars())


class Town:
    """People who come and go; `inside` = those who want to be warned and are in the area now."""

    def __init__(self, database: Database, vault: Vault, chance: random.Random) -> None:
        self.database, self.vault, self.chance = database, vault, chance
        self.known: list[Newcomer] = []
        self.stopped: set[int] = set()
        self.inside: set[int] = set()

    async def come(self, connection: AsyncConnection) -> None:
        place = self.chance.choice([REYKJAVIK, BANGKOK])
        who = await join(connection, self.vault, telegram(f"{self.chance.random()}"), place=place, now=NOW)
        self.known.append(who)
        self._is(who, place is REYKJAVIK)

    async def move(self, connection: AsyncConnection, who: Newcomer) -> None:
        place = self.chance.choice([REYKJAVIK, BANGKOK])
        await whereabouts.set_home(connection, who.vault, who.id, place, NOW)
        self._is(who, place is REYKJAVIK and who.id not in self.stopped)

    async def stop(self, connection: AsyncConnection, who: Newcomer) -> None:
        await people.stop(connection, who.id, NOW)
        self.stopped.add(who.id)
        self._is(who, False)

    def _is(self, who: Newcomer, inside: bool) -> None:
        (self.inside.add if inside else self.inside.discard)(who.id)

    async def live(self, acts: int) -> None:
        """Some acts, each in a transaction of its own that takes its time."""
        mine: list[Newcomer] = []
        for _ in range(acts):
            async with self.database.durable() as connection:
                await self._pause()
                if not mine or self.chance.random() < 0.4:
                    await self.come(connection)
                    mine.append(self.known[-1])
                elif self.chance.random() < 0.8:
                    await self.move(connection, self.chance.choice(mine))
                else:
                    await self.stop(connection, self.chance.choice(mine))
                await self._pause()
            await self._pause()

    async def _pause(self) -> None:
        for _ in range(self.chance.randrange(4)):
            await asyncio.sleep(0)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_who_is_in_the_area_at_the_end_is_warned_once(
    database: Database, redis: Redis, vault: Vault, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(strata, "FIRST_CHUNK", 2)
    monkeypatch.setattr(strata, "CHUNK", 3)
    monkeypatch.setattr(finding, "REBUILD_CHANGES", 6)  # built anew in the background, again and again
    town = Town(database, vault, random.Random(seed))
    async with database.durable() as connection:
        for _ in range(8):
            await town.come(connection)
    planner = await planner_of(database, redis)
    living = asyncio.gather(*(town.live(6) for _ in range(3)))
    while not living.done():
        while await planner.step():
            pass
        await asyncio.sleep(0)
    await living
    while await planner.step():
        pass
    found = await warned(database)
    assert town.inside
    assert town.inside <= set(found)
    assert set(found.values()) == {1}


async def test_whose_change_appears_behind_a_later_one_is_warned(
    database: Database, redis: Redis, vault: Vault
) -> None:
    if database.dialect != "postgresql":
        pytest.skip("SQLite has one writer: changes appear in their order")
    planner = await planner_of(database, redis)
    office_clock = cast("HandClock", planner.clock)
    while await planner.step():
        pass
    async with database.durable() as slow:
        late = await join(slow, vault, telegram("late"), now=NOW)
        async with database.durable() as quick:
            early = await join(quick, vault, telegram("early"), now=NOW)
        while await planner.step():
            pass
        assert set(await warned(database)) == {early.id}
    office_clock.at += planning.RESOLVE_EVERY
    while await planner.step():
        pass
    assert await warned(database) == Counter([early.id, late.id])
