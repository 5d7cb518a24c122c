"""The fan-out engine beside a bare aiohttp loop, the queues that others use, and python-telegram-bot. Touches
temporary folders, Redis, SQL and loopback.

Everything sends the same message to the same provider (`benchmarks.gateway`), one process each, in turn, so
that a neighbour on the machine meets all alike; ratios are those of one round, and their median counts. The
engine is the real worker on batches as the planner writes them: SQL ledger on, limiter on (with a limit that
nobody reaches), once with a gateway that only posts and once with the real Telegram gateway.

MUSTER_BENCH_MESSAGES and MUSTER_BENCH_ROUNDS change the counts.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from redis import Redis

from alerts.queue import PRIORITIES
from benchmarks.children import Child, ChildError, Provider, child, provider, wait_until
from benchmarks.measure import head, say
from benchmarks.ministry import ACCOUNT, Ministry, own_redis, settings_of
from storage.keys import AccountKeys
from storage.migrate import migrate
from tests.postgres import fresh_database, postgres

MESSAGES = int(os.environ.get("MUSTER_BENCH_MESSAGES", "10000"))
ROUNDS = int(os.environ.get("MUSTER_BENCH_ROUNDS", "3"))
LIBRARIES = ("taskiq", "saq", "arq")  # see benchmarks.other_queues
SLOW = 20  # what is slow sends so many times fewer
LONGEST_S = 900.0
OURS, THEIRS = 0, 1  # cores: what is measured; the provider, Redis and PostgreSQL
NO_LIMIT = 1e6


@dataclass(frozen=True, slots=True)
class Run:
    """What one process took for one message, and its peak of memory."""

    cpu_us: float
    rate: float
    peak_mb: float
    provider_us: float


@dataclass(slots=True)
class Field:
    """Where it all happens."""

    folder: Path
    provider: Provider
    redis_url: str
    redis_pid: int
    ledgers: dict[str, str]  # name -> URL of a database with people in it

    def queue_is_empty(self) -> bool:
        """Whether no batch lies on a stream."""
        keys = AccountKeys(*ACCOUNT)
        with Redis.from_url(self.redis_url) as redis:
            return not any(redis.xlen(keys.stream(priority)) for priority in PRIORITIES)


def run() -> None:
    """Measure, round by round, and report."""
    head(f"Fan-out: {MESSAGES:,} messages each, {ROUNDS} rounds, 100 at once")
    with field(MESSAGES, MESSAGES) as there:
        _provider_alone(there)
        found: dict[str, list[Run]] = defaultdict(list)
        for number in range(ROUNDS):
            for name, one in _ways(there).items():
                found[name].append(one())
                last = found[name][-1]
                print(
                    f"    round {number + 1}: {name}: {last.cpu_us:.0f} us CPU, {last.rate:,.0f}/s",
                    flush=True,
                )
    report(found)


@contextmanager
def field(on_sqlite: int, on_postgresql: int) -> Iterator[Field]:
    """A Redis, a provider, and so many people in databases; 0 = that one is left out."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mb")))
        folder.chmod(0o755)
        redis = stack.enter_context(own_redis(folder / "redis"))
        redis_url = redis.url
        served = stack.enter_context(provider(core=THEIRS))
        ledgers = {}
        if on_sqlite:
            ledgers["SQLite"] = f"sqlite:///{folder / 'muster.db'}"
            migrate(ledgers["SQLite"])
            asyncio.run(_fill(ledgers["SQLite"], redis_url, on_sqlite))
        if on_postgresql:
            maintenance = stack.enter_context(postgres(folder / "pg"))
            ledgers["PostgreSQL"] = asyncio.run(fresh_database(maintenance))
            asyncio.run(_fill(ledgers["PostgreSQL"], redis_url, on_postgresql))
        yield Field(folder, served, redis_url, redis.process_id, ledgers)


async def _fill(url: str, redis_url: str, count: int) -> None:
    ministry = Ministry.at(url, redis_url)
    await ministry.fill(count)
    await ministry.close()


