"""Erasing: what is left of a person, the list outside the database, and a backup that comes back."""

import shutil
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.tables import conversation, inbox, outbox, webchat, webchat_message
from registry import addresses, audience, changes, links, people, phones, prompts, watches
from registry.erasure import ErasedList, Replayed, erase, replay
from registry.errors import ErasedListError, PersonUnknownError
from registry.lifecycle import PersonState
from registry.merging import merge
from registry.prompts import PromptKind
from registry.tables import address, link_code, link_try, phone, prompt, watch, whereabouts
from storage.database import Database, open_database
from storage.errors import SealError
from storage.vault import Vault
from tests.registry.newcomers import NOW, Newcomer, join, telegram
from tests.registry.newcomers import webchat as chat_address

DAY = timedelta(days=1)


@pytest.fixture
def erased(tmp_path: Path) -> ErasedList:
    return ErasedList(tmp_path / "outside" / "erased")


async def talk(connection: AsyncConnection, somebody: Newcomer, chat: str | None) -> None:
    """What a conversation leaves behind on the person's lane."""
    lane, name = somebody.address.lane, f"k{somebody.id}"
    await connection.execute(conversation.insert().values(lane=lane, state=b"sealed", updated_at=NOW))
    await connection.execute(link_try.insert().values(lane=lane, at=NOW))
    for state in ("done", "failed", "new"):
        await connection.execute(
            inbox.insert().values(
                key=f"{name}{state}", channel="telegram", account="main", kind="inbound", lane=lane,
                partition=0, body=b"sealed", received_at=NOW, state=state, attempts=0, next_at=NOW,
            )
        )  # fmt: skip
    for state in ("sent", "waiting", "sending"):
        await connection.execute(
            outbox.insert().values(
                key=f"{name}{state}", lane=lane, channel="telegram", account="main", address=b"sealed",
                body=b"sealed", drill=False, created_at=NOW, state=state, attempts=0, next_at=NOW,
            )
        )  # fmt: skip
    if chat is not None:
        await connection.execute(
            webchat.insert().values(chat=chat, token_hash=chat.encode() * 4, created_at=NOW, seen_at=NOW)
        )
        await connection.execute(
            webchat_message.insert().values(
                chat=chat, key=name, from_citizen=True, body=b"sealed", created_at=NOW
            )
        )


async def left(connection: AsyncConnection, person_id: int) -> list[str]:
    """The tables that still hold a row of this person."""
    return [
        table.name
        for table in (address, whereabouts, phone, link_code, watch, prompt)
        if (await connection.execute(select(table).where(table.c.person_id == person_id))).first()
    ]


async def test_nothing_but_a_random_id_is_left(database: Database, vault: Vault, erased: ErasedList) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, chat_address("chat0001"))
        neighbour = await join(connection, vault, chat_address("chat0002"))
        for person, chat in ((somebody, "chat0001"), (neighbour, "chat0002")):
            await talk(connection, person, chat)
            await phones.save(connection, vault, person.vault, person.id, phones.read("+66812345678"), NOW)
            await links.make_code(connection, vault, person.id, NOW)
            await watches.add(connection, person.id, "TH", NOW)
            assert await prompts.claim(connection, person.id, PromptKind.STILL, None, NOW)
        forgotten: list[int] = []

        async def forget(_: AsyncConnection, person_id: int) -> None:
            forgotten.append(person_id)

        before, _ = await changes.changes(connection, None)
        await erase(connection, vault, somebody.id, erased, NOW + DAY, [forget])
        assert forgotten == [somebody.id]
        assert await left(connection, somebody.id) == []
        assert await left(connection, neighbour.id) == [
            "address", "whereabouts", "phone", "link_code", "watch", "prompt"
        ]  # fmt: skip
        row = await people.get(connection, somebody.id)
        assert row is not None
        assert (row.state, row.data_key, row.consent_version, row.language) == (
            PersonState.ERASED, None, None, ""
        )  # fmt: skip
        with pytest.raises(SealError):
            row.unlocked(vault)
        assert await people.find(connection, somebody.address.lane) is None
        assert somebody.id in (await changes.changes(connection, before))[1]

        lane = somebody.address.lane
        for table in (conversation, link_try):
            rows = (await connection.execute(select(table.c.lane))).scalars().all()
            assert rows == [neighbour.address.lane]
        bodies = await connection.execute(select(inbox.c.state, inbox.c.body).where(inbox.c.lane == lane))
        assert {row.state: row.body for row in bodies} == {"done": None, "failed": None, "new": b"sealed"}
        sending = await connection.execute(select(outbox.c.state).where(outbox.c.lane == lane))
        assert sending.scalars().all() == ["sending"]
        chats = (await connection.execute(select(webchat_message.c.chat))).scalars().all()
        assert chats == ["chat0002"]
    assert await erased.read() == [somebody.id]


