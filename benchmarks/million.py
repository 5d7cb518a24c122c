"""A million people end to end: the real planner, two real workers, one provider that answers at once. Touches
what `benchmarks.fanout` does. MUSTER_BENCH_PEOPLE changes the million.
"""

import asyncio
import os
import time
from contextlib import ExitStack

from benchmarks.children import child, memory_mb, wait_until
from benchmarks.fanout import NO_LIMIT, Field, field
from benchmarks.measure import head, say
from benchmarks.ministry import FIRST_CHAT, Ministry, settings_of

PEOPLE = int(os.environ.get("MUSTER_BENCH_PEOPLE", "1000000"))
WORKERS = 2
LONGEST_S = 3_600.0


def run() -> None:
    """From the approval to the last outcome in SQL."""
    head(f"{PEOPLE:,} people end to end, {WORKERS} workers, PostgreSQL")
    with field(0, PEOPLE) as there, ExitStack() as stack:
        url = there.ledgers["PostgreSQL"]
        given = {
            "settings": settings_of(url, there.redis_url, there.provider.base),
            "gateway": "aiohttp",
            "per_second": NO_LIMIT,
        }
        asyncio.run(_prepare(url, there.redis_url))
        names = ("planner", *(f"worker {number + 1}" for number in range(WORKERS)))
        processes = {
            name: stack.enter_context(child("benchmarks.engine", {**given, "role": name.partition(" ")[0]}))
            for name in names
        }
        for process in processes.values():
            process.line()
            process.go()
        there.provider.reset()
        empty = memory_mb(there.redis_pid)
        began = time.monotonic()
        asyncio.run(_approve(url, there.redis_url))
        wait_until(
            lambda: there.provider.count() >= PEOPLE and there.queue_is_empty(), LONGEST_S, "everybody", 0.5
        )
        took = time.monotonic() - began
        asyncio.run(_report(there, url, began, took))
        for name, process in processes.items():
            say(f"  {name}", f"{process.peak_mb:.0f} MB at its peak", f"{process.cpu_s:.1f} s CPU")
        say("  Redis", f"+{memory_mb(there.redis_pid, 'VmHWM') - empty:.1f} MB at its peak")


async def _prepare(url: str, redis_url: str) -> None:
    ministry = Ministry.at(url, redis_url)
    await ministry.offer()
    await ministry.close()


async def _approve(url: str, redis_url: str) -> None:
    ministry = Ministry.at(url, redis_url)
    await ministry.approve("Severe")
    await ministry.close()


async def _report(there: Field, url: str, began: float, took: float) -> None:
    ministry = Ministry.at(url, there.redis_url)
    notes, states = there.provider.notes(), await ministry.newest_states()
    await ministry.close()
    reached = {who - FIRST_CHAT for who in notes.who}
    lost = len(set(range(1, PEOPLE + 1)) - reached)
    say("from approval to the last outcome in SQL", f"{took:.1f} s", f"{PEOPLE / took:,.0f} a second")
    say("  first message", f"{notes.times[0] - began:.2f} s")
    say("  from the first message to the last", f"{notes.rate:,.0f} a second")
    say("  lost, twice", f"{lost}, {notes.doubles}", f"the ledger: {states}")
