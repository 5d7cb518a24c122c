"""Asking for help: one case however often one asks, a sealed thread, exact pins, merging, erasing."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from assistance import cases, store, thread
from assistance.errors import CaseClosedError, MessageRefusedError
from assistance.lifecycle import CaseState
from assistance.store import CaseRow
from assistance.tables import case_message, help_case
from assistance.thread import CITIZEN, SYSTEM, MessageKind
from bot.messages import Pin
from registry.erasure import ErasedList, erase
from registry.errors import PersonUnknownError
from registry.merging import merge
from registry.people import get
from staff.audit import append, newest
from storage.database import Database
from storage.errors import SealError
from storage.vault import Vault
from tests.assistance.bench import EVERYWHERE, StandingClock, acts, ask, desk_of
from tests.registry.newcomers import NOW, join, telegram, webchat

LATER = NOW + timedelta(minutes=5)


async def test_one_event_one_case_however_often_they_press(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        first = await ask(connection, somebody, "press-1", event_id=7)
        assert await ask(connection, somebody, "press-1", event_id=7, now=LATER) == first
        assert await ask(connection, somebody, "press-2", event_id=7, now=LATER) == first
        outside = await ask(connection, somebody, "press-3", now=LATER)
        assert outside.id != first.id
        assert await ask(connection, somebody, "press-4", now=LATER) == outside
        other = await join(connection, vault, telegram("2"))
        assert (await ask(connection, other, "press-5", event_id=7)).id not in {first.id, outside.id}
        recorded = await acts(connection)
    assert first == CaseRow(
        id=first.id, code=first.code, event_id=7, person_id=somebody.id, country="IS", drill=False,
        state=CaseState.OPEN, officer_id=None, opened_at=NOW, changed_at=NOW, closed_at=None,
    )  # fmt: skip
    assert [action for _, action, _ in recorded] == ["case.open"] * 3
    assert recorded[0] == ("citizen", "case.open", f"case:{first.code}")


async def test_a_code_has_no_sign_that_is_misread(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        codes = {(await ask(connection, somebody, str(n), event_id=n)).code for n in range(30)}
    assert len(codes) == 30
    assert all(len(code) == 6 and set(code) <= set(store.ALPHABET) for code in codes)
    assert not set("AEIOUL01") & set(store.ALPHABET)


async def test_two_channels_at_once_open_one_case(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))

    async def press(key: str) -> int:
        async with database.durable() as connection:
            return (await ask(connection, somebody, key, event_id=7)).id

    assert len(set(await asyncio.gather(*(press(f"press-{n}") for n in range(5))))) == 1
    async with database.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(help_case))).scalar_one() == 1


async def test_a_stranger_has_no_case(database: Database) -> None:
    async with database.durable() as connection:
        with pytest.raises(PersonUnknownError):
            await cases.open_case(
                connection,
                person_id=12,
                event_id=None,
                country="",
                drill=False,
                key="k",
                now=NOW,
                audit=append,
            )


async def test_words_and_exact_pins_are_kept_in_order_and_sealed(database: Database, vault: Vault) -> None:
    pin = Pin(64.14660000000001, -21.942600000000002)
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        stranger = await join(connection, vault, telegram("2"))
        case = await ask(connection, somebody, "press")
        write = [case.id, CITIZEN, MessageKind.TEXT]
        assert await cases.add_message(connection, somebody.vault, *write, "ที่โรงแรม ชั้น 3", key="m1", now=NOW)
        assert await cases.add_pin(connection, somebody.vault, case.id, pin, key="m2", now=NOW)
        assert not await cases.add_pin(connection, somebody.vault, case.id, pin, key="m2", now=LATER)
        assert await cases.add_message(
            connection, somebody.vault, case.id, SYSTEM, MessageKind.TEXT, "asked where", key="m3", now=NOW
        )
        found = await thread.read(connection, somebody.vault, case.id)
        assert [(item.author, item.kind, item.text, item.pin) for item in found] == [
            ("citizen", "text", "ที่โรงแรม ชั้น 3", None),
            ("citizen", "pin", "", pin),
            ("system", "text", "asked where", None),
        ]
        assert "โรงแรม" not in repr(found)
        assert "64.14" not in repr(found)
        with pytest.raises(SealError):
            await thread.read(connection, stranger.vault, case.id)
        # A row that was copied over another one does not open there.
        bodies = (await connection.execute(select(case_message.c.id, case_message.c.body))).all()
        await connection.execute(
            case_message.update().where(case_message.c.id == bodies[0].id).values(body=bodies[2].body)
        )
        with pytest.raises(SealError):
            await thread.read(connection, somebody.vault, case.id)


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        (MessageKind.TEXT, "", "message_length"),
        (MessageKind.TEXT, "  \n", "message_length"),
        (MessageKind.TEXT, "x" * 4_001, "message_length"),
        (MessageKind.PIN, "here", "pin_form"),
        (MessageKind.PIN, "[1]", "pin_form"),
        (MessageKind.PIN, "[91, 0]", "pin_form"),
        (MessageKind.PIN, "[NaN, 0]", "pin_form"),
        (MessageKind.PIN, "12", "pin_form"),
    ],
)
async def test_what_is_no_message_is_refused(
    sqlite: Database, vault: Vault, kind: MessageKind, text: str, code: str
) -> None:
    async with sqlite.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        case = await ask(connection, somebody, "press")
        with pytest.raises(MessageRefusedError) as refused:
            await cases.add_message(
                connection, somebody.vault, case.id, CITIZEN, kind, text, key="k", now=NOW
            )
        assert refused.value.code == code
        assert await thread.read(connection, somebody.vault, case.id) == []


async def test_a_very_long_key_is_still_one_key(sqlite: Database, vault: Vault) -> None:
    async with sqlite.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        case = await ask(connection, somebody, "press")
        write = [case.id, CITIZEN, MessageKind.TEXT, "hello"]
        keys = ["k" * 200 + end for end in ("a", "b", "a")]
        written = [
            await cases.add_message(connection, somebody.vault, *write, key=key, now=NOW) for key in keys
        ]
        assert written == [True, True, False]
        assert len(await thread.read(connection, somebody.vault, case.id)) == 2


async def test_the_citizen_may_write_until_it_is_closed(database: Database, vault: Vault) -> None:
    clock = StandingClock(LATER)
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        case = await ask(connection, somebody, "press", event_id=7)
        assert await cases.current(connection, somebody.id) == case
        await desk_of(vault, clock).close(connection, EVERYWHERE, case.id)
        assert await cases.current(connection, somebody.id) is None
        for author in (CITIZEN, SYSTEM):
            with pytest.raises(CaseClosedError):
                await cases.add_message(
                    connection, somebody.vault, case.id, author, MessageKind.TEXT, "?", key="k", now=LATER
                )
        assert await thread.read(connection, somebody.vault, case.id) == []
        assert (await ask(connection, somebody, "press", event_id=7)).id == case.id  # the same press
        again = await ask(connection, somebody, "press again", event_id=7, now=LATER)
        assert again.id != case.id
        assert again.state is CaseState.OPEN


async def test_only_the_citizens_words_make_a_case_wait_again(sqlite: Database, vault: Vault) -> None:
    async with sqlite.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        case = await ask(connection, somebody, "press")
        await desk_of(vault, StandingClock(LATER)).answer(
            connection, EVERYWHERE, case.id, "Hello.", key="form"
        )
        for author, state in ((SYSTEM, CaseState.ANSWERED), (CITIZEN, CaseState.OPEN)):
            await cases.add_message(
                connection, somebody.vault, case.id, author, MessageKind.TEXT, "?", key=author, now=LATER
            )
            assert (await store.get(connection, case.id)).state is state


async def test_what_they_write_belongs_to_the_case_that_changed_last(sqlite: Database, vault: Vault) -> None:
    async with sqlite.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        old = await ask(connection, somebody, "one", event_id=1, now=NOW)
        new = await ask(connection, somebody, "two", event_id=2, now=LATER)
        assert await cases.current(connection, somebody.id) == new
        await cases.add_message(
            connection, somebody.vault, old.id, CITIZEN, MessageKind.TEXT, "x", key="k",
            now=LATER + timedelta(minutes=1),
        )  # fmt: skip
        current = await cases.current(connection, somebody.id)
        assert current is not None
        assert current.id == old.id


async def test_cases_move_with_a_merged_registration_and_still_open(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        old = await join(connection, vault, telegram("old"))
        new = await join(connection, vault, webchat("new"), now=LATER)
        case = await ask(connection, new, "press")
        await cases.add_message(
            connection, new.vault, case.id, CITIZEN, MessageKind.TEXT, "canary words", key="k", now=LATER
        )
        await merge(connection, vault, old.id, new.id, LATER, [cases.carry])
        assert (await store.get(connection, case.id)).person_id == old.id
        row = await get(connection, old.id)
        assert row is not None
        found = await thread.read(connection, row.unlocked(vault), case.id)
        assert [item.text for item in found] == ["canary words"]


async def test_an_erased_person_leaves_no_case(
    database: Database, vault: Vault, tmp_path_factory: pytest.TempPathFactory
) -> None:
    erased = ErasedList(tmp_path_factory.mktemp("outside") / "erased")
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        other = await join(connection, vault, telegram("2"))
        for who in (somebody, other):
            case = await ask(connection, who, f"press-{who.id}")
            await cases.add_message(
                connection, who.vault, case.id, CITIZEN, MessageKind.TEXT, "words", key=str(who.id), now=NOW
            )
        await erase(connection, vault, somebody.id, erased, LATER, [cases.forget])
        assert (await connection.execute(select(help_case.c.person_id))).scalars().all() == [other.id]
        assert (await connection.execute(select(func.count()).select_from(case_message))).scalar_one() == 1


async def test_the_audit_chain_knows_ids_and_codes_only(sqlite: Database, vault: Vault) -> None:
    async with sqlite.durable() as connection:
        somebody = await join(connection, vault, telegram("canary"))
        case = await ask(connection, somebody, "canary-key", event_id=7)
        entry = (await newest(connection))[0]
    assert entry.detail == {"person": somebody.id, "event": 7, "drill": False}
    assert "canary" not in repr((entry, case))
