"""What was asked is sealed, waits for the right officers, is counted, carried along, and goes in the end."""

from datetime import timedelta

import pytest

from assistance.faq import questions, store
from assistance.faq.errors import EntryUnknownError
from assistance.faq.questions import KEEP, QuestionState, Usefulness
from registry.merging import merge
from storage.database import Database
from storage.errors import SealError
from storage.vault import Vault
from tests.registry.newcomers import NOW, Newcomer, join, telegram, webchat


async def ask(connection: object, somebody: Newcomer, text: str, **more: object) -> int:
    """Write down a question of somebody in Iceland that nobody could answer."""
    values = {"country": "IS", "state": QuestionState.UNANSWERED, "now": NOW, **more}
    return await questions.add(
        connection, somebody.vault, text, key=f"event:{text}", person_id=somebody.id, language="vi",
        drill=False, score=0.1, **values,
    )  # type: ignore[arg-type]  # fmt: skip


async def test_long_names_that_end_alike_are_two_questions(sqlite: Database, vault: Vault) -> None:
    ends = "x" * 80
    async with sqlite.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        for begins in ("one", "two"):
            await ask(connection, somebody, begins + ends)
        waiting = await questions.waiting(connection, None)
        assert {row.text(somebody.vault) for row in waiting} == {"one" + ends, "two" + ends}


async def test_it_waits_for_officers_of_its_country(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        first = await ask(connection, somebody, "vẹt")
        second = await ask(connection, somebody, "mèo", country="JP", state=QuestionState.REFUSED)
        await ask(connection, somebody, "chó", state=QuestionState.ANSWERED)
        waiting = await questions.waiting(connection, None)
        assert [(row.id, row.text(somebody.vault)) for row in waiting] == [(second, "mèo"), (first, "vẹt")]
        assert [row.id for row in await questions.waiting(connection, {"IS"})] == [first]
        assert await questions.waiting(connection, set()) == []
        await questions.settle(connection, [first])
        assert [row.id for row in await questions.by_ids(connection, [first, second])] == [second]
        assert b"v\xe1\xba\xb9t" not in waiting[1].body


async def test_nobody_else_opens_it(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        somebody, other = [await join(connection, vault, telegram(name)) for name in ("1", "2")]
        number = await ask(connection, somebody, "vẹt")
        row = await questions.of_person(connection, number, somebody.id)
        with pytest.raises(EntryUnknownError):
            await questions.of_person(connection, number, other.id)
        with pytest.raises(SealError):
            row.text(other.vault)


async def test_how_useful_an_entry_was(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        entry = await store.make_entry(connection, "parrot", NOW)
        states = [QuestionState.ANSWERED, QuestionState.ANSWERED, QuestionState.REFUSED]
        for number, state in enumerate(states):
            await ask(connection, somebody, f"q{number}", state=state, entry_id=entry, direct=number == 0)
        old = NOW - timedelta(days=100)
        await ask(connection, somebody, "old", state=QuestionState.ANSWERED, entry_id=entry, now=old)
        since = NOW - timedelta(days=90)
        assert await questions.usefulness(connection, since) == {entry: Usefulness(3, 1, 1)}


async def test_it_is_carried_along_and_forgotten(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        both = [await join(connection, vault, address) for address in (telegram("1"), webchat("2"))]
        asked = {await ask(connection, one, f"vẹt {one.id}") for one in both}
        merged = await merge(connection, vault, both[0].id, both[1].id, NOW, carry=[questions.carry])
        for number in asked:
            row = await questions.of_person(connection, number, merged.survivor_id)
            assert row.text(merged.survivor_vault).startswith("vẹt")
        [survivor] = [one for one in both if one.id == merged.survivor_id]
        await ask(connection, survivor, "old", now=NOW - KEEP - timedelta(seconds=1))
        assert await questions.purge(connection, NOW) == 1
        await questions.forget(connection, survivor.id)
        assert await questions.waiting(connection, None) == []
