"""The room of an account: given in shares, given back, never waited for in vain."""

import asyncio
import time

import pytest

from alerts.room import PATIENCE_S, Room, room_of


def _fill(room: Room, recipients: int) -> None:
    """Take room in two steps, so that a share of it is free each time."""
    assert room.take(recipients // 2) + room.take(recipients - recipients // 2) == recipients


def test_room_is_given_when_a_share_of_it_is_free() -> None:
    room = room_of(100)
    _fill(room, 51)
    assert room.free() == 0
    room.leave(1)
    assert room.free() == 50


@pytest.mark.parametrize(
    ("most", "together", "share"), [(100, 1, 50), (600, 300, 300), (1, 1, 1), (10, 50, 10)]
)
def test_a_call_for_many_waits_for_what_it_can_take(most: int, together: int, share: int) -> None:
    assert room_of(most, together).share == share


async def test_whoever_waits_is_woken_by_the_message_that_makes_room() -> None:
    room = Room(10, 5)
    _fill(room, 10)
    waiting = [asyncio.create_task(room.wait(60.0)) for _ in range(2)]
    await asyncio.sleep(0)
    room.leave(4)
    await asyncio.sleep(0)
    assert not any(one.done() for one in waiting)
    began = time.monotonic()
    room.leave(1)
    await asyncio.gather(*waiting)
    assert time.monotonic() - began < PATIENCE_S
    assert room.free() == 5


async def test_answers_that_do_not_come_hold_up_nothing_there_is_room_for() -> None:
    room = Room(10, 5)
    _fill(room, 9)
    assert room.free() == 0
    await room.wait(60.0)
    assert room.free() == 1
    assert room.take(5) == 1
    room.leave(1)
    assert room.free() == 0, "patient again"


async def test_full_is_full_however_long_one_waits() -> None:
    room = Room(10, 5)
    _fill(room, 10)
    await room.wait(PATIENCE_S)
    assert room.free() == 0


def test_what_one_batch_asks_slots_for_no_other_finds_free() -> None:
    room = room_of(10)
    assert room.take(30) == 10
    assert room.take(30) == 0
    room.leave(10)  # the limiter gave no slot
    assert room.take(4) == 4
