"""Named moments at which a process of ours dies or stands still, and a shorter patience than in service.
Touches modules of ours by changing what their names mean in one child process; production code knows nothing
of it.

A point is a function of ours and whether death comes before or after its work. Death is SIGKILL from inside:
nothing after that very line runs, no buffer is flushed, no connection is closed in order.
"""

import functools
import gc
import importlib
import inspect
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from alerts.broadcast import Broadcast

BEFORE, AFTER = "before", "after"


@dataclass(frozen=True, slots=True)
class Point:
    """One moment.

    Attributes:
        module, name: the function, as `Class.method` where it is one.
        when: before or after its work.
        nth: at which call, from 1.
        matters: whether a call counts at all, judged by its arguments.
    """

    module: str
    name: str
    when: str
    nth: int = 1
    matters: Callable[..., bool] = lambda *_args, **_more: True


def _has_unmarked(news: Any) -> bool:
    return bool(news.unmarked)


def _is_done(*_args: Any, done: bool = False, **_more: Any) -> bool:
    return done


POINTS: Mapping[str, Point] = {
    # the planner
    "epoch written to SQL, not to Redis": Point("alerts.epoch", "EpochKeeper._claim", AFTER),
    "revision claimed, nothing committed": Point("alerts.plans", "claim", AFTER),
    "sending committed, nobody resolved": Point("alerts.planner", "Planner._audience", BEFORE),
    "the first chunk committed, not offered": Point("alerts.dispatch", "Dispatch.offer_new", BEFORE),
    "a chunk written, not committed": Point("alerts.plans", "write_deliveries", AFTER, nth=2),
    "a chunk committed, not offered": Point("alerts.dispatch", "Dispatch.offer_new", BEFORE, nth=2),
    "batches offered, SQL not told": Point("alerts.batches", "mark_offered", BEFORE),
    "everybody written, not said so": Point("alerts.plans", "mark_resolved", BEFORE),
    # the worker
    "a batch taken, nothing sent": Point("alerts.work", "BatchWork.finish", BEFORE),
    "slots granted, nothing sent": Point("alerts.broadcast", "Broadcast._launch", BEFORE),
    "some answers in, others under way": Point("alerts.broadcast", "attempt", AFTER, nth=7),
    "answers in, not marked": Point("alerts.news", "News._mark", BEFORE, 2, _has_unmarked),
    "all marked, SQL not told": Point("alerts.work", "BatchWork._record", BEFORE, 1, _is_done),
    "outcomes written, not committed": Point("alerts.batches", "close", AFTER),
    "outcomes committed, entry not settled": Point("alerts.queue", "Queue.settle", BEFORE),
    "entry settled": Point("alerts.queue", "Queue.settle", AFTER),
    "some calls taken, nothing marked": Point("alerts.bulk", "attempt_many", AFTER),
    # the web process
    "a message read, not stored": Point("bot.inbox", "Inbox.store", BEFORE),
    "a message stored, not acknowledged": Point("bot.inbox", "Inbox.store", AFTER),
    "a step done, not committed": Point("bot.steps", "fence_stands", AFTER),
    "a step committed, its reply not sent": Point("bot.sender", "OutboxSender._hand_over", BEFORE),
    "a reply sent, not recorded": Point("bot.sender", "OutboxSender._hand_over", AFTER),
}

HASTE: tuple[tuple[str, str, Any], ...] = (
    ("alerts.queue", "TAKE_OVER_MS", 1_000),
    ("alerts.epoch", "TAKE_OVER_MS", 1_000),
    ("alerts.epoch", "KEEPER_LEASE", timedelta(seconds=2)),
    ("alerts.lease", "LEASE_S", 0.75),
    ("alerts.account", "BEAT_S", 0.2),
    ("alerts.account", "TAKE_OVER_EVERY_S", 0.1),
    ("alerts.account", "BLOCK_MS", 100),
    ("alerts.plans", "LEASE", timedelta(seconds=1.5)),
    ("alerts.strata", "FIRST_CHUNK", 20),
    ("alerts.strata", "CHUNK", 30),
    ("bot.outbox", "LEASE_S", 2.0),
)
"""Who died is noticed sooner than in service, and chunks are small enough that few people fill several."""
LANE_LEASE_S = 1.5


def hasten() -> None:
    """Apply `HASTE` to this process; every name must be there already."""
    for module, name, value in HASTE:
        loaded = importlib.import_module(module)
        assert hasattr(loaded, name), f"{module} has no {name} any more"
        setattr(loaded, name, value)
    leases = importlib.import_module("bot.leases")
    for kind in (leases.LaneLeases, leases.SoloLease):
        kind.__init__.__kwdefaults__["seconds"] = LANE_LEASE_S


def arm(name: str, *, freeze: bool = False) -> None:
    """Die at the point of this name, or stand still there until SIGCONT."""
    point = POINTS[name]
    owner: Any = importlib.import_module(point.module)
    *classes, last = point.name.split(".")
    for part in classes:
        owner = getattr(owner, part)
    end = stand if freeze else die
    setattr(owner, last, _deadly(getattr(owner, last), point, functools.partial(end, name)))


def _deadly(function: Callable[..., Any], point: Point, end: Callable[[], None]) -> Callable[..., Any]:
    calls = 0

    def due(*args: Any, **more: Any) -> bool:
        nonlocal calls
        if point.matters(*args, **more):
            calls += 1
            return calls == point.nth
        return False

    @functools.wraps(function)
    async def asynchronous(*args: Any, **more: Any) -> Any:
        now = due(*args, **more)
        if now and point.when == BEFORE:
            end()
        result = await function(*args, **more)
        if now:
            end()
        return result

    @functools.wraps(function)
    def plain(*args: Any, **more: Any) -> Any:
        now = due(*args, **more)
        if now and point.when == BEFORE:
            end()
        result = function(*args, **more)
        if now:
            end()
        return result

    return asynchronous if inspect.iscoroutinefunction(function) else plain


def die(name: str) -> None:
    """Say where, when and with how many requests under way or answered and not marked yet, and be gone."""
    broadcasts = [one for one in gc.get_objects() if isinstance(one, Broadcast)]
    under_way = sum(sum(one._running.values()) + one.news.unmarked for one in broadcasts)
    line = json.dumps({"died": name, "mono": time.monotonic(), "in_flight": under_way}) + "\n"
    os.write(sys.stderr.fileno(), line.encode())
    os.kill(os.getpid(), signal.SIGKILL)


def stand(name: str) -> None:
    """Say where, and stand still."""
    os.write(sys.stderr.fileno(), json.dumps({"stands": name}).encode() + b"\n")
    os.kill(os.getpid(), signal.SIGSTOP)
