"""Two registrations become one and nothing is lost."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from places.cells import cell_of
from registry import addresses, audience, changes, people, phones, trips, whereabouts
from registry.addresses import AddressState
from registry.errors import MergeRefusedError, PersonUnknownError
from registry.lifecycle import PersonState
from registry.merging import Merged, merge
from registry.tables import phone
from registry.whereabouts import Whereabouts, WhereaboutsKind
from storage.database import Database
from storage.errors import SealError
from storage.vault import Vault
from tests.registry.newcomers import BANGKOK, JAPAN, NOW, REYKJAVIK, Newcomer, join, telegram, webchat

DAY = timedelta(days=1)
TRIP = Whereabouts(WhereaboutsKind.TRIP, cell_of(-8.65, 115.22), 12.0, "ID", "ID-BA", "Denpasar")


async def fresh(connection: AsyncConnection, person_id: int) -> people.PersonRow:
    row = await people.get(connection, person_id)
    assert row is not None
    return row


@pytest.mark.parametrize("swapped", [False, True])
async def test_everything_is_there_afterwards_under_the_older_id(
    database: Database, vault: Vault, swapped: bool
) -> None:
    async with database.durable() as connection:
        old = await join(connection, vault, telegram("old"), place=REYKJAVIK, language="en")
        new = await join(connection, vault, webchat("new"), place=BANGKOK, now=NOW + DAY)
        await people.choose_language(connection, new.id, "vi", NOW + DAY)
        await trips.add(connection, old.vault, old.id, TRIP, NOW, NOW + 9 * DAY, NOW)
        await trips.add(connection, new.vault, new.id, TRIP, NOW + DAY, NOW + 3 * DAY, NOW)
        await phones.save(connection, vault, new.vault, new.id, phones.read("+66812345678"), NOW)
        before, _ = await changes.changes(connection, None)
        ids = (new.id, old.id) if swapped else (old.id, new.id)
        merged = await merge(connection, vault, *ids, NOW + 2 * DAY)
        assert (merged.survivor_id, merged.absorbed_id) == (old.id, new.id)

        row = await fresh(connection, old.id)
        assert (row.state, row.language, row.language_chosen) == (PersonState.ACTIVE, "vi", True)
        keys = row.unlocked(vault)
        own = await addresses.of_person(connection, old.id)
        assert [(item.channel, item.rank) for item in own] == [("telegram", 0), ("webchat", 1)]
        assert [addresses.open_row(keys, item).value for item in own] == ["old", "new"]
        places = await whereabouts.of_person(connection, old.id)
        standing = sorted(
            (item.kind, item.country, whereabouts.label_of(keys, item))
            for item in places
            if item.valid_to is None or item.kind is WhereaboutsKind.TRIP
        )
        assert standing == [("pin", "TH", ""), ("trip", "ID", "Denpasar"), ("trip", "ID", "Denpasar")]
        assert len(places) == 4
        number = await phones.of_person(connection, keys, old.id)
        assert number is not None
        assert number.number == "+66812345678"

        gone = await fresh(connection, new.id)
        assert (gone.state, gone.merged_into, gone.data_key) == (PersonState.MERGED, old.id, None)
        with pytest.raises(SealError):
            gone.unlocked(vault)
        _, changed = await changes.changes(connection, before)
        assert {old.id, new.id} <= set(changed)
        assert await audience.active(connection, [old.id, new.id]) == {old.id}


async def test_the_place_confirmed_last_wins_whoever_had_it(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        old = await join(connection, vault, telegram("old"), place=REYKJAVIK)
        new = await join(connection, vault, webchat("new"), place=BANGKOK, now=NOW + DAY)
        await whereabouts.set_home(connection, old.vault, old.id, JAPAN, NOW + 2 * DAY)
        await merge(connection, vault, old.id, new.id, NOW + 3 * DAY)
        base = await whereabouts.base(connection, old.id)
        assert base is not None
        assert base.country == "JP"
        open_bases = [row for row in await whereabouts.of_person(connection, old.id) if row.valid_to is None]
        assert len(open_bases) == 1


@pytest.mark.parametrize(
    ("mine", "theirs", "stands"),
    [("+66812345678", None, "+66812345678"), ("+66812345678", "+84912345678", "+84912345678")],
)
async def test_the_phone_given_last_stands(
    database: Database, vault: Vault, mine: str, theirs: str | None, stands: str
) -> None:
    async with database.durable() as connection:
        old = await join(connection, vault, telegram("old"))
        new = await join(connection, vault, webchat("new"), now=NOW + DAY)
        await phones.save(connection, vault, old.vault, old.id, phones.read(mine), NOW)
        if theirs:
            await phones.save(connection, vault, new.vault, new.id, phones.read(theirs), NOW + DAY)
        await merge(connection, vault, old.id, new.id, NOW + 2 * DAY)
        found = await phones.of_person(connection, old.vault, old.id)
        assert found is not None
        assert found.number == stands
        assert len((await connection.execute(select(phone))).all()) == 1


async def test_who_said_stop_on_one_channel_is_still_warned_on_the_other(
    database: Database, vault: Vault
) -> None:
    async with database.durable() as connection:
        for value, stopper in (("a", 0), ("b", 1)):
            old = await join(connection, vault, telegram(value), place=REYKJAVIK)
            new = await join(connection, vault, webchat(value), place=None, now=NOW + DAY)
            await people.stop(connection, (old, new)[stopper].id, NOW + DAY)
            await merge(connection, vault, old.id, new.id, NOW + 2 * DAY)
            row = await fresh(connection, old.id)
            assert row.state is PersonState.ACTIVE
            states = {item.channel: item.state for item in await addresses.of_person(connection, old.id)}
            stopped = ("telegram", "webchat")[stopper]
            assert states.pop(stopped) is AddressState.STOPPED  # type: ignore[call-overload] # StrEnum keys
            assert list(states.values()) == [AddressState.ACTIVE]


async def test_two_who_stopped_stay_stopped(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        old = await join(connection, vault, telegram("1"))
        new = await join(connection, vault, webchat("2"), now=NOW + DAY)
        for somebody in (old, new):
            await people.stop(connection, somebody.id, NOW + DAY)
        await merge(connection, vault, new.id, old.id, NOW + 2 * DAY)
        assert (await fresh(connection, old.id)).state is PersonState.STOPPED
        assert await people.resume(connection, old.id, old.address.lane, NOW + 3 * DAY) is PersonState.ACTIVE


async def test_a_stopped_ones_consent_is_not_the_others(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        old = await join(connection, vault, telegram("1"))
        new = await join(connection, vault, webchat("2"), consent=None, place=None, now=NOW + DAY)
        await people.stop(connection, old.id, NOW + DAY)
        await merge(connection, vault, new.id, old.id, NOW + 2 * DAY)
        row = await fresh(connection, old.id)
        assert (row.state, row.consent_version) == (PersonState.NEW, None)


async def test_halves_make_a_protected_whole(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        old = await join(connection, vault, telegram("1"), place=None)
        new = await join(connection, vault, webchat("2"), consent=None, now=NOW + DAY)
        await merge(connection, vault, old.id, new.id, NOW + 2 * DAY)
        assert (await fresh(connection, old.id)).state is PersonState.ACTIVE


async def test_what_cannot_be_one_is_refused_and_stays_as_it_was(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        one = await join(connection, vault, telegram("1"))
        drill = await join(connection, vault, telegram("2"), drill=True)
        two = await join(connection, vault, telegram("3"), now=NOW + DAY)
        await merge(connection, vault, one.id, two.id, NOW + DAY)

        async def refused(one_id: int, other_id: int) -> str:
            with pytest.raises(MergeRefusedError) as error:
                await merge(connection, vault, one_id, other_id, NOW + DAY)
            return error.value.code

        assert await refused(one.id, one.id) == "same"
        assert await refused(one.id, drill.id) == "drill"
        assert await refused(two.id, one.id) == "ended"
        with pytest.raises(PersonUnknownError):
            await merge(connection, vault, one.id, 12, NOW)
        assert [row.rank for row in await addresses.of_person(connection, one.id)] == [0, 1]


async def test_others_take_their_data_along_in_the_same_transaction(database: Database, vault: Vault) -> None:
    seen: list[tuple[int, int]] = []
    async with database.durable() as connection:
        old = await join(connection, vault, telegram("1"))
        new = await join(connection, vault, webchat("2"), now=NOW + DAY)

    async def take(connection: AsyncConnection, merged: Merged) -> None:
        own = await addresses.of_person(connection, merged.survivor_id)
        assert len(own) == 2
        seen.append((merged.survivor_id, merged.absorbed_id))
        raise RuntimeError("the other folder cannot")

    with pytest.raises(RuntimeError):
        async with database.durable() as connection:
            await merge(connection, vault, old.id, new.id, NOW + DAY, [take])
    assert seen == [(old.id, new.id)]
    async with database.read() as connection:
        found = await people.find(connection, new.address.lane)
    assert found is not None
    assert found[0].id == new.id  # nothing half done


async def test_a_step_of_the_other_channel_and_a_merge_do_not_wait_for_each_other(
    database: Database, vault: Vault
) -> None:
    async with database.durable() as connection:
        old = await join(connection, vault, telegram("1"))
        new = await join(connection, vault, webchat("2"), now=NOW + DAY)
    wrote, go_on = asyncio.Event(), asyncio.Event()

    async def step() -> None:
        async with database.durable() as connection:
            await people.note_heard(connection, new.address.lane, NOW + DAY)
            wrote.set()
            if database.dialect == "postgresql":
                await asyncio.wait_for(go_on.wait(), 10)
            await people.stop(connection, new.id, NOW + DAY)

    async def joining() -> None:
        await wrote.wait()
        async with database.durable() as connection:
            go_on.set()
            await merge(connection, vault, old.id, new.id, NOW + 2 * DAY)

    await asyncio.gather(step(), joining())
    async with database.read() as connection:
        states = [row.state for row in await addresses.of_person(connection, old.id)]
    assert states == [AddressState.ACTIVE, AddressState.STOPPED]


async def test_signposts_lead_to_the_last_survivor(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        members: list[Newcomer] = [
            await join(connection, vault, telegram(str(day)), now=NOW + day * DAY) for day in range(3)
        ]
        await merge(connection, vault, members[2].id, members[1].id, NOW + 3 * DAY)
        await merge(connection, vault, members[1].id, members[0].id, NOW + 4 * DAY)
        ends = [(await fresh(connection, somebody.id)).merged_into for somebody in members]
        assert ends == [None, members[0].id, members[0].id]
        assert len(await addresses.of_person(connection, members[0].id)) == 3
