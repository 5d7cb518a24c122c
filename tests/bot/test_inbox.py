"""Events are on the disk before anybody hears that they arrived, once each, pins snapped before that."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.codec import load_event
from bot.inbox import LANE_PARTITIONS, Inbox, body_place, lane_of, partition_of, purge
from bot.messages import Address, Channel, Inbound, InboundKind, Pin, Receipt, ReceiptState
from bot.tables import inbox
from storage.clock import SystemClock
from storage.database import Database, open_database
from storage.errors import StorageUnavailableError
from storage.vault import Vault
from tests.bot.gateway_contract import LOST_DATABASE
from tests.bot.wiring import address, everything_on_disk, never_exact, rows, said, to_origin


def build(database: Database, vault: Vault, rung: list[int] | None = None) -> Inbox:
    bell = rung if rung is not None else []
    return Inbox(
        database,
        vault,
        SystemClock(),
        snap=to_origin,
        exact_wanted=never_exact,
        announce=lambda: bell.append(1),
    )


async def stored(database: Database, vault: Vault) -> list[object]:
    async with database.read() as connection:
        found = await connection.execute(select(inbox.c.key, inbox.c.body).order_by(inbox.c.id))
        return [load_event(vault.open(row.body, body_place(row.key))) for row in found]


async def test_an_event_is_stored_once(database: Database, vault: Vault) -> None:
    bell: list[int] = []
    box = build(database, vault, bell)
    assert await box.store([said(1), said(2), said(1)]) == 2
    assert await box.store([said(2), said(3)]) == 1
    assert await box.store([said(3)]) == 0
    assert await box.store([]) == 0
    assert await stored(database, vault) == [said(1), said(2), said(3)]
    assert len(bell) == 2  # nobody is woken for nothing


async def test_concurrent_calls_share_a_commit_and_count_their_own(sqlite: Database, vault: Vault) -> None:
    commits: list[int] = []
    event.listen(sqlite._durable.sync_engine, "commit", lambda _connection: commits.append(1))
    box = build(sqlite, vault)
    new = await asyncio.gather(*(box.store([said(number), said(number // 2)]) for number in range(40)))
    assert sum(new) == 40 == await rows(sqlite, inbox)
    assert len(commits) <= 2


async def test_the_same_key_of_another_account_is_another_event(sqlite: Database, vault: Vault) -> None:
    box = build(sqlite, vault)
    mine = said(1)
    other = Inbound(mine.key, address("ann", "second"), InboundKind.TEXT, "1")
    receipt = Receipt(mine.key, Channel.WEBCHAT, "main", "m1", ReceiptState.READ)
    assert await box.store([mine, other, receipt]) == 3


async def test_a_failure_goes_to_every_caller(vault: Vault) -> None:
    database = open_database(LOST_DATABASE)
    box = build(database, vault)
    results = await asyncio.gather(*(box.store([said(n)]) for n in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [StorageUnavailableError] * 3
    await database.close()


async def test_one_callers_impatience_costs_nobody_else(sqlite: Database, vault: Vault) -> None:
    box = build(sqlite, vault)
    impatient = asyncio.create_task(box.store([said(1)]))
    patient = asyncio.create_task(box.store([said(2)]))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == 1
    assert await rows(sqlite, inbox) == 2


async def test_a_pin_is_snapped_before_it_is_written_unless_help_is_asked(
    sqlite: Database, vault: Vault
) -> None:
    asked_where = lane_of(vault, address("in danger"))

    async def exact_wanted(_connection: AsyncConnection, lane: bytes) -> bool:
        return lane == asked_where

    box = Inbox(
        sqlite, vault, SystemClock(), snap=to_origin, exact_wanted=exact_wanted, announce=lambda: None
    )
    pin = Pin(64.14, -21.94)
    await box.store(
        [
            Inbound("1", address("tourist"), InboundKind.PIN, pin=pin),
            Inbound("2", address("in danger"), InboundKind.PIN, pin=pin),
        ]
    )
    pins = [getattr(found, "pin", None) for found in await stored(sqlite, vault)]
    assert pins == [Pin(0.0, 0.0), pin]


async def test_no_word_lies_open_in_the_database(sqlite: Database, vault: Vault, tmp_path: Path) -> None:
    box = build(sqlite, vault)
    await box.store(
        [
            Inbound("1", address("canary-who"), InboundKind.TEXT, "canary-text", contact="canary-phone"),
            Receipt("2", Channel.SMS, "main", "canary-id", ReceiptState.FAILED, error="canary-error"),
        ]
    )
    await sqlite.close()
    everything = everything_on_disk(tmp_path)
    assert b"telegram:main:1" in everything
    assert b"canary" not in everything


async def test_what_is_done_goes_after_seven_days(database: Database, vault: Vault) -> None:
    box, now = build(database, vault), SystemClock().now()
    await box.store([said(number) for number in range(4)])
    ages = {"telegram:main:ann-0": 8, "telegram:main:ann-1": 6}
    async with database.durable() as connection:
        for key, days in ages.items():
            done = {"state": "done", "done_at": now - timedelta(days=days)}
            await connection.execute(update(inbox).where(inbox.c.key == key).values(**done))
        old = {"received_at": now - timedelta(days=30)}
        await connection.execute(update(inbox).where(inbox.c.key == "telegram:main:ann-2").values(**old))
    assert await purge(database, now) == 1
    # A message that still waits stays, however old it is.
    assert await stored(database, vault) == [said(1), said(2), said(3)]


def test_lanes_spread_over_the_partitions(vault: Vault) -> None:
    lanes = {lane_of(vault, address(str(number))) for number in range(4_000)}
    assert len(lanes) == 4_000
    sizes = [0] * LANE_PARTITIONS
    for lane in lanes:
        sizes[partition_of(lane)] += 1
    assert min(sizes) > 20


def test_a_lane_is_of_channel_account_and_value(vault: Vault) -> None:
    same = [
        Address(channel, account, value)
        for channel in (Channel.TELEGRAM, Channel.WEBCHAT)
        for account in ("main", "second")
        for value in ("1", "2")
    ]
    assert len({lane_of(vault, who) for who in same}) == 8


async def test_a_bug_reaches_the_caller_and_the_next_call_works(sqlite: Database, vault: Vault) -> None:
    def broken(_pin: Pin) -> Pin:
        raise ZeroDivisionError

    box = Inbox(sqlite, vault, SystemClock(), snap=broken, exact_wanted=never_exact, announce=lambda: None)
    with pytest.raises(ZeroDivisionError):
        await box.store([Inbound("1", address("ann"), InboundKind.PIN, pin=Pin(1, 1))])
    assert await box.store([said(2)]) == 1
