"""Replies leave in order, survive what providers do, and leave nothing open in the database."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.errors import (
    ClosedError,
    GoneError,
    MovedError,
    RejectedError,
    RetryAfterError,
    TransientError,
    UnknownOutcomeError,
)
from bot.inbox import lane_of
from bot.messages import Ask, Button, Outbound
from bot.naming import KEY_LENGTH
from bot.outbox import claim_next, enqueue, extend, purge, settle
from bot.outcomes import ATTEMPTS
from bot.tables import outbox
from storage.database import Database
from storage.vault import Vault
from tests.bot.wiring import MovableClock, Wiring, address, column, everything_on_disk, rows, until


async def put(wiring: Wiring, *texts: str, who: str = "ann", account: str = "main") -> None:
    to = address(who, account)
    async with wiring.database.durable() as connection:
        for text in texts:
            assert await enqueue(
                connection,
                wiring.vault,
                key=f"test:{who}:{text}",
                address=to,
                lane=lane_of(wiring.vault, to),
                outbound=Outbound(text, "en"),
                drill=False,
                now=wiring.clock.now(),
            )


async def send_all(wiring: Wiring, who: str = "ann") -> None:
    """What a kick or a sweep does, to its end."""
    wiring.sender.kick(lane_of(wiring.vault, address(who)))
    while wiring.sender._tasks:
        await asyncio.gather(*wiring.sender._tasks)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def wiring(sqlite: Database, vault: Vault, clock: MovableClock) -> Wiring:
    return Wiring(sqlite, vault, clock)


async def states(wiring: Wiring) -> list[object]:
    return await column(wiring.database, outbox, "state")


async def test_a_lane_is_sent_in_order(database: Database, vault: Vault, clock: MovableClock) -> None:
    wiring = Wiring(database, vault, clock)
    await put(wiring, *"abcdef")
    await send_all(wiring)
    assert [text for _who, text in wiring.provider.sent] == list("abcdef")
    assert await states(wiring) == ["sent"] * 6
    assert wiring.pace.replies == 6


async def test_the_same_cause_adds_nothing_twice(wiring: Wiring) -> None:
    to = address("ann")
    async with wiring.database.durable() as connection:
        new = [
            await enqueue(
                connection,
                wiring.vault,
                key=key,
                address=to,
                lane=b"lane",
                outbound=Outbound("hello", "en"),
                drill=False,
                now=wiring.clock.now(),
            )
            for key in ("in:1:0", "in:1:0", "x" * 200, "x" * 200, "x" * 201)
        ]
    assert new == [True, False, True, False, True]
    assert max(len(str(key)) for key in await column(wiring.database, outbox, "key")) <= KEY_LENGTH


async def test_two_processes_send_everything_once(
    database: Database, vault: Vault, clock: MovableClock
) -> None:
    one, two = Wiring(database, vault, clock), Wiring(database, vault, clock)
    two.provider.sent = one.provider.sent
    for number in range(10):
        await put(one, *(f"{number}{letter}" for letter in "abc"), who=f"p{number}")
    runs = [asyncio.create_task(wiring.sender.run()) for wiring in (one, two)]

    async def all_sent() -> bool:
        return set(await states(one)) == {"sent"}

    await until(all_sent)
    one.sender.stop()
    two.sender.stop()
    await asyncio.gather(*runs)
    assert len(one.provider.sent) == 30
    for number in range(10):
        mine = [text for who, text in one.provider.sent if who == f"p{number}"]
        assert mine == [f"{number}a", f"{number}b", f"{number}c"]


async def test_told_to_wait_the_account_waits_and_no_attempt_is_spent(
    wiring: Wiring, clock: MovableClock
) -> None:
    await put(wiring, "a", "b")
    wiring.provider.plan["a"] = [RetryAfterError("flood", 7), RetryAfterError("slow", 3, recipient_only=True)]
    await send_all(wiring)
    assert wiring.provider.sent == []
    assert await states(wiring) == ["waiting", "waiting"]
    clock.ahead = 7.5
    await send_all(wiring)
    clock.ahead = 12
    await send_all(wiring)
    assert [text for _who, text in wiring.provider.sent] == ["a", "b"]
    assert wiring.pace.frozen == [7]  # the second wait was this recipient's alone
    assert await column(wiring.database, outbox, "attempts") == [0, 0]


async def test_what_was_not_accepted_is_tried_again_and_given_up_in_the_end(
    wiring: Wiring, clock: MovableClock
) -> None:
    await put(wiring, "a", "b")
    wiring.provider.plan["a"] = [TransientError("http_502") for _attempt in range(ATTEMPTS)]
    for attempt in range(ATTEMPTS):
        assert await column(wiring.database, outbox, "attempts") == [attempt, 0]
        await send_all(wiring)
        clock.ahead += 1_000
    assert await states(wiring) == ["failed", "sent"]
    assert await column(wiring.database, outbox, "error") == ["http_502", None]


async def test_an_unknown_outcome_is_sent_once_more_and_never_a_third_time(
    wiring: Wiring, clock: MovableClock
) -> None:
    await put(wiring, "a", "b")
    wiring.provider.plan["a"] = [UnknownOutcomeError("no_answer")]
    wiring.provider.plan["b"] = [
        UnknownOutcomeError("no_answer"),
        TransientError("http_502"),
        RetryAfterError("flood", 1),
        UnknownOutcomeError("no_answer"),
    ]
    for _attempt in range(8):
        await send_all(wiring)
        clock.ahead += 10
    assert wiring.provider.sent == [("ann", "a")]
    assert wiring.provider.plan["b"] == []
    assert await states(wiring) == ["sent", "failed"]


async def test_an_address_that_is_gone_ends_its_lane_only(wiring: Wiring) -> None:
    await put(wiring, "a", "b")
    await put(wiring, "c", who="bob")
    wiring.provider.plan["a"] = [GoneError("blocked")]
    await send_all(wiring)
    await send_all(wiring, "bob")
    assert wiring.provider.sent == [("bob", "c")]
    assert await states(wiring) == ["failed", "failed", "sent"]
    assert wiring.gone == [lane_of(wiring.vault, address("ann"))]


async def test_what_can_never_pass_holds_up_nothing(wiring: Wiring) -> None:
    await put(wiring, "a", "", "b")
    wiring.provider.plan["a"] = [RejectedError("cannot_parse")]
    await send_all(wiring)
    assert await states(wiring) == ["failed", "failed", "sent"]
    assert await column(wiring.database, outbox, "error") == ["cannot_parse", "empty_text", None]


async def test_a_moved_address_is_followed_and_reported(wiring: Wiring) -> None:
    await put(wiring, "a")
    wiring.provider.plan["a"] = [MovedError("chat_migrated", "-1007")]
    await send_all(wiring)
    assert wiring.provider.sent == [("-1007", "a")]
    assert wiring.moved == ["-1007"]


async def test_a_refused_account_keeps_its_messages(wiring: Wiring, clock: MovableClock) -> None:
    await put(wiring, "a")
    wiring.provider.plan["a"] = [ClosedError("unauthorized")]
    await send_all(wiring)
    assert wiring.closed == ["unauthorized"]
    assert await states(wiring) == ["waiting"]
    clock.ahead = 61
    await send_all(wiring)
    assert wiring.provider.sent == [("ann", "a")]


async def test_a_long_message_goes_on_with_the_part_that_failed(wiring: Wiring, clock: MovableClock) -> None:
    await put(wiring, "one|two|three")
    wiring.provider.plan["two"] = [RetryAfterError("flood", 1), TransientError("http_500")]
    for _attempt in range(3):
        await send_all(wiring)
        clock.ahead += 10
    assert [text for _who, text in wiring.provider.sent] == ["one", "two", "three"]
    assert wiring.pace.replies == 5  # every request had its own slot


async def test_a_claim_of_a_dead_process_is_taken_over(
    database: Database, vault: Vault, clock: MovableClock
) -> None:
    wiring = Wiring(database, vault, clock)
    await put(wiring, "a")
    lane = lane_of(vault, address("ann"))
    async with database.bulk() as connection:
        claimed = await claim_next(connection, lane, clock.now())
        assert claimed is not None
        assert await claim_next(connection, lane, clock.now()) is None
    await send_all(wiring)
    assert wiring.provider.sent == []
    clock.ahead = 61
    await send_all(wiring)
    assert wiring.provider.sent == [("ann", "a")]
    async with database.bulk() as connection:  # the dead one wakes up: it has no say any more
        assert not await extend(connection, claimed, clock.now())
        assert not await settle(connection, claimed, state="failed")
    assert await states(wiring) == ["sent"]


async def test_a_claim_is_renewed_after_a_long_wait_for_a_slot(wiring: Wiring, clock: MovableClock) -> None:
    class Slow:
        async def reply(self, lane: bytes, weight: int = 1) -> None:
            clock.ahead += 50

        async def freeze(self, seconds: float, lane: bytes = b"") -> bool:
            raise AssertionError

    wiring.sender._paces = {next(iter(wiring.sender._paces)): Slow()}
    await put(wiring, "one|two|three")
    await send_all(wiring)
    assert [text for _who, text in wiring.provider.sent] == ["one", "two", "three"]
    assert await states(wiring) == ["sent"]


async def test_a_claim_lost_while_waiting_for_a_slot_sends_nothing(
    wiring: Wiring, clock: MovableClock
) -> None:
    class Stolen:
        async def reply(self, lane: bytes, weight: int = 1) -> None:
            clock.ahead += 61
            async with wiring.database.bulk() as connection:
                assert await claim_next(connection, lane, clock.now())

        async def freeze(self, seconds: float, lane: bytes = b"") -> bool:
            raise AssertionError

    wiring.sender._paces = {next(iter(wiring.sender._paces)): Stolen()}
    await put(wiring, "a")
    await send_all(wiring)
    assert wiring.provider.sent == []
    assert await states(wiring) == ["sending"]


async def test_a_reply_takes_the_slots_that_its_parts_weigh(wiring: Wiring) -> None:
    wiring.provider.weight = 7
    await put(wiring, "one|two|three")
    await send_all(wiring)
    assert (wiring.pace.replies, wiring.pace.slots) == (3, 9), "each part its share, rounded up"


async def test_a_channel_that_is_off_keeps_its_messages_out_of_the_way(
    wiring: Wiring, clock: MovableClock
) -> None:
    await put(wiring, "a", who="off", account="closed")
    await put(wiring, "b")
    running = asyncio.create_task(wiring.sender.run())

    async def sent() -> bool:
        return await states(wiring) == ["waiting", "sent"]

    await until(sent)
    wiring.sender.stop()
    await running


async def test_words_and_addresses_are_sealed(wiring: Wiring, tmp_path: Path) -> None:
    wiring.provider.plan["canary words"] = [GoneError("blocked")]
    await put(wiring, "words", who="canary-address")
    to = address("canary-address")
    message = Outbound("canary text", "en", (Button("canary label", "x"),), Ask.LOCATION, "canary ask")
    async with wiring.database.durable() as connection:
        await enqueue(
            connection,
            wiring.vault,
            key="k",
            address=to,
            lane=lane_of(wiring.vault, to),
            outbound=message,
            drill=True,
            now=wiring.clock.now(),
        )
        await connection.execute(update(outbox).where(outbox.c.key != "k").values(key="other"))
    await wiring.database.close()
    everything = everything_on_disk(tmp_path)
    assert everything
    assert b"canary" not in everything.replace(b"test:canary-address:words", b"")


async def test_a_damaged_row_is_given_up(wiring: Wiring) -> None:
    await put(wiring, "a", "b")
    async with wiring.database.durable() as connection:
        damaged = update(outbox).where(outbox.c.key == "test:ann:a").values(body=b"damaged" * 9)
        await connection.execute(damaged)
    await send_all(wiring)
    assert await states(wiring) == ["failed", "sent"]
    assert await column(wiring.database, outbox, "error") == ["unreadable", None]


async def test_what_was_sent_goes_after_seven_days(database: Database, vault: Vault) -> None:
    wiring = Wiring(database, vault, MovableClock())
    await put(wiring, "a")
    await send_all(wiring)
    now = wiring.clock.now()
    assert await purge(database, now + timedelta(days=6)) == 0
    await put(wiring, "b")
    assert await purge(database, now + timedelta(days=8)) == 1
    assert await rows(database, outbox) == 1


async def test_a_flood_of_kicks_is_bounded(wiring: Wiring) -> None:
    wiring.sender.stop()
    for number in range(20_000):
        wiring.sender.kick(number.to_bytes(32))
    assert len(wiring.sender._lanes) <= 10_000


async def test_a_message_that_breaks_our_own_code_holds_up_no_other(
    wiring: Wiring, clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    await put(wiring, "canary words", "b")
    wiring.provider.plan["canary words"] = [KeyError("canary") for _attempt in range(9)]
    for _attempt in range(3):
        await send_all(wiring)
        clock.ahead += 100
    assert await states(wiring) == ["failed", "sent"]
    assert await column(wiring.database, outbox, "error") == ["broken", None]
    lines = [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    assert [line for line in lines if "KeyError" in line]
    assert not [line for line in lines if "canary" in line]
