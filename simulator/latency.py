"""How long an answer takes, and how late this process itself is. Touches the event loop's clock only."""

import asyncio
import math
import random
from collections import deque

from simulator.config import LatencyRules

BEAT_S = 0.02
Z95 = 1.645  # standard normal quantile of 95 %


class Latency:
    """Draws answer times: lognormal, 5 % below `low_s`, 5 % above `high_s`, never beyond 4 x `high_s`."""

    def __init__(self, rules: LatencyRules, rng: random.Random) -> None:
        if rules.low_s < 0 or rules.high_s < rules.low_s:
            raise ValueError("latency needs 0 <= low_s <= high_s")
        self._rng = rng
        self._top = 4 * rules.high_s
        self._fixed = rules.high_s if rules.low_s in (0, rules.high_s) else None
        if self._fixed is None:
            low, high = math.log(rules.low_s), math.log(rules.high_s)
            self._mu, self._sigma = (low + high) / 2, (high - low) / (2 * Z95)

    def draw(self) -> float:
        """Seconds the next answer takes; 0 when latency is off."""
        if self._fixed is not None:
            return self._fixed
        return min(self._top, self._rng.lognormvariate(self._mu, self._sigma))


class LoopLag:
    """Measures how late this event loop wakes up; `worst()` looks back over the last second.

    Attributes:
        latest: the worst lateness of its whole life, in seconds.
    """

    def __init__(self) -> None:
        self.latest = 0.0
        self._late: deque[tuple[float, float]] = deque()
        self._due: float | None = None

    async def run(self) -> None:
        """Beat until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._due = loop.time() + BEAT_S
            await asyncio.sleep(BEAT_S)
            now = loop.time()
            late = now - self._due
            if late > BEAT_S / 2:
                self._late.append((now, late))
                self.latest = max(self.latest, late)
            while self._late and self._late[0][0] < now - 1.0:
                self._late.popleft()

    def worst(self) -> float:
        """Worst lateness of the last second in seconds, the beat that is overdue right now included."""
        overdue = 0.0
        if self._due is not None:
            overdue = max(0.0, asyncio.get_running_loop().time() - self._due)
        return max(overdue, max((late for _, late in self._late), default=0.0))
