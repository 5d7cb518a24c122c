"""One person in order, everybody in parallel, every message handled once, whatever dies."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update

from bot.inbox import lane_of
from bot.leases import LaneLeases
from bot.messages import Inbound, InboundKind, Outbound
from bot.steps import StepEnd
from bot.tables import conversation, inbox, outbox, webchat
from bot.turn import Turn
from bot.waiting import ATTEMPTS, WaitingRow, read_waiting
from storage.database import Database
from storage.vault import Vault
from tests.bot.wiring import (
    MovableClock,
    Wiring,
    address,
    column,
    echo,
    note_in_session,
    rows,
    said,
    session_of,
    until,
)

ROOT = Path(__file__).parents[2]


async def waiting(wiring: Wiring) -> WaitingRow:
    await wiring.leases.renew()
    async with wiring.database.read() as connection:
        found = await read_waiting(
            connection, "inbound", wiring.leases.held(), but=(), now=wiring.clock.now(), limit=10
        )
    return found[0]


async def all_done(database: Database) -> bool:
    return set(await column(database, inbox, "state")) == {"done"}


class Running:
    """Lanes and sender of a wiring, running while the block lasts."""

    def __init__(self, *wirings: Wiring) -> None:
        self.wirings = wirings

    async def __aenter__(self) -> None:
        runs = [run for wiring in self.wirings for run in (wiring.lanes.run(), wiring.sender.run())]
        self.tasks = [asyncio.create_task(run) for run in runs]

    async def __aexit__(self, *_error: object) -> None:
        for wiring in self.wirings:
            wiring.lanes.stop()
            wiring.sender.stop()
        await asyncio.wait_for(asyncio.gather(*self.tasks), 10)


async def test_a_message_is_answered(database: Database, vault: Vault) -> None:
    wiring = Wiring(database, vault, MovableClock(), echo)
    async with Running(wiring):
        await wiring.inbox.store([said(1, text="hello")])

        async def answered() -> bool:
            return wiring.provider.sent == [("ann", "you said hello")]

        await until(answered)
        assert await all_done(database)

        async def recorded() -> bool:
            return await column(database, outbox, "state") == ["sent"]

        await until(recorded)
    assert await column(database, outbox, "key") == ["in:telegram:main:ann-1:0"]
    assert await column(database, outbox, "provider_id") == ["1"]


async def test_one_person_is_served_in_order_and_different_people_by_two_processes(
    database: Database, vault: Vault
) -> None:
    clock = MovableClock()
    served: dict[str, set[str]] = {"one": set(), "two": set()}

    def noting(owner: str) -> Wiring:
        async def note(turn: Turn) -> None:
            served[owner].add(turn.inbound.address.value)
            await note_in_session(turn)

        return Wiring(database, vault, clock, note, owner=owner, lease_s=2.0)

    one, two = noting("one"), noting("two")
    for _round in range(2):
        await one.leases.renew()
        await two.leases.renew()
    people = [f"person {number}" for number in range(25)]
    async with Running(one, two):
        for number in range(4):
            events = [said(number, who) for who in people]
            await asyncio.gather(one.inbox.store(events[:15]), two.inbox.store(events[15:]))
        await until(lambda: all_done(database))
    for who in people:
        assert (await session_of(database, vault, who)).data["seen"] == "0,1,2,3"
    assert served["one"]
    assert served["two"]
    assert served["one"] | served["two"] == set(people)


async def test_what_another_process_stored_is_found_without_a_bell(sqlite: Database, vault: Vault) -> None:
    web, other = Wiring(sqlite, vault, MovableClock()), Wiring(sqlite, vault, MovableClock())
    async with Running(web):
        await other.inbox.store([said(1)])
        await until(lambda: all_done(sqlite))


async def test_a_step_that_breaks_leaves_nothing_says_sorry_and_is_tried_again(
    database: Database, vault: Vault
) -> None:
    clock = MovableClock()
    broken = True

    async def breaks_late(turn: Turn) -> None:
        await note_in_session(turn)
        turn.reply(Outbound("half an answer", "en"))
        chat = {"chat": "left behind", "token_hash": b"1", "created_at": turn.now, "seen_at": turn.now}
        await turn.connection.execute(insert(webchat).values(**chat))
        if broken:
            raise RuntimeError(f"canary {turn.inbound.text}")

    wiring = Wiring(database, vault, clock, breaks_late)
    await wiring.inbox.store([said(1, text="canary words")])
    end, _inbound = await wiring.steps.run(await waiting(wiring))
    assert end is StepEnd.ASIDE
    assert await rows(database, webchat) == await rows(database, conversation) == 0
    assert await column(database, outbox, "key") == ["in:telegram:main:ann-1:sorry"]

    clock.ahead = 6
    end, _inbound = await wiring.steps.run(await waiting(wiring))
    assert end is StepEnd.ASIDE
    assert len(await column(database, outbox, "key")) == 1  # sorry is said once

    broken = False
    clock.ahead = 60
    end, _inbound = await wiring.steps.run(await waiting(wiring))
    assert end is StepEnd.DONE
    assert await rows(database, webchat) == 1
    assert await column(database, outbox, "key") == [
        "in:telegram:main:ann-1:sorry",
        "in:telegram:main:ann-1:0",
    ]
    assert (await session_of(database, vault, "ann")).data["seen"] == "canary words"


async def test_a_step_that_always_breaks_is_given_up_in_the_end_and_reported(
    sqlite: Database, vault: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    clock = MovableClock()

    async def breaks(turn: Turn) -> None:
        raise KeyError(turn.inbound.text)

    wiring = Wiring(sqlite, vault, clock, breaks)
    await wiring.inbox.store([said(1, text="canary words")])
    ends = []
    for _attempt in range(ATTEMPTS):
        ends.append((await wiring.steps.run(await waiting(wiring)))[0])
        clock.ahead += 1_000
    assert ends == [StepEnd.ASIDE] * (ATTEMPTS - 1) + [StepEnd.FAILED]
    assert await column(sqlite, inbox, "state") == ["failed"]
    assert wiring.given_up == ["KeyError"]
    logged = [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    assert len(logged) == ATTEMPTS
    assert all("KeyError" in line and "test_lanes.py" in line for line in logged)
    assert not [line for line in logged if "canary" in line]


async def test_later_messages_overtake_one_that_breaks(sqlite: Database, vault: Vault) -> None:
    async def breaks_on_one(turn: Turn) -> None:
        if turn.inbound.text == "1":
            raise RuntimeError
        await note_in_session(turn)

    wiring = Wiring(sqlite, vault, MovableClock(), breaks_on_one)
    async with Running(wiring):
        await wiring.inbox.store([said(1), said(2), said(3)])

        async def overtaken() -> bool:
            return await column(sqlite, inbox, "state") == ["new", "done", "done"]

        await until(overtaken)
    assert (await session_of(sqlite, vault, "ann")).data["seen"] == "2,3"


async def test_a_broken_apology_still_keeps_the_message(sqlite: Database, vault: Vault) -> None:
    class Speechless(Wiring):
        async def apology(self, *_arguments: object) -> Outbound:
            raise ZeroDivisionError

    async def breaks(turn: Turn) -> None:
        raise RuntimeError

    wiring = Speechless(sqlite, vault, MovableClock(), breaks)
    await wiring.inbox.store([said(1)])
    assert (await wiring.steps.run(await waiting(wiring)))[0] is StepEnd.ASIDE
    assert await column(sqlite, inbox, "state") == ["new"]
    assert await column(sqlite, inbox, "attempts") == [1]
    assert await rows(sqlite, outbox) == 0


async def test_a_body_that_cannot_be_opened_blocks_nobody(sqlite: Database, vault: Vault) -> None:
    wiring = Wiring(sqlite, vault, MovableClock())
    await wiring.inbox.store([said(1), said(2)])
    async with sqlite.durable() as connection:
        await connection.execute(
            update(inbox).where(inbox.c.key == "telegram:main:ann-1").values(body=b"damaged" * 10)
        )
    async with Running(wiring):

        async def served() -> bool:
            return await column(sqlite, inbox, "state") == ["new", "done"]

        await until(served)
    assert await column(sqlite, inbox, "attempts") == [1, 0]


async def test_a_step_whose_lane_was_taken_writes_nothing(database: Database, vault: Vault) -> None:
    clock = MovableClock()
    slow, heir = (
        Wiring(database, vault, clock, echo, owner="slow"),
        Wiring(database, vault, clock, echo, owner="heir"),
    )
    await slow.inbox.store([said(1)])
    row = await waiting(slow)  # read under the old lease, then the process froze
    clock.ahead = 15
    inherited = await waiting(heir)
    assert inherited.fence == row.fence + 1
    assert (await slow.steps.run(row))[0] is StepEnd.LOST
    assert await rows(database, outbox) == await rows(database, conversation) == 0
    assert await column(database, inbox, "state") == ["new"]
    assert (await heir.steps.run(inherited))[0] is StepEnd.DONE
    assert (await heir.steps.run(inherited))[0] is StepEnd.LOST  # done is done
    assert await rows(database, outbox) == 1


async def test_a_lane_taken_in_the_middle_of_a_step_rolls_it_back(
    postgres_only: Database, vault: Vault
) -> None:
    clock = MovableClock()
    taker = LaneLeases(postgres_only, clock, "taker")

    async def loses_its_lane(turn: Turn) -> None:
        await echo(turn)
        clock.ahead = 15
        await taker.renew()  # another process, in the middle of ours

    wiring = Wiring(postgres_only, vault, clock, loses_its_lane)
    await wiring.inbox.store([said(1)])
    assert (await wiring.steps.run(await waiting(wiring)))[0] is StepEnd.LOST
    assert await rows(postgres_only, outbox) == await rows(postgres_only, conversation) == 0


async def test_a_slow_step_is_not_overtaken_by_the_persons_next_message(
    postgres_only: Database, vault: Vault
) -> None:
    begun = asyncio.Event()

    async def slow_at_first(turn: Turn) -> None:
        if turn.inbound.text == "0":
            begun.set()
            await turn.connection.execute(text("SELECT pg_sleep(0.5)"))
        await note_in_session(turn)

    wiring = Wiring(postgres_only, vault, MovableClock(), slow_at_first)
    async with Running(wiring):
        await wiring.inbox.store([said(0)])
        await asyncio.wait_for(begun.wait(), 10)
        for number in range(1, 5):
            await wiring.inbox.store([said(number), said(number, "bob")])
        await until(lambda: all_done(postgres_only))
    assert (await session_of(postgres_only, vault, "ann")).data["seen"] == "0,1,2,3,4"
    assert (await session_of(postgres_only, vault, "bob")).data["seen"] == "1,2,3,4"


async def test_a_button_press_is_acknowledged_after_its_step(sqlite: Database, vault: Vault) -> None:
    wiring = Wiring(sqlite, vault, MovableClock())
    async with Running(wiring):
        await wiring.inbox.store(
            [Inbound("1", address("ann"), InboundKind.BUTTON, button="consent:yes", callback="spin-1")]
        )

        async def seen() -> bool:
            return wiring.provider.seen == ["spin-1"]

        await until(seen)
        assert await all_done(sqlite)


async def test_idle_lanes_are_forgotten_and_work_is_bounded(sqlite: Database, vault: Vault) -> None:
    most = 0

    async def look(turn: Turn) -> None:
        nonlocal most
        most = max(most, wiring.lanes.at_work)

    wiring = Wiring(sqlite, vault, MovableClock(), look)
    await wiring.inbox.store([said(1, f"person {number}") for number in range(150)])
    async with Running(wiring):
        await until(lambda: all_done(sqlite))
        assert 1 < most <= 32

        async def idle() -> bool:
            return wiring.lanes.at_work == 0

        await until(idle)


async def test_a_session_at_its_beginning_leaves_no_row(sqlite: Database, vault: Vault) -> None:
    async def ends(turn: Turn) -> None:
        if turn.inbound.text == "end":
            turn.session.data.clear()
        else:
            await note_in_session(turn)

    wiring = Wiring(sqlite, vault, MovableClock(), ends)
    await wiring.inbox.store([said(1)])
    await wiring.steps.run(await waiting(wiring))
    assert await rows_of_lane(wiring, "ann") == 1
    await wiring.inbox.store([said(2, text="end")])
    await wiring.steps.run(await waiting(wiring))
    assert await rows_of_lane(wiring, "ann") == 0


async def rows_of_lane(wiring: Wiring, who: str) -> int:
    async with wiring.database.read() as connection:
        found = select(conversation).where(conversation.c.lane == lane_of(wiring.vault, address(who)))
        return len((await connection.execute(found)).all())


async def test_a_killed_process_leaves_nothing_of_its_step(
    sqlite: Database, vault: Vault, tmp_path: Path
) -> None:
    clock = MovableClock()
    wiring = Wiring(sqlite, vault, clock, echo)
    await wiring.inbox.store([said(1)])
    command = [sys.executable, "-m", "tests.bot.killed_step", str(tmp_path / "muster.db")]
    killed = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert killed.stdout == b"everything is written, nothing committed\n"
    assert await rows(sqlite, outbox) == await rows(sqlite, conversation) == 0
    clock.ahead = 11
    async with Running(wiring):

        async def answered() -> bool:
            return wiring.provider.sent == [("ann", "you said 1")]

        await until(answered)
    assert (await session_of(sqlite, vault, "ann")).data["seen"] == "1"
