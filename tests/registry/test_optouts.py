"""Somebody told their telephone company, not us: one address closes, the last one stops everything."""

from datetime import timedelta

from registry import addresses, optouts, people
from registry.addresses import AddressState
from registry.lifecycle import PersonState
from storage.database import Database
from storage.vault import Vault
from tests.registry.newcomers import NOW, Newcomer, join, lane_of, telegram, webchat

LATER = NOW + timedelta(minutes=5)


async def second(database: Database, vault: Vault, who: Newcomer, value: str) -> int:
    new = webchat(value)
    async with database.durable() as connection:
        row = await addresses.add(
            connection, who.vault, who.id, new, lane_of(vault, new), drill=False, now=NOW
        )
    return row.id


async def test_one_of_two_addresses_closes_and_the_other_still_protects(
    database: Database, vault: Vault
) -> None:
    async with database.durable() as connection:
        who = await join(connection, vault, telegram("1"))
    other = await second(database, vault, who, "2")
    async with database.durable() as connection:
        assert await optouts.record(connection, {who.address.id: LATER}, LATER) == 1
        assert await optouts.record(connection, {who.address.id: LATER}, LATER) == 0
        rows = {row.id: row.state for row in await addresses.of_person(connection, who.id)}
        person = await people.get(connection, who.id)
    assert rows == {who.address.id: AddressState.STOPPED, other: AddressState.ACTIVE}
    assert person is not None
    assert person.state is PersonState.ACTIVE


async def test_the_last_way_stops_the_person_and_start_brings_them_back(
    database: Database, vault: Vault
) -> None:
    async with database.durable() as connection:
        who = await join(connection, vault, telegram("1"))
        await optouts.record(connection, {who.address.id: None}, LATER)
        person = await people.get(connection, who.id)
        assert person is not None
        assert person.state is PersonState.STOPPED
        await people.resume(connection, who.id, who.address.lane, LATER)
        back = await people.find(connection, who.address.lane)
    assert back is not None
    assert (back[0].state, back[1].state) == (PersonState.ACTIVE, AddressState.ACTIVE)


async def test_who_wrote_after_the_message_left_has_changed_their_mind(
    sqlite: Database, vault: Vault
) -> None:
    async with sqlite.durable() as connection:
        who = await join(connection, vault, telegram("1"))
        await people.note_heard(connection, who.address.lane, LATER)
        assert await optouts.record(connection, {who.address.id: NOW}, LATER) == 0
        found = await people.find(connection, who.address.lane)
    assert found is not None
    assert found[1].state is AddressState.ACTIVE


async def test_a_wish_is_not_undone_by_what_a_channel_says(sqlite: Database, vault: Vault) -> None:
    async with sqlite.durable() as connection:
        who = await join(connection, vault, telegram("1"))
        await optouts.record(connection, {who.address.id: LATER}, LATER)
        await addresses.mark_working(connection, [who.address.id], LATER)
        rows = await addresses.of_person(connection, who.id)
        assert rows[0].state is AddressState.STOPPED
        assert await optouts.record(connection, {}, LATER) == 0


async def test_a_wish_outlives_that_the_address_goes_and_writes_again(
    database: Database, vault: Vault
) -> None:
    async with database.durable() as connection:
        who = await join(connection, vault, telegram("1"))
    await second(database, vault, who, "2")
    async with database.durable() as connection:
        await optouts.record(connection, {who.address.id: LATER}, LATER)
        assert await addresses.mark_gone(connection, [who.address.id], LATER) == 0
        assert await addresses.mark_lanes_gone(connection, [who.address.lane], LATER) == 0
        await people.note_heard(connection, who.address.lane, LATER)
        found = await people.find(connection, who.address.lane)
    assert found is not None
    assert found[1].state is AddressState.STOPPED
