"""The room of an account: given in shares, given back, never waited for in vain. Slots: not used too late."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from alerts.attempt import Item
from alerts.flow import LATE_S, NEVER_SILENT_S, PATIENCE_S, Flow, Room, room_of
from alerts.lease import Hold
from alerts.lifecycle import AlertState
from alerts.outcomes import Outcome
from alerts.queue import Entry
from alerts.standing import Standing
from bot.limiter import Grant
from storage.vault import Vault
from tests.alerts.office import NOW, HandClock, Office
from tests.alerts.post_room import PostRoom, open_post_room

RESENT = Standing(AlertState.SENDING, drill=False, severity="Severe", expires_at=NOW, resend=True)


def test_room_is_given_when_a_share_of_it_is_free() -> None:
    room = room_of(100)
    room.enter(51)
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
    room.enter(10)
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
    room.enter(9)
    assert room.free() == 0
    await room.wait(60.0)
    assert room.free() == 1
    room.enter(1)
    room.leave(1)
    assert room.free() == 0, "patient again"


async def test_full_is_full_however_long_one_waits() -> None:
    room = Room(10, 5)
    room.enter(10)
    await room.wait(PATIENCE_S)
    assert room.free() == 0


async def test_a_slot_that_is_over_is_not_used(quick_office: Office, redis: Redis, vault: Vault) -> None:
    clock = HandClock()
    flow = await _flow(await open_post_room(quick_office, redis, vault), clock)
    flow._counted(Grant(count=4, first_s=0.0, spacing_s=0.03, wait_s=0.0), clock.monotonic())
    slot = clock.monotonic()
    assert not flow._missed(slot, RESENT), "on time"
    clock.at += timedelta(seconds=LATE_S / 2)
    assert not flow._missed(slot, RESENT), "late, but no second holds too many for that"
    clock.at += timedelta(seconds=LATE_S)
    assert flow._missed(slot, RESENT)
    assert not flow._missed(slot, replace(RESENT, resend=False)), "named in SQL already"
    clock.at += timedelta(seconds=NEVER_SILENT_S)
    assert not flow._missed(slot, RESENT), "always late must not mean silent"


async def test_where_the_limit_holds_nothing_back_lateness_does_not_matter(
    quick_office: Office, redis: Redis, vault: Vault
) -> None:
    clock = HandClock()
    flow = await _flow(await open_post_room(quick_office, redis, vault), clock)
    flow._counted(Grant(count=50, first_s=0.0, spacing_s=1e-6, wait_s=0.0), clock.monotonic())
    assert not flow._missed(clock.monotonic(), RESENT)
    clock.at += timedelta(seconds=2 * LATE_S)
    assert not flow._missed(clock.monotonic() - 2 * LATE_S, RESENT)


async def test_slots_are_counted_from_the_answer(quick_office: Office, redis: Redis, vault: Vault) -> None:
    clock = HandClock()
    flow = await _flow(await open_post_room(quick_office, redis, vault), clock)
    asked_at = clock.monotonic()
    clock.at += timedelta(seconds=0.5)
    counted = flow._counted(Grant(count=1, first_s=0.25, spacing_s=0.03, wait_s=0.0), asked_at)
    assert counted.first_s == pytest.approx(0.75)


async def _flow(room: PostRoom, clock: HandClock) -> Flow:
    async def save(_ended: Sequence[Outcome], _moved: Sequence[Item]) -> None:
        """Nothing ends here."""

    crowd = room_of(10)
    return Flow(
        line=replace(room.worker("one").line, clock=clock),
        held=Hold(Entry("stream", b"1-0", 1, "life", again=False), clock.monotonic() + 60),
        batch=1,
        revision=room.revision,
        rung=0,
        stopping=asyncio.Event(),
        room=crowd.free,
        save=save,
        crowd=crowd,
    )
