"""Watchers: a separate audience that is in no count of people."""

from datetime import timedelta

import pytest

from registry import audience, people, watches
from registry.errors import PlaceRefusedError
from registry.merging import merge
from storage.database import Database
from storage.vault import Vault
from tests.registry.newcomers import NOW, join, telegram


async def test_a_watcher_is_never_among_the_people_abroad(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        abroad = await join(connection, vault, telegram("1"))
        watcher = await join(connection, vault, telegram("2"), place=None)
        assert await watches.add(connection, watcher.id, "TH", NOW)
        assert not await watches.add(connection, watcher.id, "TH", NOW)
        assert (await audience.rows(connection)).person_id.tolist() == [abroad.id]
        assert (await audience.headcount_columns(connection)).person_id.tolist() == [abroad.id]
        assert await audience.active(connection, [abroad.id, watcher.id]) == {abroad.id}
        assert await watches.counts(connection, drill=False) == {"TH": 1}
        assert await watches.counts(connection, drill=True) == {}
        assert await watches.of_person(connection, watcher.id) == ["TH"]
        await people.stop(connection, watcher.id, NOW)
        assert await watches.counts(connection, drill=False) == {}


async def test_watches_are_dropped_limited_and_carried(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        one = await join(connection, vault, telegram("1"))
        two = await join(connection, vault, telegram("2"), place=None, now=NOW + timedelta(days=1))
        for country in ("TH", "VN"):
            await watches.add(connection, one.id, country, NOW)
        for country in ("VN", "ID"):
            await watches.add(connection, two.id, country, NOW)
        await merge(connection, vault, one.id, two.id, NOW)
        assert sorted(await watches.of_person(connection, one.id)) == ["ID", "TH", "VN"]
        assert await watches.drop(connection, one.id, "TH")
        assert not await watches.drop(connection, one.id, "TH")
        for country in ("AA", "AB", "AC", "AD", "AE", "AF", "AG", "AH"):
            await watches.add(connection, one.id, country, NOW)
        with pytest.raises(PlaceRefusedError):
            await watches.add(connection, one.id, "IS", NOW)
        assert not await watches.add(connection, one.id, "ID", NOW)
        with pytest.raises(PlaceRefusedError):
            await watches.add(connection, two.id, "thailand", NOW)
