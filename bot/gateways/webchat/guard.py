"""How much one browser, and all of them together, may ask of one process. Pure; touches nothing."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

KEPT = 50_000  # browsers whose recent use is remembered


class _Monotonic(Protocol):
    def monotonic(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Allowance:
    """`burst` at once, refilled at `per_second`."""

    per_second: float
    burst: float


class TooManyError(Exception):
    """Over the allowance; it is worth trying again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__("too_many")
        self.seconds = seconds


class Guard:
    """Counts by one kind of request: each browser by its own allowance, all together by the process's."""

    def __init__(self, clock: _Monotonic, each: Allowance, together: Allowance) -> None:
        self._clock = clock
        self._each = each
        self._together = together
        self._all = (together.burst, clock.monotonic())
        self._browsers: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, browser: str) -> None:
        """Take one from both allowances.

        Raises:
            TooManyError: one of them is used up; nothing was taken.
        """
        now = self._clock.monotonic()
        mine, wait = _refilled(self._each, self._browsers.get(browser, (self._each.burst, now)), now)
        ours, wait_together = _refilled(self._together, self._all, now)
        if wait > 0 or wait_together > 0:
            raise TooManyError(max(wait, wait_together))
        self._all = (ours - 1, now)
        self._browsers[browser] = (mine - 1, now)
        self._browsers.move_to_end(browser)
        if len(self._browsers) > KEPT:
            self._browsers.popitem(last=False)


def _refilled(allowance: Allowance, state: tuple[float, float], now: float) -> tuple[float, float]:
    """What is there now, and the seconds until one is (0 when there is)."""
    left, since = state
    left = min(allowance.burst, left + (now - since) * allowance.per_second)
    return left, 0.0 if left >= 1 else (1 - left) / allowance.per_second
