"""Where people are: one base at a time, trips kept, sealed names, ranges."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from places.cells import cell_of
from registry import audience, trips, whereabouts
from registry.errors import PlaceRefusedError
from registry.lifecycle import PersonState
from registry.whereabouts import Whereabouts, WhereaboutsKind
from storage.database import Database
from storage.errors import SealError
from storage.vault import Vault
from tests.registry.newcomers import BANGKOK, JAPAN, NOW, REYKJAVIK, join, telegram

LATER = NOW + timedelta(hours=1)
TRIP = Whereabouts(WhereaboutsKind.TRIP, cell_of(-8.65, 115.22), 12.0, "ID", "ID-BA", "Denpasar")


async def test_a_new_base_closes_the_former_one_of_either_kind(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"), place=REYKJAVIK)
        for hours, place in enumerate((BANGKOK, JAPAN), start=1):
            now = NOW + timedelta(hours=hours)
            await whereabouts.set_home(connection, somebody.vault, somebody.id, place, now)
            open_now = [
                row for row in await whereabouts.of_person(connection, somebody.id) if row.valid_to is None
            ]
            assert [row.country for row in open_now] == [place.country]
        base = await whereabouts.base(connection, somebody.id)
        assert base is not None
        assert (base.kind, base.country, base.cell) == (WhereaboutsKind.HOME, "JP", None)
        assert base.valid_from is None  # an index a second behind must not miss them
        held = await whereabouts.of_person(connection, somebody.id, at=NOW + timedelta(minutes=90))
        assert {row.country for row in held} == {"TH", "JP"}
        assert await whereabouts.forget_past(connection, NOW + timedelta(minutes=61)) == 1
        rows = await whereabouts.of_person(connection, somebody.id)
        assert [row.country for row in rows] == ["JP", "TH"]


async def test_trips_stand_beside_the_base_with_their_dates(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"), place=None)
        begins, ends = NOW + timedelta(days=3), NOW + timedelta(days=9)
        trip = await trips.add(connection, somebody.vault, somebody.id, TRIP, begins, ends, LATER)
        await whereabouts.set_home(connection, somebody.vault, somebody.id, REYKJAVIK, LATER)
        assert len(await whereabouts.of_person(connection, somebody.id)) == 2
        during = await whereabouts.of_person(connection, somebody.id, at=begins + timedelta(days=1))
        assert {row.country for row in during} == {"ID", "IS"}
        rows = await audience.rows(connection)
        row = rows.kind.tolist().index("trip")
        assert rows.valid_from[row] == begins.timestamp()
        assert rows.valid_to[row] == ends.timestamp()
        assert not await trips.cancel(connection, somebody.id + 1, trip, LATER)
        assert await trips.cancel(connection, somebody.id, trip, LATER)
        assert not await trips.cancel(connection, somebody.id, trip, LATER)


async def test_a_trip_is_a_place_too(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"), place=None)
        await trips.add(connection, somebody.vault, somebody.id, TRIP, NOW, LATER, NOW)
        assert await audience.active(connection, [somebody.id]) == {somebody.id}
        other = await join(connection, vault, telegram("2"), consent=None)
        assert other.person.state is PersonState.NEW


async def test_the_name_of_a_place_is_sealed_for_its_person_and_row(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        one = await join(connection, vault, telegram("1"), place=REYKJAVIK)
        two = await join(connection, vault, telegram("2"), place=BANGKOK)
        mine = (await whereabouts.of_person(connection, one.id))[0]
        theirs = (await whereabouts.of_person(connection, two.id))[0]
    assert whereabouts.label_of(one.vault, mine) == "Reykjavík"
    assert whereabouts.label_of(two.vault, theirs) == ""
    with pytest.raises(SealError):
        whereabouts.label_of(two.vault, mine)
    assert "Reykjavík" not in repr(mine)
    assert "Reykjavík" not in repr(REYKJAVIK)
    assert str(mine.cell) not in repr(mine)


async def test_wrong_kinds_and_dates_are_refused(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        with pytest.raises(PlaceRefusedError, match="dates"):
            await whereabouts.set_home(connection, somebody.vault, somebody.id, TRIP, LATER)
        with pytest.raises(PlaceRefusedError, match="Only a trip"):
            await trips.add(connection, somebody.vault, somebody.id, JAPAN, NOW, LATER, NOW)
        with pytest.raises(PlaceRefusedError, match="before it begins"):
            await trips.add(connection, somebody.vault, somebody.id, TRIP, LATER, NOW, NOW)
        assert len(await whereabouts.of_person(connection, somebody.id)) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"country": "is"}, "country_form"),
        ({"country": "ISL"}, "country_form"),
        ({"country": ""}, "country_form"),
        ({"near": ("TH", "")}, "country_form"),
        ({"near": ("TH", "MM", "LA", "KH")}, "too_many_countries"),
        ({"cell": 12}, "not_a_cell"),
        ({"cell": 0}, "not_a_cell"),
        ({"cell": 0x8928308280FFFFF}, "not_a_cell"),  # resolution 9: finer than may be kept
        ({"radius_km": -1.0}, "radius_range"),
        ({"radius_km": float("nan")}, "radius_range"),
        ({"radius_km": 1_001.0}, "radius_range"),
        ({"label": "x" * 201}, "too_long"),
        ({"admin1": "x" * 21}, "too_long"),
    ],
)
def test_a_place_out_of_range_is_refused(changes: dict[str, object], code: str) -> None:
    values: dict[str, object] = {
        "kind": WhereaboutsKind.HOME,
        "cell": REYKJAVIK.cell,
        "radius_km": 1.0,
        "country": "IS",
    }
    with pytest.raises(PlaceRefusedError) as refused:
        Whereabouts(**(values | changes))  # type: ignore[arg-type] # wrong values are the point
    assert refused.value.code == code


@settings(deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180))
def test_any_position_on_earth_can_be_kept_as_its_cell(lat: float, lon: float) -> None:
    place = Whereabouts(WhereaboutsKind.PIN, cell_of(lat, lon), 0.0, "IS")
    assert place.cell == cell_of(lat, lon)
