"""What operators watch while a warning goes out, as gauges in `Metrics`. Touches SQL and Redis, reads only.

Counting a million deliveries takes a moment, so SQL is asked every `FRESH_S` at most, however often somebody
scrapes. Every label is a word from a short list of ours: channel, account, state, priority.
"""

from datetime import datetime

from alerts import figures
from alerts.epoch import carried_epoch
from alerts.figures import BOUNDS_S, QUANTILES, Figures
from app.core import Core
from bot.limiter import PACE
from storage.errors import StorageUnavailableError
from storage.keys import AccountKeys
from storage.redis import REDIS_AWAY, RedisError

FRESH_S = 5.0
PRIORITIES = {0: "extreme", 1: "severe", 2: "others", 3: "routine"}
FROZEN_LONGER_MS = 1_000  # `bot/lua/freeze.lua` keeps its key so much longer


class OperatorFigures:
    """Sets gauges; asked by whoever renders them."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._read_at: float | None = None  # monotonic
        self._epoch = ""

    async def of_warnings(self) -> None:
        """From SQL: outcomes, queues, percentiles, held rungs. Old figures stay where SQL is away."""
        clock = self._core.clock
        if self._read_at is not None and clock.monotonic() - self._read_at < FRESH_S:
            return
        asked, now = clock.monotonic(), clock.now()
        try:
            async with self._core.database.read() as connection:
                found = await figures.read(connection, now)
        except StorageUnavailableError:
            return
        self._read_at, self._epoch = asked, found.epoch
        self._set_deliveries(found, now)
        self._set_times(found)
        metrics = self._core.metrics
        metrics.table("rungs_held", ("channel", "account"), {key: float(n) for key, n in found.held.items()})
        if found.epoch_since is not None:
            metrics.set("epoch_age_seconds", max(0.0, (now - found.epoch_since).total_seconds()))

    async def of_limits(self) -> None:
        """From Redis: what each account's limiter gave away, whether it is frozen; and the epoch."""
        core, granted, frozen = self._core, {}, {}
        limits = {}
        try:
            for account in core.limiters:
                keys = AccountKeys(*account)
                granted[account] = float(await core.redis.get(keys.granted) or 0)
                left = int(await core.redis.pttl(keys.frozen))
                frozen[account] = max(0, left - FROZEN_LONGER_MS) / 1000
                limits[account] = core.gateways.all[account].limits.per_second * PACE
            carried = await carried_epoch(core.redis)
        except (RedisError, *REDIS_AWAY):
            return
        labels = ("channel", "account")
        core.metrics.table("limiter_slots_granted", labels, granted)
        core.metrics.table("limiter_slots_per_second", labels, limits)
        core.metrics.table("limiter_frozen_seconds", labels, frozen)
        core.metrics.set("epoch_in_force", float(bool(carried) and carried == self._epoch))

    def _set_deliveries(self, found: Figures, now: datetime) -> None:
        metrics = self._core.metrics
        states = ("channel", "account", "state", "kind")
        metrics.table("deliveries", states, {key: float(count) for key, count in found.deliveries.items()})
        queue = {
            (channel, account, PRIORITIES.get(priority, "routine")): waits
            for (channel, account, priority), waits in found.queue.items()
        }
        labels = ("channel", "account", "priority")
        metrics.table("queue_batches", labels, {key: float(one.batches) for key, one in queue.items()})
        metrics.table("queue_people", labels, {key: float(one.people) for key, one in queue.items()})
        ages = {key: max(0.0, (now - one.oldest).total_seconds()) for key, one in queue.items()}
        metrics.table("queue_age_seconds", labels, ages)
        unsent = {
            (channel,): max(0.0, (now - written).total_seconds())
            for channel, written in found.oldest_unsent.items()
        }
        metrics.table("oldest_unsent_seconds", ("channel",), unsent)

    def _set_times(self, found: Figures) -> None:
        metrics = self._core.metrics
        first = {
            (str(share),): value
            for share in QUANTILES
            if (value := figures.percentile(found.first, share)) is not None
        }
        metrics.table("approval_to_first_seconds", ("quantile",), first)
        accepted = {
            (channel, str(share)): value
            for channel, counts in found.accepted.items()
            for share in QUANTILES
            if (value := figures.quantile(counts, share)) is not None
        }
        metrics.table("approval_to_accepted_seconds", ("channel", "quantile"), accepted)
        within = {
            (channel, f"{bound:g}"): float(count)
            for channel, counts in found.accepted.items()
            for bound, count in zip((*BOUNDS_S, float("inf")), counts, strict=True)
        }
        metrics.table("accepted_within", ("channel", "seconds"), within)
