"""Where a worker sends to, as it stands right before the bytes leave."""

from typing import Any

import pytest
from sqlalchemy import update

from registry import addresses, erasure, people
from registry.addresses import open_value
from registry.destinations import destinations
from registry.erasure import ErasedList
from registry.tables import address, person
from storage.database import Database
from storage.vault import Vault
from tests.registry.newcomers import NOW, join, telegram, webchat


async def test_an_address_as_it_stands(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        real = await join(connection, vault, telegram("1"))
        simulated = await join(connection, vault, telegram("2"), drill=True)
        found = await destinations(connection, [simulated.address.id, real.address.id])
    assert {key: (one.person_id, one.wanted, one.drill) for key, one in found.items()} == {
        real.address.id: (real.id, True, False),
        simulated.address.id: (simulated.id, True, True),
    }
    assert open_value(vault, found[real.address.id]) == "1"
    assert found[real.address.id].lane == real.address.lane
    assert "sealed" not in repr(found[real.address.id])
    assert "lane" not in repr(found[real.address.id])


async def test_only_who_is_active_and_reachable_is_wanted(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        new = await join(connection, vault, telegram("1"), consent=None)
        stopped = await join(connection, vault, telegram("2"))
        gone = await join(connection, vault, telegram("3"))
        here = await join(connection, vault, telegram("4"))
        await people.stop(connection, stopped.id, NOW)
        await addresses.mark_gone(connection, [gone.address.id], NOW)
        everybody = [one.address.id for one in (new, stopped, gone, here)]
        found = await destinations(connection, everybody)
        assert [found[key].wanted for key in everybody] == [False, False, False, True]
        await people.resume(connection, stopped.id, stopped.address.lane, NOW)
        assert (await destinations(connection, [stopped.address.id]))[stopped.address.id].wanted


@pytest.mark.parametrize(("table", "of"), [(person, "person"), (address, "address")])
@pytest.mark.parametrize("drill", [False, True])
async def test_whoever_is_half_simulated_is_nobodys_to_write_to(
    sqlite: Database, vault: Vault, table: Any, of: str, drill: bool
) -> None:
    async with sqlite.durable() as connection:
        who = await join(connection, vault, webchat("1"), drill=drill)
        key = who.id if of == "person" else who.address.id
        await connection.execute(update(table).where(table.c.id == key).values(drill=not drill))
        found = (await destinations(connection, [who.address.id]))[who.address.id]
    assert found.drill
    assert not found.wanted


async def test_the_erased_have_none(database: Database, vault: Vault, tmp_path: Any) -> None:
    async with database.durable() as connection:
        who = await join(connection, vault, telegram("1"))
        await erasure.erase(connection, vault, who.id, ErasedList(tmp_path / "erased"), NOW, [])
        assert await destinations(connection, [who.address.id]) == {}


async def test_none_and_unknown_ones(sqlite: Database) -> None:
    async with sqlite.read() as connection:
        assert await destinations(connection, []) == {}
        assert await destinations(connection, [1, 2]) == {}
