"""Officers and cases: whose case it is, answers that arrive once, closing, deleting, what is recorded."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from assistance import cases, store, thread
from assistance.errors import (
    CaseClosedError,
    CaseStillOpenError,
    CaseUnknownError,
    MessageRefusedError,
    NotYourCaseError,
    UnreachableError,
)
from assistance.lifecycle import CaseState
from assistance.tables import case_message
from assistance.thread import CITIZEN, MessageKind
from registry import addresses, people
from staff.officers import Officer
from storage.database import Database
from storage.vault import Vault
from tests.assistance.bench import (
    AUTHOR,
    EVERYWHERE,
    ICELAND,
    THAILAND,
    StandingClock,
    acts,
    ask,
    desk_of,
    sent,
)
from tests.registry.newcomers import NOW, join, lane_of, telegram, webchat

LATER = NOW + timedelta(minutes=5)


async def test_an_answer_is_kept_sent_and_recorded_together(database: Database, vault: Vault) -> None:
    desk = desk_of(vault, StandingClock(LATER))
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"), language="vi")
        case = await ask(connection, somebody, "press")
        answered = await desk.answer(connection, ICELAND, case.id, "Stay inside.", key="form-1")
        assert (answered.state, answered.officer_id, answered.changed_at) == (
            CaseState.ANSWERED, ICELAND.id, LATER
        )  # fmt: skip
        _, messages = await desk.read(connection, ICELAND, case.id)
        assert [(item.author, item.text) for item in messages] == [("officer:1", "Stay inside.")]
        out = await sent(connection, vault)
        assert len(out) == 1
        assert out[0][0] == somebody.address.lane
        assert f"{case.code}: Stay inside." in out[0][1]
        assert '"vi"' in out[0][1]
        assert [act[:2] for act in await acts(connection)] == [
            ("citizen", "case.open"),
            ("officer:1", "case.answer"),
            ("officer:1", "case.read"),
        ]


async def test_the_same_form_sent_twice_answers_once(database: Database, vault: Vault) -> None:
    desk = desk_of(vault, StandingClock(LATER))
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        one = await ask(connection, somebody, "press-1", event_id=1)
        two = await ask(connection, somebody, "press-2", event_id=2)
        for case in (one, one, two):
            await desk.answer(connection, ICELAND, case.id, "Help is coming.", key="form")
        assert len(await sent(connection, vault)) == 2
        assert [action for _, action, _ in await acts(connection)].count("case.answer") == 2


async def test_when_it_cannot_be_sent_nothing_is_kept(database: Database, vault: Vault) -> None:
    desk = desk_of(vault, StandingClock(LATER))
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        case = await ask(connection, somebody, "press")
        await addresses.mark_gone(connection, [somebody.address.id], NOW)
        before = await acts(connection)
        with pytest.raises(UnreachableError):
            await desk.answer(connection, ICELAND, case.id, "Help is coming.", key="form")
        assert await store.get(connection, case.id) == case
        assert await sent(connection, vault) == []
        assert (await connection.execute(select(func.count()).select_from(case_message))).scalar_one() == 0
        assert await acts(connection) == before


async def test_an_answer_follows_the_person_and_a_stop_does_not_silence_it(
    database: Database, vault: Vault
) -> None:
    desk = desk_of(vault, StandingClock(LATER))
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        lane = lane_of(vault, webchat("c"))
        await addresses.add(
            connection, somebody.vault, somebody.id, webchat("c"), lane, drill=False, now=LATER
        )
        case = await ask(connection, somebody, "press")
        await people.stop(connection, somebody.id, LATER)
        await desk.answer(connection, ICELAND, case.id, "We are here.", key="form")
        assert [item[0] for item in await sent(connection, vault)] == [lane]


async def test_a_drill_stays_a_drill(database: Database, vault: Vault) -> None:
    desk = desk_of(vault, StandingClock(LATER))
    async with database.durable() as connection:
        simulated = await join(connection, vault, telegram("1"), drill=True)
        case = await ask(connection, simulated, "press")
        await desk.answer(connection, ICELAND, case.id, "Exercise.", key="form")
        ((_, body, drill),) = await sent(connection, vault)
        assert drill
        assert '"drill"' in body
        # A drill's case never writes to a real address, nor a real case to a drill's.
        await connection.execute(addresses.address.update().values(drill=False))
        with pytest.raises(UnreachableError):
            await desk.answer(connection, ICELAND, case.id, "Exercise.", key="form-2")
        assert len(await sent(connection, vault)) == 1


@pytest.mark.parametrize(
    ("officer", "country", "allowed"),
    [
        (ICELAND, "IS", True),
        (ICELAND, "TH", False),
        (ICELAND, "", False),
        (THAILAND, "LA", True),
        (EVERYWHERE, "IS", True),
        (EVERYWHERE, "", True),
        (AUTHOR, "IS", False),
    ],
)
async def test_only_officers_of_that_country_touch_a_case(
    sqlite: Database, vault: Vault, officer: Officer, country: str, allowed: bool
) -> None:
    desk = desk_of(vault, StandingClock(LATER))
    async with sqlite.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        case = await ask(connection, somebody, "press", country=country)
        listed = await desk.list_open(connection, officer)
        assert [item.id for item in listed] == ([case.id] if allowed else [])
        acting = (
            lambda: desk.read(connection, officer, case.id),
            lambda: desk.answer(connection, officer, case.id, "Hello.", key="form"),
            lambda: desk.locate(connection, officer, case.id, country),
            lambda: desk.close(connection, officer, case.id),
            lambda: desk.delete(connection, officer, case.id),
        )
        before = await acts(connection)
        for act in acting:
            if allowed:
                await act()
            else:
                with pytest.raises(NotYourCaseError):
                    await act()
        recorded = (await acts(connection))[len(before) :]
        assert [action for _, action, _ in recorded] == (
            ["case.read", "case.answer", "case.locate", "case.close", "case.delete"] if allowed else []
        )
        assert all(actor == officer.actor for actor, _, _ in recorded)


async def test_a_case_of_nobody_knows_where_is_handed_on(sqlite: Database, vault: Vault) -> None:
    desk = desk_of(vault, StandingClock(LATER))
    async with sqlite.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        case = await ask(connection, somebody, "press", country="")
        assert await desk.list_open(connection, THAILAND) == []
        await desk.locate(connection, EVERYWHERE, case.id, "TH")
        assert [item.id for item in await desk.list_open(connection, THAILAND)] == [case.id]
        await cases.locate(connection, case.id, "IS", LATER)
        assert await desk.list_open(connection, THAILAND) == []
        assert [item.id for item in await desk.list_open(connection, ICELAND)] == [case.id]


async def test_who_waits_longest_is_first_and_closed_ones_are_gone(sqlite: Database, vault: Vault) -> None:
    desk = desk_of(vault, StandingClock(LATER))
    async with sqlite.durable() as connection:
        opened = []
        for minute in range(4):
            drill = minute == 3
            somebody = await join(connection, vault, telegram(str(minute)), drill=drill)
            when = NOW - timedelta(minutes=minute)
            opened.append(await ask(connection, somebody, f"press-{minute}", event_id=9, now=when))
        await desk.answer(connection, ICELAND, opened[2].id, "Hello.", key="form")
        await desk.close(connection, ICELAND, opened[0].id)

        async def ids(drill: bool | None = None) -> list[int]:
            return [item.id for item in await desk.list_open(connection, ICELAND, drill=drill)]

        assert await ids() == [opened[3].id, opened[1].id, opened[2].id]
        assert await ids(drill=True) == [opened[3].id]
        assert await ids(drill=False) == [opened[1].id, opened[2].id]
        desk = desk_of(vault, StandingClock(LATER + timedelta(minutes=1)))
        await desk.close(connection, ICELAND, opened[3].id)
        closed = [item.id for item in await desk.list_closed(connection, ICELAND)]
        assert closed == [opened[0].id, opened[3].id]
        assert await desk.list_closed(connection, THAILAND) == []
        assert await store.count_open(connection, 9) == {
            CaseState.OPEN: 1,
            CaseState.ANSWERED: 1,
            CaseState.CLOSED: 2,
        }


async def test_a_closed_case_hears_nothing_more_and_can_be_deleted(database: Database, vault: Vault) -> None:
    desk = desk_of(vault, StandingClock(LATER))
    async with database.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        case = await ask(connection, somebody, "press")
        await cases.add_message(
            connection, somebody.vault, case.id, CITIZEN, MessageKind.TEXT, "words", key="k", now=NOW
        )
        with pytest.raises(CaseStillOpenError):
            await desk.delete(connection, ICELAND, case.id)
        closed = await desk.close(connection, ICELAND, case.id)
        assert (closed.state, closed.closed_at) == (CaseState.CLOSED, LATER)
        with pytest.raises(CaseClosedError):
            await desk.close(connection, ICELAND, case.id)
        with pytest.raises(CaseClosedError):
            await desk.answer(connection, ICELAND, case.id, "Hello?", key="form")
        await desk.delete(connection, ICELAND, case.id)
        assert (await connection.execute(select(func.count()).select_from(case_message))).scalar_one() == 0
        for act in (
            lambda: desk.read(connection, ICELAND, case.id),
            lambda: desk.delete(connection, ICELAND, case.id),
        ):
            with pytest.raises(CaseUnknownError):
                await act()


@pytest.mark.parametrize("text", ["", "   ", "x" * 4_001])
async def test_an_empty_or_endless_answer_is_refused(sqlite: Database, vault: Vault, text: str) -> None:
    desk = desk_of(vault, StandingClock(LATER))
    async with sqlite.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        case = await ask(connection, somebody, "press")
        with pytest.raises(MessageRefusedError):
            await desk.answer(connection, ICELAND, case.id, text, key="form")
        assert await thread.read(connection, somebody.vault, case.id) == []
        assert await sent(connection, vault) == []
