"""Allowances: never more than burst + rate x time, and never starved."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.gateways.webchat.guard import Allowance, Guard, TooManyError


@dataclass
class HandClock:
    now: float = 0.0

    def monotonic(self) -> float:
        return self.now


def granted(guard: Guard, browser: str) -> bool:
    try:
        guard.spend(browser)
    except TooManyError:
        return False
    return True


def test_a_burst_passes_and_the_next_waits_as_long_as_told() -> None:
    clock = HandClock()
    guard = Guard(clock, Allowance(0.5, 3), Allowance(100, 100))
    assert [granted(guard, "a") for _ in range(4)] == [True, True, True, False]
    with pytest.raises(TooManyError) as caught:
        guard.spend("a")
    clock.now += caught.value.seconds - 0.01
    assert not granted(guard, "a")
    clock.now += 0.02
    assert granted(guard, "a")


def test_one_browser_does_not_use_up_the_others() -> None:
    guard = Guard(HandClock(), Allowance(1, 2), Allowance(1, 10))
    assert [granted(guard, "loud") for _ in range(20)].count(True) == 2
    assert granted(guard, "quiet")


def test_all_together_are_limited_too() -> None:
    guard = Guard(HandClock(), Allowance(1, 2), Allowance(1, 5))
    assert [granted(guard, str(number)) for number in range(9)].count(True) == 5


@given(some.lists(some.tuples(some.floats(0, 5), some.integers(0, 2)), max_size=80))
def test_nobody_gets_more_than_burst_and_rate(steps: list[tuple[float, int]]) -> None:
    clock = HandClock()
    guard = Guard(clock, Allowance(0.7, 3), Allowance(1.5, 5))
    got = [0, 0, 0]
    for pause, browser in steps:
        clock.now += pause
        got[browser] += granted(guard, str(browser))
        assert got[browser] <= 3 + 0.7 * clock.now + 1e-6
        assert sum(got) <= 5 + 1.5 * clock.now + 1e-6
