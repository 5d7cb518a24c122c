"""One measurement: CPU and wall time of a piece of work, repeated. Touches clocks only.

CPU is this process's own (user and system, every thread), so that a neighbour on the machine changes it
little; wall time is what a neighbour changes most.
"""

import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds that one run took."""

    cpu_s: float
    wall_s: float


def once(work: Callable[[], object]) -> Spent:
    """Run `work` and say what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.process_time() - cpu, time.perf_counter() - wall)


async def once_async(work: Callable[[], Awaitable[object]]) -> Spent:
    """Await `work` and say what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    await work()
    return Spent(time.process_time() - cpu, time.perf_counter() - wall)


def middle(runs: Sequence[Spent]) -> Spent:
    """The medians of some runs."""
    return Spent(statistics.median(run.cpu_s for run in runs), statistics.median(run.wall_s for run in runs))


def repeated(work: Callable[[], object], times: int = 5) -> Spent:
    """The medians of `times` runs, after one that warms up."""
    work()
    return middle([once(work) for _ in range(times)])


def memory(value: object) -> int:
    """Bytes of every array that a value holds."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if isinstance(value, dict):
        return sum(map(memory, value.values())) + sys.getsizeof(value)
    if is_dataclass(value):
        return sum(memory(getattr(value, one.name)) for one in fields(value))
    return 0


def say(what: str, figure: str, note: str = "") -> None:
    """One line of the report."""
    print(f"  {what:<58} {figure:>18}  {note}".rstrip())


def head(title: str) -> None:
    """The title of a part of the report."""
    print(f"\n{title}")
