"""How close two workers come to a limit they share, and whether they ever pass it. Touches what
`benchmarks.fanout` does.

The provider is honest and strict: more than the limit in any second of its own clock gets a 429. What was
sent is judged by the senders' own stamps, taken right before each write: every window of one second, wherever
it begins.
"""

import asyncio
from array import array
from contextlib import ExitStack

from benchmarks.children import child, wait_until
from benchmarks.fanout import LONGEST_S, Field, field
from benchmarks.measure import head, say
from benchmarks.ministry import Ministry, settings_of

RATES = (30, 80, 1_000)  # a second; the first two are Telegram's and WhatsApp's
SECONDS = 20
WORKERS = 2


def run() -> None:
    """Each rate for twenty seconds."""
    head(f"Rate fidelity: {WORKERS} workers, {SECONDS} s each, SQLite")
    with field(max(RATES) * SECONDS, 0) as there:
        for rate in RATES:
            _measure(there, rate)


def _measure(there: Field, rate: int) -> None:
    count = rate * SECONDS
    url = there.ledgers["SQLite"]
    asyncio.run(_offer(url, there.redis_url, count, rate))
    there.provider.reset(rate=rate)
    files = [there.folder / f"stamps{number}" for number in range(WORKERS)]
    with ExitStack() as stack:
        for file in files:
            given = {
                "role": "worker",
                "settings": settings_of(url, there.redis_url, there.provider.base),
                "gateway": "aiohttp",
                "per_second": rate,
                "stamps": str(file),
            }
            worker = stack.enter_context(child("benchmarks.engine", given))
            worker.line()
            worker.go()
        wait_until(lambda: there.provider.count() >= count and there.queue_is_empty(), LONGEST_S, "all sent")
    notes = there.provider.notes()
    asyncio.run(_end(url, there.redis_url))
    parts = [array("d", file.read_bytes()) for file in files]
    stamps = sorted(stamp for part in parts for stamp in part)
    say(
        f"{rate:,} a second",
        f"{100 * (len(stamps) - 1) / (stamps[-1] - stamps[0]) / rate:.1f} %",
        f"at most {busiest(stamps)} in any second by the senders, {busiest(notes.times)} at the provider; "
        f"{notes.refused} 429s; {' and '.join(str(len(part)) for part in parts)} messages",
    )


def busiest(times: "array[float] | list[float]", window_s: float = 1.0) -> int:
    """The most stamps in any window of `window_s`, which holds its beginning and not its end."""
    ordered, first, most = sorted(times), 0, 0
    for last, stamp in enumerate(ordered):
        while ordered[first] <= stamp - window_s:
            first += 1
        most = max(most, last - first + 1)
    return most


async def _offer(url: str, redis_url: str, count: int, rate: int) -> None:
    ministry = Ministry.at(url, redis_url)
    await ministry.plan("Severe", range(1, count + 1), max(10, min(100, rate // 2)))
    await ministry.offer()
    await ministry.close()


async def _end(url: str, redis_url: str) -> None:
    ministry = Ministry.at(url, redis_url)
    await ministry.end_all()
    await ministry.close()