def _ways(there: Field) -> dict[str, Any]:
    ways: dict[str, Any] = {"bare aiohttp loop": partial(_loop, there, "bare", MESSAGES)}
    for ledger in there.ledgers:
        ways[f"engine, aiohttp gateway, {ledger}"] = partial(_engine, there, ledger, "aiohttp", 1)
    ways["engine, Telegram gateway, SQLite"] = partial(_engine, there, "SQLite", "telegram", 1)
    ways["engine, aiohttp gateway, PostgreSQL, 2 workers"] = partial(
        _engine, there, "PostgreSQL", "aiohttp", 2
    )
    for library in LIBRARIES:
        ways[library] = partial(_library, there, library, MESSAGES // 2)
    ways["python-telegram-bot over our transport"] = partial(_loop, there, "telegram", MESSAGES)
    ways["python-telegram-bot as shipped"] = partial(_loop, there, "httpx", max(200, MESSAGES // SLOW))
    return ways


def _provider_alone(there: Field) -> None:
    port = int(there.provider.base.rpartition(":")[2])
    count = MESSAGES * 4
    there.provider.reset()
    with child("benchmarks.loading", {"port": port, "count": count}, core=OURS) as process:
        process.line()
        before = there.provider.notes().cpu_s
        process.go()
        wait_until(lambda: there.provider.count() >= count, LONGEST_S, "the provider took everything")
        notes = there.provider.notes()
    took = (notes.cpu_s - before) / count
    say("the provider alone", f"{notes.rate:,.0f} a second", f"{took * 1e6:.1f} us CPU a message")


def _loop(there: Field, kind: str, count: int) -> Run:
    there.provider.reset()
    with child(
        "benchmarks.posting", {"kind": kind, "base": there.provider.base, "count": count}, OURS
    ) as one:
        return watch(there.provider, [one], count)


def _library(there: Field, library: str, count: int) -> Run:
    with Redis.from_url(there.redis_url) as redis:
        redis.flushall()
    given = {"library": library, "redis": there.redis_url, "base": there.provider.base, "count": count}
    with child("benchmarks.other_queues", {**given, "role": "enqueue"}) as putting:
        putting.line()
    there.provider.reset()
    with child("benchmarks.other_queues", {**given, "role": "work"}, OURS) as one:
        return watch(there.provider, [one], count)


def _engine(there: Field, ledger: str, gateway: str, workers: int) -> Run:
    with Redis.from_url(there.redis_url) as redis:
        redis.flushall()
    url = there.ledgers[ledger]
    asyncio.run(_offer(url, there.redis_url))
    there.provider.reset()
    given = {
        "role": "worker",
        "settings": settings_of(url, there.redis_url, there.provider.base),
        "gateway": gateway,
        "per_second": NO_LIMIT,
    }
    with ExitStack() as stack:
        cores: Sequence[int | None] = [OURS] if workers == 1 else [None] * workers
        ones = [stack.enter_context(child("benchmarks.engine", given, core)) for core in cores]
        found = watch(there.provider, ones, MESSAGES, there.queue_is_empty)
    asyncio.run(_audit(url, there.redis_url, there.provider))
    return found


async def _offer(url: str, redis_url: str) -> None:
    """A new alert to everybody, planned and on the queue."""
    ministry = Ministry.at(url, redis_url)
    await ministry.forget_epoch()
    await ministry.plan("Severe", range(1, MESSAGES + 1), 100)
    await ministry.offer()
    await ministry.close()


async def _audit(url: str, redis_url: str, served: Provider) -> None:
    """Everybody got one and SQL says so; then nothing of it is left to do.

    Raises:
        ChildError: somebody got none, or two.
    """
    ministry = Ministry.at(url, redis_url)
    notes, states = served.notes(), await ministry.newest_states()
    await ministry.end_all()
    await ministry.close()
    if notes.doubles or len(notes.who) != MESSAGES or states != {"accepted": MESSAGES}:
        raise ChildError(f"{notes.doubles} twice, {len(notes.who)} sent, the ledger: {states}")


def watch(served: Provider, ones: Sequence[Child], count: int, also: Any = lambda: True) -> Run:
    """Let processes go and see what each message costs until the provider has `count` of them."""
    for one in ones:
        one.line()
    before, theirs = sum(one.cpu_s for one in ones), served.notes().cpu_s
    for one in ones:
        one.go()
    wait_until(lambda: served.count() >= count and also(), LONGEST_S, f"{count} messages", 0.05)
    time.sleep(0.1)  # what is left to write is written
    spent, notes = sum(one.cpu_s for one in ones) - before, served.notes()
    return Run(
        spent / count * 1e6,
        notes.rate,
        max(one.peak_mb for one in ones),
        (notes.cpu_s - theirs) / count * 1e6,
    )


def report(found: dict[str, list[Run]]) -> None:
    """One line each, with ratios to the bare loop of the same round."""
    bare = found["bare aiohttp loop"]
    print(f"\n  {'':50s} {'CPU us':>7s} {'x bare':>7s} {'a second':>9s} {'of bare':>8s} {'peak MB':>8s}")
    for name, runs in found.items():
        pairs = list(zip(runs, bare, strict=True))
        cpu = statistics.median(one.cpu_us / other.cpu_us for one, other in pairs)
        rate = statistics.median(one.rate / other.rate for one, other in pairs)
        middle = statistics.median(one.cpu_us for one in runs), statistics.median(one.rate for one in runs)
        peak = max(one.peak_mb for one in runs)
        print(f"  {name:50s} {middle[0]:7.0f} {cpu:7.2f} {middle[1]:9,.0f} {rate:8.2f} {peak:8.0f}")
    engine = found["engine, aiohttp gateway, PostgreSQL"]
    for library in LIBRARIES:
        pairs = list(zip(engine, found[library], strict=True))
        cpu = statistics.median(theirs.cpu_us / ours.cpu_us for ours, theirs in pairs)
        rate = statistics.median(ours.rate / theirs.rate for ours, theirs in pairs)
        say(f"the engine against {library}", f"{rate:.1f} x the rate", f"{cpu:.1f} x less CPU")
    two = found["engine, aiohttp gateway, PostgreSQL, 2 workers"]
    twice = statistics.median(many.rate / one.rate for many, one in zip(two, engine, strict=True))
    busy = statistics.median(many.provider_us * many.rate / 1e6 for many in two)
    say("2 workers against 1", f"{twice:.2f} x the rate", f"the provider {100 * busy:.0f} % busy")
    ours = found["python-telegram-bot over our transport"]
    pairs = list(zip(ours, found["python-telegram-bot as shipped"], strict=True))
    rate = statistics.median(one.rate / other.rate for one, other in pairs)
    cpu = statistics.median(other.cpu_us / one.cpu_us for one, other in pairs)
    say(
        "python-telegram-bot: our transport against its own",
        f"{rate:.1f} x the rate",
        f"{cpu:.1f} x less CPU",
    )
