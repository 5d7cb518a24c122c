"""Batches: cut in order, one route each, packed and read back; offered in the order they were made in."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import batches
from alerts.batches import BatchSizes, Route, delivery_id, pack, split, unpack
from alerts.tables import batch
from storage.database import Database
from tests.alerts.office import NOW, open_office
from tests.alerts.post_room import revision_of

IDS = st.integers(-(2**63), 2**63 - 1)
ROUTES = st.builds(
    Route,
    revision_id=st.integers(1, 3),
    rung=st.integers(0, 2),
    channel=st.sampled_from(["telegram", "webchat"]),
    account=st.sampled_from(["main", "second"]),
    priority=st.integers(0, 3),
)
SIZES = BatchSizes({("telegram", "main"): 15, ("webchat", "main"): 100})


@given(st.lists(IDS))
def test_packing_and_back(ids: list[int]) -> None:
    assert unpack(pack(ids)) == tuple(ids)
    assert len(pack(ids)) == 8 * len(ids)


@given(st.integers(1, 2**31 - 1), st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=5))
def test_ids_of_a_revision_are_in_the_order_of_their_numbers(revision: int, numbers: list[int]) -> None:
    ids = [delivery_id(revision, number) for number in numbers]
    assert sorted(ids) == [delivery_id(revision, number) for number in sorted(numbers)]
    assert delivery_id(revision, 2**32 - 1) < delivery_id(revision + 1, 0)


@pytest.mark.parametrize("number", [-1, 2**32])
def test_a_number_that_would_run_into_the_next_revision_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="room for"):
        delivery_id(1, number)


def cut_of(
    routes: list[Route], sizes: BatchSizes, languages: list[str] | None = None
) -> list[tuple[Route, Sequence[int]]]:
    """Deliveries 0, 1, ... with these routes (and languages), cut."""
    return split(sizes.waiters(range(len(routes)), routes, languages or ["en"] * len(routes)), sizes)


@given(st.lists(ROUTES, max_size=120))
def test_cutting_loses_nobody_mixes_nothing_and_keeps_the_order(routes: list[Route]) -> None:
    cut = cut_of(routes, SIZES)
    for route in set(routes):
        parts = [part for of, part in cut if of == route]
        assert [number for part in parts for number in part] == [
            number for number, of in enumerate(routes) if of == route
        ]
        assert all(len(part) == SIZES.of(route) for part in parts[:-1])
        assert 0 < len(parts[-1]) <= SIZES.of(route)
    assert sum(len(part) for _, part in cut) == len(routes)


BULK = BatchSizes(SIZES.by_account, frozenset({("webchat", "main")}))


@given(st.lists(st.tuples(ROUTES, st.sampled_from(["en", "th", "vi"])), max_size=200))
def test_where_one_call_serves_many_a_batch_holds_one_language(people: list[tuple[Route, str]]) -> None:
    routes, languages = [route for route, _ in people], [language for _, language in people]
    cut = cut_of(routes, BULK, languages)
    bulk = [numbers for route, numbers in cut if (route.channel, route.account) == ("webchat", "main")]
    others = [one for one in cut if one[1] not in bulk]
    assert all(len({languages[number] for number in numbers}) == 1 for numbers in bulk)
    assert all(list(numbers) == sorted(numbers) for numbers in bulk)
    assert others == [
        one
        for one in cut_of(routes, SIZES, languages)
        if one[0].account != "main" or one[0].channel != "webchat"
    ]
    assert sorted(number for _, numbers in cut for number in numbers) == list(range(len(people)))
    for route in set(routes):
        firsts = [numbers[0] for of, numbers in cut if of == route]
        assert firsts == sorted(firsts), "nearest first"


async def test_a_batch_is_stored_offered_and_closed(database: Database) -> None:
    revision = await revision_of(await open_office(database))
    routes = [Route(revision, 0, "telegram", "main", 1), Route(revision, 0, "webchat", "main", 1)]
    ids = [delivery_id(revision, number) for number in range(40)]
    waiters = SIZES.waiters(ids, routes * 20, ["en"] * 40)
    async with database.bulk() as connection:
        await batches.insert_batches(connection, waiters, SIZES, NOW)
        await batches.insert_batches(connection, {}, SIZES, NOW)
    async with database.read() as connection:
        waiting = await batches.open_batches(connection, unoffered_only=True)
        loaded = [await batches.load(connection, one.id) for one in waiting]
        assert await batches.load(connection, 10_000) is None
    firsts = [found.deliveries[0] for found in loaded if found]
    assert firsts == sorted(firsts), "nearest first"
    sizes = [(found.route.channel, len(found.deliveries)) for found in loaded if found]
    assert sizes == [("telegram", 15), ("webchat", 20), ("telegram", 5)]
    assert {number for found in loaded if found for number in found.deliveries} == set(ids)

    first, second, third = [one.id for one in waiting]
    async with database.bulk() as connection:
        await batches.mark_offered(connection, [first, second], NOW)
        await batches.close(connection, second, NOW)
        await batches.close(connection, second, NOW.replace(year=2040))
    async with database.read() as connection:
        assert [one.id for one in await batches.open_batches(connection, unoffered_only=True)] == [third]
        assert [one.id for one in await batches.open_batches(connection, unoffered_only=False)] == [
            first,
            third,
        ]
        row = (await connection.execute(batch.select().where(batch.c.id == second))).one()
    assert (row.state, row.closed_at) == ("done", NOW), "the first end counts"
