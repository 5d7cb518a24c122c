"""The shared rate of one sender account. Touches Redis through `bot/lua/`; keeps no state another process
needs.

One virtual clock for all processes (GCRA on Redis TIME, no bursts), granted in blocks of at most 100 ms
ahead and paced at 96 % of the limit, so that jitter on the way never makes a window of the provider's
larger than allowed. Replies take the next slot before bulk asks again; while a broadcast is under way they
get at most their share, and whatever they leave goes to bulk.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files

from redis.asyncio import Redis

from bot.gateway import Limits
from storage.clock import Clock
from storage.keys import AccountKeys
from storage.redis import REDIS_AWAY, RedisError

PACE = 0.96
HORIZON_US = 100_000
REPLY_SHARE = 0.3
# Without Redis nobody knows what the others send: a small fixed share each.
ALONE_SHARE = 0.2
LONGEST_NAP_S = 1.0
REMEMBERED_RECIPIENTS = 20_000


@dataclass(frozen=True, slots=True)
class Grant:
    """Slots for bulk messages.

    Attributes:
        count: how many messages; 0 = none yet.
        first_s: seconds from now until the first slot; the next slots follow `spacing_s` apart.
        wait_s: seconds to wait before asking again, when `count` is 0.
        early: of messages passed over, because their recipient must be left alone: seconds by place.
    """

    count: int
    first_s: float
    spacing_s: float
    wait_s: float
    early: Mapping[int, float] = field(default_factory=dict)


class Limiter:
    """The rate of one account; fulfils `bot.turn.Pace`."""

    def __init__(self, redis: Redis, keys: AccountKeys, limits: Limits, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._keys = keys
        self._limits = limits
        self._spacing_us = max(1, round(1_000_000 / (limits.per_second * PACE)))
        self._each_us = round(limits.per_recipient_s * 1e6 / PACE)
        self._bulk, self._reply, self._freeze, self._meant = (
            redis.register_script(_script("moment") + _script(name))
            for name in ("bulk", "reply", "freeze", "meant")
        )
        self._alone = _LocalPace(self._spacing_us / 1e6 / ALONE_SHARE, limits, clock)
        self._frozen_until = 0.0  # monotonic; by what this process was told, should Redis forget it

    async def bulk(self, wanted: int, weights: Sequence[int] = (), lanes: Sequence[bytes] = ()) -> Grant:
        """Ask for up to `wanted` messages of a broadcast, in their order.

        One recipient may get one message more of a broadcast at once than of replies, so that a warning does
        not wait for the replies before it.

        Args:
            weights: slots each of them takes (text messages: segments; at least 1); empty = one each.
            lanes: the recipient of each; empty = who they are does not matter.

        Raises:
            RedisError, OSError: Redis is away; nothing was granted.
        """
        if self._frozen_s > 0:
            return Grant(0, 0.0, self._spacing_us / 1e6, self._frozen_s)
        keys = [self._keys.limiter, self._keys.frozen, self._keys.bulk, self._keys.granted]
        if self._each_us:
            keys += [self._keys.recipient(lane.hex()[:32]) for lane in lanes]
        burst = self._limits.recipient_burst
        args = [self._spacing_us, wanted, HORIZON_US, self._each_us, burst, *weights]
        granted, first, wait, *early = map(int, await self._bulk(keys=keys, args=args))
        passed_over = {place: until / 1e6 for place, until in zip(early[::2], early[1::2], strict=True)}
        return Grant(granted, first / 1e6, self._spacing_us / 1e6, wait / 1e6, passed_over)

    async def reply(self, lane: bytes, weight: int = 1) -> None:
        """Return when one reply of `weight` slots to `lane` may leave; with Redis away, paced by this
        process alone.
        """
        while True:
            try:
                granted, wait = await self._reply_slot(lane, max(1, weight))
            except (RedisError, *REDIS_AWAY):
                await self._alone.reply(lane, max(1, weight))
                return
            await asyncio.sleep(wait if granted else min(wait, LONGEST_NAP_S))
            if granted:
                return

    async def freeze(self, seconds: float, lane: bytes = b"") -> bool:
        """Nobody sends on this account for `seconds` (at most an hour); a longer freeze is never
        shortened. False, and only nobody sends to `lane`, when it was them whom the provider meant.

        Args:
            lane: to whom the message was that the provider refused without saying whom it means.
        """
        seconds = min(seconds, 3600.0)
        with suppress(RedisError, *REDIS_AWAY):
            if lane and self._each_us and await self._means_only(lane, seconds):
                return False
        self._alone.freeze(seconds)
        self._frozen_until = max(self._frozen_until, self._clock.monotonic() + seconds)
        await self._freeze(keys=[self._keys.frozen], args=[round(seconds * 1e6)])
        return True

    async def _means_only(self, lane: bytes, seconds: float) -> bool:
        name = lane.hex()[:32]
        keys = [self._keys.recipient(name), self._keys.left_alone]
        args: list[int | str] = [round(seconds * 1e6), self._each_us, self._limits.recipient_burst, name]
        return bool(await self._meant(keys=keys, args=args))

    @property
    def _frozen_s(self) -> float:
        return self._frozen_until - self._clock.monotonic()

    async def _reply_slot(self, lane: bytes, weight: int = 1) -> tuple[bool, float]:
        if self._frozen_s > 0:
            return False, self._frozen_s
        keys = self._keys
        granted, wait = await self._reply(
            keys=[
                keys.limiter,
                keys.frozen,
                keys.bulk,
                keys.reserve,
                keys.recipient(lane.hex()[:32]),
                keys.granted,
            ],
            args=[
                self._spacing_us,
                round(self._spacing_us / REPLY_SHARE),
                HORIZON_US,
                self._each_us,
                max(0, self._limits.recipient_burst - 1),
                weight,
            ],
        )
        return bool(granted), int(wait) / 1e6


def _script(name: str) -> bytes:
    return files("bot").joinpath("lua", f"{name}.lua").read_bytes()


class _LocalPace:
    """The pace of one process that cannot ask the others."""

    def __init__(self, spacing_s: float, limits: Limits, clock: Clock) -> None:
        self._clock = clock
        self._spacing_s = spacing_s
        self._each_s = limits.per_recipient_s
        self._next = 0.0
        self._recipients: OrderedDict[bytes, float] = OrderedDict()

    def freeze(self, seconds: float) -> None:
        self._next = max(self._next, self._clock.monotonic() + seconds)

    async def reply(self, lane: bytes, weight: int) -> None:
        slot = max(self._clock.monotonic(), self._next, self._recipients.get(lane, 0.0))
        self._next = max(self._next, self._clock.monotonic()) + weight * self._spacing_s
        self._recipients[lane] = slot + self._each_s
        self._recipients.move_to_end(lane)
        while len(self._recipients) > REMEMBERED_RECIPIENTS:
            self._recipients.popitem(last=False)
        await asyncio.sleep(max(0.0, slot - self._clock.monotonic()))
