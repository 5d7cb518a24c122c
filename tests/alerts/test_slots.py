"""Slots: counted from the answer, not used too late, not left out for ever."""

from datetime import timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from alerts.room import room_of
from alerts.slots import LATE_S, NEVER_SILENT_S, Slots
from bot.gateway import Limits
from bot.limiter import Limiter
from storage.keys import AccountKeys
from tests.alerts.office import HandClock

SLOW = Limits(10.0, 0, 50, 10, 4_096, 10, "2026-11-22")
FAST = Limits(1e6, 0, 50, 10, 4_096, 10, "2026-11-22")


def _slots(redis: Redis, limits: Limits, clock: HandClock) -> Slots:
    return Slots(Limiter(redis, AccountKeys("telegram", "main"), limits, clock), clock, room_of(10))


async def test_a_slot_that_is_over_is_not_used(redis: Redis) -> None:
    clock = HandClock()
    slots = _slots(redis, SLOW, clock)
    assert (await slots.ask([1])).count == 1
    at = clock.monotonic()
    assert not slots.missed(at, asked_again=True), "on time"
    clock.at += timedelta(seconds=LATE_S / 2)
    assert not slots.missed(at, asked_again=True), "late, but no second holds too many for that"
    clock.at += timedelta(seconds=LATE_S)
    assert slots.missed(at, asked_again=True)
    assert not slots.missed(at, asked_again=False), "named in SQL already"
    clock.at += timedelta(seconds=NEVER_SILENT_S)
    assert not slots.missed(at, asked_again=True), "always late must not mean silent"


async def test_where_the_limit_holds_nothing_back_lateness_does_not_matter(redis: Redis) -> None:
    clock = HandClock()
    slots = _slots(redis, FAST, clock)
    assert (await slots.ask([1] * 50)).count == 50
    assert not slots.missed(clock.monotonic(), asked_again=True)
    clock.at += timedelta(seconds=2 * LATE_S)
    assert not slots.missed(clock.monotonic() - 2 * LATE_S, asked_again=True)


async def test_slots_are_counted_from_the_answer(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = HandClock()
    slots = _slots(redis, SLOW, clock)
    ask = slots.limiter.bulk

    async def slowly(*args: Any) -> Any:
        grant = await ask(*args)
        clock.at += timedelta(seconds=0.5)  # the answer was that long on its way
        return grant

    monkeypatch.setattr(slots.limiter, "bulk", slowly)
    turn = await slots.ask([1])
    assert turn.at >= clock.monotonic()