async def test_erasing_twice_is_once_and_nobody_cannot_be_erased(
    database: Database, vault: Vault, erased: ErasedList
) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        for _ in range(2):
            await erase(connection, vault, somebody.id, erased, NOW)
        with pytest.raises(PersonUnknownError):
            await erase(connection, vault, somebody.id + 1, erased, NOW)
    assert await erased.read() == [somebody.id]


async def test_the_same_lane_may_begin_anew_as_a_stranger(
    database: Database, vault: Vault, erased: ErasedList
) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        await erase(connection, vault, somebody.id, erased, NOW)
        again = await join(connection, vault, telegram("1"))
        assert again.id != somebody.id
        assert again.person.state is PersonState.ACTIVE
        assert await replay(connection, vault, erased, NOW) == Replayed(again=0, gone=1)
        assert await audience.active(connection, [somebody.id, again.id]) == {again.id}


async def test_when_the_list_cannot_be_written_nobody_is_erased(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
    with pytest.raises(ErasedListError):
        async with database.durable() as connection:
            await erase(connection, vault, somebody.id, ErasedList(tmp_path / "file" / "erased"), NOW)
    async with database.read() as connection:
        assert await audience.active(connection, [somebody.id]) == {somebody.id}


async def test_an_address_nobody_can_open_does_not_stop_an_erasure(
    database: Database, vault: Vault, erased: ErasedList
) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, chat_address("chat0001"))
        await connection.execute(address.update().values(value=b"damaged by a bad disk"))
        await erase(connection, vault, somebody.id, erased, NOW)
        assert await left(connection, somebody.id) == []


async def test_a_restored_backup_forgets_them_again(
    sqlite_template: Path, tmp_path: Path, vault: Vault, erased: ErasedList
) -> None:
    live, backup = tmp_path / "live.db", tmp_path / "backup.db"
    shutil.copy(sqlite_template, live)
    database = open_database(f"sqlite:///{live}")
    async with database.durable() as connection:
        kept = await join(connection, vault, telegram("kept"))
        plain = await join(connection, vault, telegram("plain"))
        old = await join(connection, vault, telegram("old"))
        new = await join(connection, vault, telegram("new"), now=NOW + DAY)
    async with database.read() as connection:
        await connection.exec_driver_sql("COMMIT")
        await connection.exec_driver_sql("VACUUM INTO ?", (str(backup),))
        await connection.exec_driver_sql("BEGIN")
    async with database.durable() as connection:
        await erase(connection, vault, plain.id, erased, NOW + DAY)
        await merge(connection, vault, old.id, new.id, NOW + DAY)
        await erase(connection, vault, old.id, erased, NOW + 2 * DAY)
    await database.close()

    restored = open_database(f"sqlite:///{backup}")
    async with restored.durable() as connection:
        everybody = [kept.id, plain.id, old.id, new.id]
        assert await audience.active(connection, everybody) == set(everybody)
        # Both names of somebody who had linked two channels are listed: the backup does not join them.
        assert await replay(connection, vault, erased, NOW + 3 * DAY) == Replayed(again=3, gone=0)
        assert await replay(connection, vault, erased, NOW + 3 * DAY) == Replayed(again=0, gone=3)
        assert await audience.active(connection, everybody) == {kept.id}
        for person in (plain, old, new):
            assert await left(connection, person.id) == []
        rows = await addresses.of_person(connection, kept.id)
        assert addresses.open_row(kept.vault, rows[0]).value == "kept"
    await restored.close()


async def test_the_list_survives_a_line_cut_short_and_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "erased"
    erased = ErasedList(path)
    assert await erased.read() == []
    await erased.append([2**53 - 1, 7])
    with path.open("a") as torn:
        torn.write("0000000000")  # a crash in the middle of a line: it would read as 0 or another's id
    await erased.append([9, 7])
    assert await erased.read() == [2**53 - 1, 7, 9]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_list_nobody_can_read_is_not_taken_for_an_empty_one(
    database: Database, vault: Vault, erased: ErasedList, tmp_path: Path
) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        await erased.append([somebody.id])
        with (tmp_path / "outside" / "erased").open("a") as damaged:
            damaged.write("no hexadecimal\n")
        for unreadable in (erased, ErasedList(tmp_path)):
            with pytest.raises(ErasedListError):
                await replay(connection, vault, unreadable, NOW)
        assert await audience.active(connection, [somebody.id]) == {somebody.id}


@settings(deadline=None, max_examples=40)  # it waits for a disk
@given(st.lists(st.integers(1, 2**53 - 1), max_size=20), st.integers(0, 400))
def test_whatever_is_cut_off_the_end_only_whole_ids_are_read(
    tmp_path_factory: pytest.TempPathFactory, ids: list[int], cut: int
) -> None:
    path = tmp_path_factory.mktemp("list") / "erased"
    erased = ErasedList(path)
    erased._append(ids)
    text = path.read_text()[: cut or None]
    path.write_text(text)
    read = erased._read()
    assert read == list(dict.fromkeys(ids))[: len(read)]
