"""Receipts are handed on by the hundred, kept while nothing matches them, and one bad one holds up no
other.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import Channel, Receipt, ReceiptState
from bot.tables import inbox
from bot.turn import Turn
from bot.waiting import WaitingRow, read_waiting
from storage.database import Database, open_database
from storage.vault import Vault
from tests.bot.wiring import MovableClock, Wiring, column, said, until
from tests.postgres import fresh_database


def receipt(number: int, channel: Channel = Channel.WHATSAPP) -> Receipt:
    return Receipt(f"r{number}", channel, "main", f"m{number}", ReceiptState.DELIVERED)


async def waiting(wiring: Wiring) -> Sequence[WaitingRow]:
    await wiring.leases.renew()
    held, now = wiring.leases.held(), wiring.clock.now()
    async with wiring.database.read() as connection:
        return await read_waiting(connection, "receipt", held, but=(), now=now, limit=1_000)


async def test_receipts_are_handed_on_once(database: Database, vault: Vault) -> None:
    wiring = Wiring(database, vault, MovableClock())
    expected = [receipt(number) for number in range(120)]
    await wiring.inbox.store([*expected, *expected])
    running = asyncio.create_task(wiring.lanes.run())

    async def done() -> bool:
        return set(await column(database, inbox, "state")) == {"done"}

    await until(done)
    wiring.lanes.stop()
    await running
    assert sorted(wiring.receipts, key=lambda found: int(found.key[1:])) == expected


async def test_people_who_write_hold_up_no_receipt(postgres_server: str, vault: Vault) -> None:
    gate = asyncio.Event()

    async def slow(_turn: Turn) -> None:
        await gate.wait()

    database = open_database(await fresh_database(postgres_server))
    wiring = Wiring(database, vault, MovableClock(), slow, parallel=1)
    await wiring.inbox.store([said(1, "ann"), said(1, "bob"), said(1, "eve")])
    running = asyncio.create_task(wiring.lanes.run())

    async def busy() -> bool:
        return wiring.lanes.at_work == 1

    await until(busy)
    await wiring.inbox.store([receipt(number) for number in range(120)])

    async def taken() -> bool:
        return len(wiring.receipts) == 120

    await until(taken)
    assert await column(database, inbox, "state") == ["new"] * 3 + ["done"] * 120
    gate.set()
    wiring.lanes.stop()
    await running
    await database.close()


async def test_one_that_comes_too_early_is_offered_again_for_an_hour(
    database: Database, vault: Vault
) -> None:
    clock = MovableClock()
    wiring = Wiring(database, vault, clock, known={"r1"})
    await wiring.inbox.store([receipt(1), receipt(2), receipt(3)])
    await wiring.receiving.run(await waiting(wiring))
    assert await column(database, inbox, "state") == ["done", "new", "new"]
    assert not await waiting(wiring)  # not at once
    assert wiring.known is not None
    wiring.known.add("r2")
    clock.ahead = 10
    await wiring.receiving.run(await waiting(wiring))
    assert await column(database, inbox, "state") == ["done", "done", "new"]
    clock.ahead = 3_700
    await wiring.receiving.run(await waiting(wiring))
    assert await column(database, inbox, "state") == ["done"] * 3
    assert wiring.given_up == []


async def test_the_same_key_on_two_channels_is_two_receipts(sqlite: Database, vault: Vault) -> None:
    class OnlyOne(Wiring):
        async def take(
            self, connection: AsyncConnection, receipts: Sequence[Receipt], now: datetime
        ) -> Collection[str]:
            assert len({found.channel for found in receipts}) == 1
            known = [found for found in receipts if found.channel is Channel.VIBER]
            return await super().take(connection, known, now)

    wiring = OnlyOne(sqlite, vault, MovableClock())
    await wiring.inbox.store([receipt(1), receipt(1, Channel.VIBER)])
    await wiring.receiving.run(await waiting(wiring))
    assert await column(sqlite, inbox, "state") == ["new", "done"]


async def test_one_that_breaks_something_holds_up_no_other(sqlite: Database, vault: Vault) -> None:
    class Fragile(Wiring):
        async def take(
            self, connection: AsyncConnection, receipts: Sequence[Receipt], now: datetime
        ) -> Collection[str]:
            if any(found.key == "r2" for found in receipts):
                raise ZeroDivisionError
            return await super().take(connection, receipts, now)

    clock = MovableClock()
    wiring = Fragile(sqlite, vault, clock)
    await wiring.inbox.store([receipt(1), receipt(2), receipt(3)])
    for _attempt in range(5):
        await wiring.receiving.run(await waiting(wiring))
        clock.ahead += 1_000
    assert [found.key for found in wiring.receipts] == ["r1", "r3"]
    assert await column(sqlite, inbox, "state") == ["done", "failed", "done"]
    assert wiring.given_up == ["ZeroDivisionError"]


async def test_what_another_process_has_taken_is_left_alone(sqlite: Database, vault: Vault) -> None:
    one, two = Wiring(sqlite, vault, MovableClock()), Wiring(sqlite, vault, MovableClock())
    await one.inbox.store([receipt(1)])
    page = await waiting(one)
    await one.receiving.run(page)
    await two.receiving.run(page)
    assert await column(sqlite, inbox, "state") == ["done"]
    assert two.receipts == []
