"""Trips: days widened, changed, cancelled, too many, too long."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from places.cells import cell_of
from registry import trips, whereabouts
from registry.errors import PlaceRefusedError
from registry.whereabouts import Whereabouts, WhereaboutsKind
from storage.database import Database
from storage.vault import Vault
from tests.registry.newcomers import NOW, join, telegram

DAY = timedelta(days=1)
LIMA = Whereabouts(WhereaboutsKind.TRIP, cell_of(-12.05, -77.04), 20.0, "PE", label="Lima")
dates = st.dates(date(2020, 1, 1), date(2090, 1, 1))


@given(dates, st.integers(0, 400), st.integers(-12 * 60, 14 * 60), st.integers(0, 24 * 60 - 1))
def test_whatever_the_zone_a_moment_of_its_days_is_inside(
    first: date, length: int, zone: int, minute: int
) -> None:
    last = first + timedelta(days=length)
    begins, ends = trips.span(first, last)
    assert trips.days(begins, ends) == (first, last)
    for day in (first, last):
        moment = datetime.combine(day, datetime.min.time(), UTC) + timedelta(minutes=minute - zone)
        assert begins <= moment <= ends


async def test_trips_come_in_their_order_and_go_by_themselves(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        who = await join(connection, vault, telegram("1"))
        for start, end in ((9, 12), (2, 4), (-5, -3)):
            await trips.add(
                connection, who.vault, who.id, LIMA, NOW + start * DAY, NOW + end * DAY, NOW - 9 * DAY
            )
        assert [row.valid_from for row in await trips.coming(connection, who.id, NOW)] == [
            NOW + 2 * DAY,
            NOW + 9 * DAY,
        ]
        here = await whereabouts.of_person(connection, who.id, at=NOW + 3 * DAY)
        assert {row.country for row in here} == {"IS", "PE"}
        assert len(await whereabouts.of_person(connection, who.id, at=NOW + 4 * DAY)) == 2  # the end counts
        assert len(await whereabouts.of_person(connection, who.id, at=NOW + 5 * DAY)) == 1
        assert await trips.coming(connection, who.id, NOW + 13 * DAY) == []


async def test_dates_are_changed_for_ones_own_trip_only(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        who = await join(connection, vault, telegram("1"))
        trip = await trips.add(connection, who.vault, who.id, LIMA, NOW, NOW + DAY, NOW)
        assert not await trips.change(connection, who.id + 1, trip, NOW, NOW + 2 * DAY, NOW)
        assert await trips.change(connection, who.id, trip, NOW + DAY, NOW + 2 * DAY, NOW)
        row = (await trips.coming(connection, who.id, NOW))[0]
        assert (row.valid_from, row.valid_to) == (NOW + DAY, NOW + 2 * DAY)
        base = await whereabouts.base(connection, who.id)
        assert base is not None
        assert not await trips.change(connection, who.id, base.id, NOW, NOW + DAY, NOW)  # no trip
        with pytest.raises(PlaceRefusedError, match="before it begins"):
            await trips.change(connection, who.id, trip, NOW + DAY, NOW, NOW)
        with pytest.raises(PlaceRefusedError, match="three years"):
            await trips.add(connection, who.vault, who.id, LIMA, NOW, NOW + 1_200 * DAY, NOW)


async def test_there_is_an_end_to_how_many(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        who = await join(connection, vault, telegram("1"))
        for _ in range(trips.MOST_TRIPS):
            await trips.add(connection, who.vault, who.id, LIMA, NOW, NOW + DAY, NOW)
        with pytest.raises(PlaceRefusedError) as refused:
            await trips.add(connection, who.vault, who.id, LIMA, NOW, NOW + DAY, NOW)
        assert refused.value.code == "too_many_trips"
        later = NOW + 2 * DAY
        await trips.add(connection, who.vault, who.id, LIMA, later, later, later)


async def test_still_there_is_said_of_ones_own_open_place_only(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        who = await join(connection, vault, telegram("1"))
        base = await whereabouts.base(connection, who.id)
        assert base is not None
        assert not await whereabouts.confirm(connection, who.id + 1, base.id, NOW + DAY)
        assert await whereabouts.confirm(connection, who.id, base.id, NOW + DAY)
        confirmed = await whereabouts.base(connection, who.id)
        assert confirmed is not None
        assert confirmed.confirmed_at == NOW + DAY
        await whereabouts.close_bases(connection, who.id, NOW + DAY)
        assert not await whereabouts.confirm(connection, who.id, base.id, NOW + 2 * DAY)
