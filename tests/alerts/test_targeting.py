"""Targeting: an index that follows the registry, two kinds of people that never meet, and honest counts."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from alerts import targeting as module
from alerts.targeting import Targeting
from places.area import Area
from places.cells import cell_of
from places.shapes import Circle
from registry import addresses, changes, people, whereabouts
from registry.tables import address
from registry.whereabouts import Whereabouts, WhereaboutsKind
from storage.clock import SystemClock
from storage.database import Database
from storage.errors import StorageUnavailableError
from storage.vault import Vault
from tests.alerts.office import touch
from tests.registry.newcomers import BANGKOK, Newcomer, join, telegram, webchat

ICELAND = Area(circles=(Circle(64.14, -21.9, 30.0),))
THAILAND = Area(countries=("TH",))
NOW = datetime.now(UTC)
DOWNTOWN = Whereabouts(WhereaboutsKind.HOME, cell_of(64.146, -21.942), 0.0, "IS")
KOPAVOGUR = Whereabouts(WhereaboutsKind.PIN, cell_of(64.11, -21.9), 0.0, "IS")
SOMEWHERE = Whereabouts(WhereaboutsKind.HOME, None, 0.0, "IS")


@pytest.fixture
def targeting(database: Database) -> Targeting:
    return Targeting(database, SystemClock(), touch, ["telegram", "webchat"])


async def ids(
    targeting: Targeting, area: Area = ICELAND, *, drill: bool = False, maybe: bool = False
) -> list[int]:
    # Both ends of a stay count, in whole seconds: whoever left just now is over-included for a second.
    at = datetime.now(UTC) + timedelta(seconds=2)
    found = await targeting.resolve(area, drill=drill, at=at, include_maybe=maybe)
    return found.person_ids.tolist()


async def distances(targeting: Targeting, *, drill: bool) -> list[float]:
    found = await targeting.resolve(ICELAND, drill=drill, at=datetime.now(UTC), include_maybe=True)
    return found.distance_km.tolist()


async def add(
    database: Database, vault: Vault, name: str, place: Whereabouts = DOWNTOWN, **more: object
) -> Newcomer:
    async with database.durable() as connection:
        return await join(connection, vault, telegram(name), place=place, now=NOW, **more)  # type: ignore[arg-type]  # keywords


async def test_nearest_first(targeting: Targeting, database: Database, vault: Vault) -> None:
    far = await add(database, vault, "1", Whereabouts(WhereaboutsKind.HOME, cell_of(64.3, -21.7), 0.0, "IS"))
    near = await add(database, vault, "2", KOPAVOGUR)
    await add(database, vault, "3", BANGKOK)
    assert await ids(targeting) == [near.id, far.id]


async def test_it_follows_whoever_comes_moves_and_leaves(
    targeting: Targeting, database: Database, vault: Vault
) -> None:
    assert await ids(targeting) == []
    began = targeting.last_change
    one = await add(database, vault, "1")
    assert await ids(targeting) == [one.id]
    assert targeting.last_change > began
    two = await add(database, vault, "2", BANGKOK)
    assert await ids(targeting) == [one.id]
    async with database.durable() as connection:
        await whereabouts.set_home(connection, two.vault, two.id, KOPAVOGUR, datetime.now(UTC))
    assert await ids(targeting) == [one.id, two.id]
    async with database.durable() as connection:
        await whereabouts.set_home(connection, one.vault, one.id, BANGKOK, datetime.now(UTC))
    assert await ids(targeting) == [two.id]
    assert await ids(targeting, THAILAND) == [one.id]
    async with database.durable() as connection:
        await people.stop(connection, two.id, datetime.now(UTC))
    assert await ids(targeting) == []
    async with database.durable() as connection:
        await people.resume(connection, two.id, two.address.lane, datetime.now(UTC))
    assert await ids(targeting) == [two.id]


async def test_refresh_tells_whether_anything_changed(
    targeting: Targeting, database: Database, vault: Vault
) -> None:
    assert await targeting.refresh()  # the first build
    before = targeting.last_change
    await add(database, vault, "1")
    assert await targeting.refresh()
    assert targeting.last_change > before


@pytest.mark.parametrize("rebuild_after", [0, 50_000])
async def test_a_rebuild_and_a_delta_agree(
    sqlite: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch, rebuild_after: int
) -> None:
    monkeypatch.setattr(module, "REBUILD_CHANGES", rebuild_after)
    followed = Targeting(sqlite, SystemClock(), touch, ["telegram"])
    expected: dict[bool, set[int]] = {False: set(), True: set()}
    for number in range(12):
        drill = number % 3 == 0
        place = (DOWNTOWN, KOPAVOGUR, BANGKOK, SOMEWHERE)[number % 4]
        who = await add(sqlite, vault, str(number), place, drill=drill)
        if place is not BANGKOK:
            expected[drill].add(who.id)
        fresh = Targeting(sqlite, SystemClock(), touch, ["telegram"])
        for kind, known in expected.items():
            assert set(await ids(followed, drill=kind, maybe=True)) == known
            assert await distances(followed, drill=kind) == await distances(fresh, drill=kind)


async def test_a_feed_that_was_trimmed_is_no_gap(sqlite: Database, vault: Vault) -> None:
    targeting = Targeting(sqlite, SystemClock(), touch)
    one = await add(sqlite, vault, "1")
    assert await ids(targeting) == [one.id]
    two = await add(sqlite, vault, "2", KOPAVOGUR)
    for number in range(5):
        await add(sqlite, vault, f"more{number}", BANGKOK)
    async with sqlite.durable() as connection:
        await changes.trim(connection, datetime.now(UTC) + timedelta(days=1))
    assert await ids(targeting) == [one.id, two.id]


async def test_real_and_simulated_people_never_meet(
    targeting: Targeting, database: Database, vault: Vault
) -> None:
    real = await add(database, vault, "1")
    simulated = await add(database, vault, "2", drill=True)
    for _ in range(2):
        assert await ids(targeting) == [real.id]
        assert await ids(targeting, drill=True) == [simulated.id]
        later = await add(database, vault, f"late{_}", SOMEWHERE, drill=True)
        assert later.id not in await ids(targeting, maybe=True)
        assert later.id in await ids(targeting, drill=True, maybe=True)
    counts = await targeting.count(ICELAND, drill=False, include_maybe=True)
    assert counts.people == 1


async def test_people_known_by_country_are_maybe(
    targeting: Targeting, database: Database, vault: Vault
) -> None:
    sure = await add(database, vault, "1")
    maybe = await add(database, vault, "2", SOMEWHERE)
    await add(database, vault, "3", BANGKOK)
    assert await ids(targeting) == [sure.id]
    assert await ids(targeting, maybe=True) == [sure.id, maybe.id]
    assert set(await ids(targeting, Area(countries=("IS",)))) == {sure.id, maybe.id}


async def test_counts_by_country_channel_language_and_confidence(
    targeting: Targeting, database: Database, vault: Vault
) -> None:
    one = await add(database, vault, "1", language="vi")
    async with database.durable() as connection:
        lane = b"x" * 32
        await addresses.add(connection, one.vault, one.id, webchat("1"), lane, drill=False, now=NOW)
        two = await join(connection, vault, webchat("2"), place=KOPAVOGUR, language="th", now=NOW)
        lost = await join(connection, vault, telegram("3"), place=SOMEWHERE, language="th", now=NOW)
        await connection.execute(update(address).where(address.c.id == lost.address.id).values(state="gone"))
        thai = await join(connection, vault, telegram("4"), place=BANGKOK, now=NOW)
    both = Area(circles=ICELAND.circles, countries=("TH",))
    counts = await targeting.count(both, drill=False, include_maybe=True)
    assert counts.people == 4
    assert counts.by_country == {"IS": 3, "TH": 1}
    assert counts.by_channel == {"telegram": 2, "webchat": 1, "none": 1}
    assert counts.by_language == {"vi": 2, "th": 2}
    assert counts.by_confidence == {"area": 3, "city": 0, "country": 0, "maybe": 1}
    assert (await targeting.count(ICELAND, drill=False, include_maybe=False)).people == 2
    assert {two.id, thai.id} <= set(await ids(targeting, both))


async def test_an_empty_registry_counts_nobody(targeting: Targeting) -> None:
    counts = await targeting.count(ICELAND, drill=False, include_maybe=True)
    assert (counts.people, counts.by_country, counts.by_channel) == (0, {}, {})
    assert set(counts.by_confidence.values()) == {0}


async def test_a_database_that_is_away_is_told_and_changes_nothing(
    sqlite: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    targeting = Targeting(sqlite, SystemClock(), touch)
    one = await add(sqlite, vault, "1")
    assert await ids(targeting) == [one.id]
    before = targeting.last_change
    targeting._database = _Away()  # type: ignore[assignment]  # as if it were gone
    with pytest.raises(StorageUnavailableError):
        await ids(targeting)
    targeting._database = sqlite
    assert targeting.last_change == before
    assert await ids(targeting) == [one.id]


class _Away:
    def read(self) -> object:
        raise StorageUnavailableError("away")
