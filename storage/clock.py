"""The one clock: aware UTC wall time and a monotonic counter. Touches nothing else."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

# A lease that ends so much later than a lease can was taken before the wall clock was set back, or by a
# machine whose clock is wrong. Its holder may be dead, and nobody waits for hours to find out; fences keep it
# safe.
SET_BACK = timedelta(minutes=2)


class Clock(Protocol):
    """What every part of Muster asks for the time; tests pass their own."""

    def now(self) -> datetime:
        """Return the aware UTC wall time."""
        ...

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start that never go backwards."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()
