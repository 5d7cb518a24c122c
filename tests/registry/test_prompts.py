"""The ledger of what people are asked unasked: never more than two a month, and only about what is old."""

import asyncio
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry import prompts, trips, whereabouts
from registry.prompts import A_MONTH, HOME_IS_OLD, MONTH, PIN_IS_OLD, Due, PromptKind
from registry.whereabouts import Whereabouts, WhereaboutsKind
from storage.database import Database
from storage.vault import Vault
from tests.registry.newcomers import BANGKOK, NOW, REYKJAVIK, join, telegram

DAY = timedelta(days=1)
LIMA = Whereabouts(WhereaboutsKind.TRIP, None, 0.0, "PE", label="Lima")


async def test_two_a_month_whatever_they_are_about(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        who = await join(connection, vault, telegram("1"))
        assert await prompts.claim(connection, who.id, PromptKind.STILL, None, NOW)
        assert await prompts.claim(connection, who.id, PromptKind.TRIP_ENDS, 7, NOW + DAY)
        assert await prompts.claim(connection, who.id, PromptKind.STILL, 8, NOW + 30 * DAY) is None
        assert await prompts.claim(connection, who.id, PromptKind.STILL, 8, NOW + MONTH + timedelta(hours=1))
        assert await prompts.claim(connection, who.id, PromptKind.STILL, 9, NOW + MONTH + DAY / 2) is None


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 24 * 90), min_size=1, max_size=40))
async def test_no_month_ever_holds_three(sqlite: Database, vault: Vault, hours: list[int]) -> None:
    async with sqlite.durable() as connection:
        who = await join(connection, vault, telegram(str(id(hours))))
        for hour in sorted(hours):
            await prompts.claim(connection, who.id, PromptKind.STILL, None, NOW + timedelta(hours=hour))
        taken = sorted(await prompts.times(connection, who.id))
        await connection.rollback()
    assert taken[0] == NOW + timedelta(hours=min(hours))
    assert all(third - first >= MONTH for first, third in zip(taken, taken[A_MONTH:], strict=False))


async def test_two_planners_at_once_do_not_ask_three_times(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        who = await join(connection, vault, telegram("1"))

    async def ask() -> bool:
        async with database.durable() as connection:
            return await prompts.claim(connection, who.id, PromptKind.STILL, None, NOW) is not None

    assert sum(await asyncio.gather(*(ask() for _ in range(5)))) == A_MONTH


async def asked_about(database: Database, after: timedelta) -> list[Due]:
    async with database.read() as connection:
        return await prompts.due(connection, NOW + after, 0, 100)


async def test_a_pin_grows_old_before_a_home(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        pinned = await join(connection, vault, telegram("1"), place=BANGKOK)
        settled = await join(connection, vault, telegram("2"), place=REYKJAVIK)
    assert await asked_about(database, PIN_IS_OLD - DAY) == []
    assert [one.person_id for one in await asked_about(database, PIN_IS_OLD + DAY)] == [pinned.id]
    found = await asked_about(database, HOME_IS_OLD + DAY)
    assert {one.person_id for one in found} == {pinned.id, settled.id}
    assert {one.kind for one in found} == {PromptKind.STILL}
    async with database.read() as connection:
        first = await prompts.due(connection, NOW + HOME_IS_OLD + DAY, 0, 1)
        rest = await prompts.due(connection, NOW + HOME_IS_OLD + DAY, first[0].whereabouts_id, 100)
    assert len(first) == len(rest) == 1
    assert first != rest


async def test_the_same_question_waits_a_month_and_is_given_up_after_three(
    database: Database, vault: Vault
) -> None:
    async with database.durable() as connection:
        who = await join(connection, vault, telegram("1"), place=BANGKOK)
    after, times = PIN_IS_OLD + DAY, 0
    while found := await asked_about(database, after):
        async with database.durable() as connection:
            about = found[0].whereabouts_id
            assert await prompts.claim(connection, who.id, PromptKind.STILL, about, NOW + after)
        times += 1
        assert await asked_about(database, after + 30 * DAY) == []
        after += MONTH + DAY
    assert times == 3
    async with database.durable() as connection:
        await whereabouts.confirm(connection, who.id, about, NOW + after)
    assert await asked_about(database, after + DAY) == []
    assert len(await asked_about(database, after + PIN_IS_OLD + DAY)) == 1


async def test_a_trip_asks_as_its_end_comes_and_never_afterwards(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        who = await join(connection, vault, telegram("1"))
        begins, ends = NOW + 5 * DAY, NOW + 20 * DAY
        await trips.add(connection, who.vault, who.id, LIMA, begins, ends, NOW)
    assert await asked_about(database, 17 * DAY) == []
    found = await asked_about(database, 19 * DAY)
    assert [(one.person_id, one.kind) for one in found] == [(who.id, PromptKind.TRIP_ENDS)]
    assert await asked_about(database, 21 * DAY) == []


async def test_whoever_stopped_is_asked_nothing(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        await join(connection, vault, telegram("1"), place=BANGKOK, consent=None)
    assert await asked_about(database, HOME_IS_OLD) == []


async def test_the_ledger_forgets_after_a_year(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        who = await join(connection, vault, telegram("1"))
        await prompts.claim(connection, who.id, PromptKind.STILL, None, NOW)
        assert await prompts.purge(connection, NOW + 364 * DAY) == 0
        assert await prompts.purge(connection, NOW + 366 * DAY) == 1
