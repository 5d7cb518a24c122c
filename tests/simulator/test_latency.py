"""Latency: the promised spread, and a loop that notices its own lateness."""

import asyncio
import random
import time
from contextlib import suppress

import pytest

from simulator.config import NO_LATENCY, LatencyRules
from simulator.latency import Latency, LoopLag


def test_nine_of_ten_answers_lie_between_the_bounds() -> None:
    latency = Latency(LatencyRules(0.03, 0.15), random.Random(3))
    draws = sorted(latency.draw() for _ in range(4000))
    assert draws[200] == pytest.approx(0.03, rel=0.1)
    assert draws[3800] == pytest.approx(0.15, rel=0.1)
    assert draws[-1] <= 0.6


def test_off_is_off_and_equal_bounds_are_fixed() -> None:
    assert Latency(NO_LATENCY, random.Random(1)).draw() == 0.0
    assert Latency(LatencyRules(0.2, 0.2), random.Random(1)).draw() == 0.2
    with pytest.raises(ValueError, match="latency"):
        Latency(LatencyRules(0.3, 0.2), random.Random(1))


async def test_the_loop_knows_when_it_was_late() -> None:
    lag = LoopLag()
    assert lag.worst() == 0.0
    beat = asyncio.create_task(lag.run())
    await asyncio.sleep(0.05)
    time.sleep(0.2)  # noqa: ASYNC251 - blocking the loop is what is measured
    assert lag.worst() > 0.1  # overdue right now
    await asyncio.sleep(0.05)
    assert lag.worst() > 0.1  # remembered
    await asyncio.sleep(1.1)
    assert lag.worst() < lag.latest
    assert lag.latest > 0.1  # for good
    beat.cancel()
    with suppress(asyncio.CancelledError):
        await beat
