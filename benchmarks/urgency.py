"""How soon what is urgent leaves: the first message after an approval, an extreme alert behind a million
routine messages, replies beside them, and how soon a cancelled alert is silent. Touches what
`benchmarks.fanout` does.

The real planner and two real workers, as processes of their own; one account of 1,000 messages a second;
PostgreSQL. Times are the provider's, from the moment at which the approval (or cancellation) is committed.
MUSTER_BENCH_BACKLOG changes the million.
"""

import asyncio
import os
import statistics
import time
from contextlib import ExitStack
from dataclasses import replace

import aiohttp

from benchmarks.children import Notes, child, memory_mb, wait_until
from benchmarks.fanout import LONGEST_S, Field, field
from benchmarks.measure import head, say
from benchmarks.ministry import ACCOUNT, FIRST_CHAT, Ministry, settings_of
from benchmarks.posting import PART, TOKEN
from bot.gateway import Limits
from bot.limiter import Limiter
from storage.clock import SystemClock
from storage.keys import AccountKeys

BACKLOG = int(os.environ.get("MUSTER_BENCH_BACKLOG", "1000000"))
PEOPLE = 100_000  # each has BACKLOG / PEOPLE routine messages waiting
NEAR = 2_000  # people of another city, whom the urgent alerts concern
THERE = (65.68, -18.1)
PER_SECOND = 1_000
WORKERS = 2
TIMES = 5
REPLIES = 200
AREA = {"circles": [{"lat": THERE[0], "lon": THERE[1], "radius_km": 20.0}]}


def run() -> None:
    """Idle first, then behind the backlog."""
    head(
        f"Urgency: {PER_SECOND:,} a second, {WORKERS} workers, {BACKLOG:,} routine messages wait, PostgreSQL"
    )
    with field(0, min(PEOPLE, BACKLOG)) as there, ExitStack() as stack:
        url = there.ledgers["PostgreSQL"]
        given = {
            "settings": settings_of(url, there.redis_url, there.provider.base),
            "gateway": "aiohttp",
            "per_second": PER_SECOND,
        }
        asyncio.run(_prepare(url, there.redis_url))
        for role in ("planner", *["worker"] * WORKERS):
            process = stack.enter_context(child("benchmarks.engine", {**given, "role": role}))
            process.line()
            process.go()
        asyncio.run(_measure(there, url))


async def _prepare(url: str, redis_url: str) -> None:
    ministry = Ministry.at(url, redis_url)
    await ministry.fill(NEAR, first=PEOPLE + 1, at=THERE)
    await ministry.offer()
    await ministry.close()


async def _measure(there: Field, url: str) -> None:
    ministry = Ministry.at(url, there.redis_url)
    first, _ = await _alert(there, ministry)  # the planner reads everybody for the first time
    say("the first alert after the start", f"{first:.2f} s", "its first message")
    idle = [await _alert(there, ministry) for _ in range(TIMES)]
    say("idle: from approval to the first message", f"{_middle(idle, 0):.3f} s", _worst(idle, 0))
    before = memory_mb(there.redis_pid)
    people = range(1, min(PEOPLE, BACKLOG) + 1)
    waiting = [await ministry.plan("Minor", people, 100) for _ in range(max(1, BACKLOG // PEOPLE))]
    await ministry.offer()
    took = memory_mb(there.redis_pid) - before
    say("Redis for what waits", f"{took:.1f} MB", f"{took * 1e6 / BACKLOG:.1f} MB for a million")
    behind = [await _alert(there, ministry) for _ in range(TIMES)]
    say("behind the backlog: to the first message", f"{_middle(behind, 0):.3f} s", _worst(behind, 0))
    say(f"  to 95 % of {NEAR:,}", f"{_middle(behind, 1):.2f} s", _worst(behind, 1))
    waits = sorted(await _replies(there, ministry))
    say(
        "a reply beside it, until the phone has it",
        f"p50 {statistics.median(waits):.3f} s",
        f"p99 {waits[int(len(waits) * 0.99)]:.3f} s",
    )
    cancelled = time.monotonic()
    for revision in waiting:
        await ministry.cancel(revision)
    committed = time.monotonic()
    await asyncio.sleep(10)
    silent = [stamp for stamp in there.provider.notes().times if stamp >= cancelled]
    last = max(silent, default=committed) - committed
    say("cancelled: until the last copy left", f"{max(0.0, last):.2f} s", "after the last commit")
    await ministry.close()


async def _alert(there: Field, ministry: Ministry) -> tuple[float, float]:
    """Approve an extreme alert; seconds until its first message and until 95 % of them."""
    there.provider.reset()
    await ministry.approve("Extreme", AREA)
    began = time.monotonic()

    def arrived(notes: Notes) -> list[float]:
        pairs = zip(notes.times, notes.who, strict=True)
        return sorted(at for at, who in pairs if who > FIRST_CHAT + PEOPLE)

    def all_there() -> bool:
        return len(arrived(there.provider.notes())) >= NEAR

    await asyncio.to_thread(wait_until, all_there, LONGEST_S, "an extreme alert arrived", 0.25)
    times = arrived(there.provider.notes())
    return times[0] - began, times[int(NEAR * 0.95) - 1] - began


async def _replies(there: Field, ministry: Ministry) -> list[float]:
    """Replies to people who write meanwhile, ten a second: seconds until each is at the provider."""
    limits = Limits(PER_SECOND, 1.0, 2, 100, 4096, 100, "2026-11-22")
    limiter = Limiter(ministry.redis, AccountKeys(*ACCOUNT), replace(limits), SystemClock())
    waits = []
    async with aiohttp.ClientSession() as session:
        for number in range(REPLIES):
            began = time.monotonic()
            await limiter.reply(number.to_bytes(32, "little"))  # its first half names who gets it
            form = {"chat_id": str(number), **PART}
            async with session.post(f"{there.provider.base}/bot{TOKEN}/sendMessage", data=form) as answer:
                await answer.read()
            waits.append(time.monotonic() - began)
            await asyncio.sleep(0.1)
    return waits


def _middle(found: list[tuple[float, float]], which: int) -> float:
    return statistics.median(times[which] for times in found)


def _worst(found: list[tuple[float, float]], which: int) -> str:
    return f"the slowest of {len(found)}: {max(times[which] for times in found):.3f} s"
