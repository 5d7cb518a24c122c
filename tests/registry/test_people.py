"""Registering, consenting, stopping, resuming, on real databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from registry import addresses, audience, changes, people, settling, whereabouts
from registry.addresses import AddressState
from registry.destinations import destinations
from registry.errors import PersonUnknownError
from registry.lifecycle import PersonState
from registry.tables import change
from registry.ways import ways
from storage.database import Database
from storage.errors import SealError
from storage.vault import Vault
from tests.registry.newcomers import BANGKOK, NOW, REYKJAVIK, join, lane_of, telegram, webchat

LATER = NOW + timedelta(hours=1)


async def test_a_stranger_is_nobody_and_a_newcomer_is_found_again(database: Database, vault: Vault) -> None:
    address = telegram("no-such-4401")
    lane = lane_of(vault, address)
    async with database.durable() as connection:
        assert await people.find(connection, lane) is None
        person, own = await people.create(
            connection, vault, address, lane, language="th", drill=False, now=NOW
        )
    async with database.read() as connection:
        found = await people.find(connection, lane)
    assert found == (person, own)
    assert person.state is PersonState.NEW
    assert 0 < person.id < 2**53
    assert (person.language, person.language_chosen) == ("th", False)
    assert addresses.open_row(person.unlocked(vault), own) == address
    assert "no-such-4401" not in repr(found)


async def test_protection_needs_consent_and_a_place_in_either_order(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        consenting = await join(connection, vault, telegram("1"), place=None)
        placed = await join(connection, vault, telegram("2"), consent=None)
        assert (consenting.person.state, placed.person.state) == (PersonState.NEW, PersonState.NEW)
        assert (await audience.rows(connection)).person_id.size == 0
        assert (
            await whereabouts.set_home(connection, consenting.vault, consenting.id, BANGKOK, LATER)
            is PersonState.ACTIVE
        )
        assert await people.consent(connection, placed.id, "2026-11", LATER) is PersonState.ACTIVE
        assert sorted((await audience.rows(connection)).person_id) == sorted([consenting.id, placed.id])


async def test_who_stops_is_not_warned_until_they_resume(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        assert await people.stop(connection, somebody.id, LATER) is PersonState.STOPPED
        assert len(await audience.rows(connection)) == 0
        assert await ways(connection, [somebody.id]) == {}
        assert await audience.active(connection, [somebody.id]) == set()
        # Moving house or agreeing to a new notice is no wish to be warned again.
        state = await whereabouts.set_home(connection, somebody.vault, somebody.id, BANGKOK, LATER)
        assert state is PersonState.STOPPED
        assert await people.consent(connection, somebody.id, "2026-12", LATER) is PersonState.STOPPED
        state = await people.resume(connection, somebody.id, somebody.address.lane, LATER)
        assert state is PersonState.ACTIVE
        assert await audience.active(connection, [somebody.id]) == {somebody.id}


async def test_resuming_without_a_place_is_not_protection(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"), place=None)
        await people.stop(connection, somebody.id, LATER)
        state = await people.resume(connection, somebody.id, somebody.address.lane, LATER)
        assert state is PersonState.NEW


async def test_language_is_kept_once_chosen(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"), language="en")
        await people.choose_language(connection, somebody.id, "id", LATER)
        row = await people.get(connection, somebody.id)
    assert row is not None
    assert (row.language, row.language_chosen) == ("id", True)


async def test_an_address_that_writes_is_not_gone(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        other = await join(connection, vault, telegram("2"))
        lane = somebody.address.lane
        assert await addresses.mark_lanes_gone(connection, [lane, b"\0" * 32], LATER) == 1
        assert await addresses.mark_lanes_gone(connection, [lane], LATER) == 0
        reached = await ways(connection, [somebody.id, other.id])
        states = {who: [way.address_state for way in own] for who, own in reached.items()}
        assert states == {somebody.id: ["gone"], other.id: ["active"]}
        await people.note_heard(connection, lane, LATER)
        row = (await addresses.of_person(connection, somebody.id))[0]
    assert row.state is AddressState.ACTIVE
    assert row.last_inbound_at == LATER


async def test_writing_does_not_undo_a_stop_of_one_address(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        await connection.execute(addresses.address.update().values(state=AddressState.STOPPED.value))
        await people.note_heard(connection, somebody.address.lane, LATER)
        assert (await addresses.of_person(connection, somebody.id))[0].state is AddressState.STOPPED
        await people.resume(connection, somebody.id, somebody.address.lane, LATER)
        assert (await addresses.of_person(connection, somebody.id))[0].state is AddressState.ACTIVE


async def test_one_lane_belongs_to_one_person(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        await join(connection, vault, telegram("1"))
    with pytest.raises(IntegrityError):
        async with database.durable() as connection:
            await join(connection, vault, telegram("1"))


async def test_nobody_is_not_stopped(database: Database) -> None:
    async with database.durable() as connection:
        with pytest.raises(PersonUnknownError):
            await people.stop(connection, 12, NOW)
        with pytest.raises(PersonUnknownError):
            await settling.settle(connection, 12, NOW)
        assert await people.get(connection, 12) is None


async def test_every_change_that_matters_for_an_audience_is_in_the_feed(
    database: Database, vault: Vault
) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        quiet = await join(connection, vault, telegram("2"))

        async def newest() -> int:
            return (await changes.changes(connection, None))[0]

        for act in (
            lambda: people.stop(connection, somebody.id, LATER),
            lambda: people.resume(connection, somebody.id, somebody.address.lane, LATER),
            lambda: people.choose_language(connection, somebody.id, "id", LATER),
            lambda: whereabouts.set_home(connection, somebody.vault, somebody.id, BANGKOK, LATER),
            lambda: addresses.mark_lanes_gone(connection, [somebody.address.lane], LATER),
            lambda: people.note_heard(connection, somebody.address.lane, LATER),
            lambda: addresses.add(
                connection, somebody.vault, somebody.id, webchat("c"), b"c" * 32, drill=False, now=LATER
            ),
        ):
            before = await newest()
            await act()
            query = select(change.c.person_id).where(change.c.id > before)
            assert set((await connection.execute(query)).scalars()) == {somebody.id}
        before = await newest()
        await people.note_heard(connection, quiet.address.lane, LATER)
        assert await newest() == before  # an ordinary message changes nothing


async def test_an_address_moves_with_its_providers_new_name(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        taken = await join(connection, vault, telegram("2"))
        new = telegram("-100777")
        moved = await addresses.rename(
            connection, somebody.vault, somebody.address.id, new.value, lane_of(vault, new)
        )
        assert moved
        found = await people.find(connection, lane_of(vault, new))
        assert found is not None
        assert addresses.open_row(somebody.vault, found[1]) == new
        assert not await addresses.rename(
            connection, somebody.vault, somebody.address.id, "2", taken.address.lane
        )


async def test_addresses_stand_in_the_order_in_which_they_came(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        other = await join(connection, vault, telegram("9"))
        own = [somebody.address.id]
        for value in ("a", "b"):
            row = await addresses.add(
                connection,
                somebody.vault,
                somebody.id,
                webchat(value),
                lane_of(vault, webchat(value)),
                drill=False,
                now=LATER,
            )
            own.append(row.id)
        rows = await addresses.of_person(connection, somebody.id)
        assert [row.id for row in rows] == own
        assert [row.rank for row in rows] == [0, 1, 2]
        assert (await addresses.of_person(connection, other.id))[0].rank == 0


async def test_an_answer_goes_where_they_wrote_last(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        chat = await addresses.add(
            connection, somebody.vault, somebody.id, webchat("c"), b"c" * 32, drill=False, now=LATER
        )
        newest = await addresses.newest(connection, somebody.id)
        assert newest is not None
        assert newest.id == chat.id
        await people.note_heard(connection, somebody.address.lane, LATER + timedelta(minutes=1))
        newest = await addresses.newest(connection, somebody.id)
        assert newest is not None
        assert newest.id == somebody.address.id
        assert await addresses.mark_gone(connection, [somebody.address.id, chat.id], LATER) == 2
        assert await addresses.newest(connection, somebody.id) is None


async def test_a_sealed_address_opens_only_in_its_own_row(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        one = await join(connection, vault, telegram("1"))
        two = await join(connection, vault, telegram("2"), place=REYKJAVIK)
        found = await destinations(connection, [two.address.id, one.address.id])
    assert addresses.open_value(vault, found[two.address.id]) == "2"
    assert addresses.open_value(vault, found[one.address.id]) == "1"
    with pytest.raises(SealError):
        addresses.open_row(one.vault, two.address)
