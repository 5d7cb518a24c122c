"""The Redis queue of one sender account: batches offered, taken by priority, kept, taken over, settled.

Touches Redis only, through `alerts/lua/`. Redis holds ids, never words or addresses; what it loses is
offered again from SQL. An entry belongs to whoever read it until it is settled or was not refreshed for
`TAKE_OVER_MS`.
"""

from array import array
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, cast

from redis.asyncio import Redis

from storage.keys import GROUP, AccountKeys
from storage.redis import ResponseError

PRIORITIES = (0, 1, 2, 3)
TAKE_OVER_MS = 3_000
BLOCK_MS = 500  # a reader waits so long for work before it looks around
MARKS_LIVE_S = 3_600
OFFERED_LIVE_S = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Entry:
    """One batch as read from a stream. `again` = somebody else had it before, or we before a restart."""

    stream: str
    entry_id: bytes
    batch: int
    epoch: str
    again: bool


class Queue:
    """Batches of one account. All calls raise redis' errors when Redis is away; nothing is half done then."""

    def __init__(self, redis: Redis, blocking: Redis, keys: AccountKeys, consumer: str) -> None:
        """`blocking` is a client whose socket timeout exceeds the block time of `take`."""
        self._redis = redis
        self._blocking = blocking
        self._keys = keys
        self._consumer = consumer
        scripts = files("alerts").joinpath("lua")
        self._offer = redis.register_script(scripts.joinpath("offer.lua").read_bytes())
        self._refresh = redis.register_script(scripts.joinpath("refresh.lua").read_bytes())
        self._settle = redis.register_script(scripts.joinpath("settle.lua").read_bytes())
        self._take = redis.register_script(scripts.joinpath("take.lua").read_bytes())
        self._streams = [keys.stream(priority) for priority in PRIORITIES]

    async def prepare(self) -> None:
        """Make the streams and their group where they are missing; harmless to repeat."""
        for priority in PRIORITIES:
            try:
                await self._redis.xgroup_create(self._keys.stream(priority), GROUP, id="0", mkstream=True)
            except ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise

    async def offer(self, priority: int, batches: Sequence[int], epoch: str) -> int:
        """Put `batches` on the stream of `priority` unless they lie there; return how many were new."""
        if not batches:
            return 0
        keys = [self._keys.stream(priority), self._keys.enqueued(epoch)]
        return int(await self._offer(keys=keys, args=[epoch, OFFERED_LIVE_S, *batches]))

    async def take(self, block_ms: int | None) -> list[Entry]:
        """Take the most urgent entry; wait up to `block_ms` when there is none, None = not at all.

        A wait may end with one entry of each stream, the most urgent first; all are the caller's then.
        """
        found = await self._take(keys=self._streams, args=[GROUP, self._consumer])
        if found:
            number, entry_id, fields = found
            named = dict(zip(fields[::2], fields[1::2], strict=True))
            return [_entry(self._streams[number - 1], entry_id, named, again=False)]
        return _entries(await self._wait(block_ms)) if block_ms else []

    async def take_over(self) -> Entry | None:
        """Take an entry that nobody refreshed for `TAKE_OVER_MS`, the most urgent first."""
        for priority in PRIORITIES:
            stream, start = self._keys.stream(priority), b"0-0"
            while True:
                # One call looks at ten entries at most: what lies behind ten that are being worked on counts.
                start, claimed, *_ = await self._redis.xautoclaim(
                    stream, GROUP, self._consumer, TAKE_OVER_MS, start_id=start, count=1
                )
                for entry_id, fields in claimed:
                    if fields:
                        return _entry(stream, entry_id, fields, again=True)
                if start == b"0-0":
                    break
        return None

    async def refresh(self, entry: Entry) -> bool:
        """Say that an entry is still being worked on; False when somebody else took it over, or when the
        stream or its group went: it is offered again then."""
        try:
            found = await self._refresh(keys=[entry.stream], args=[GROUP, self._consumer, entry.entry_id])
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            return False
        return bool(found)

    async def settle(self, entry: Entry) -> bool:
        """Acknowledge and remove; False when somebody else owns it by now.

        The batch may be offered again afterwards: where SQL lost its last moment with the power, that sends
        it.
        """
        keys = [entry.stream, self._keys.enqueued(entry.epoch)]
        return bool(await self._settle(keys=keys, args=[GROUP, self._consumer, entry.entry_id, entry.batch]))

    async def marks(self, label: str) -> bytes:
        """One byte for each delivery of the batch whose outcome was known; shorter or empty = none known."""
        found = await self._redis.get(self._keys.marks(label))
        return found if isinstance(found, bytes) else b""

    async def provider_ids(self, label: str) -> dict[int, str]:
        """What the provider calls the message at each position of a batch, as far as `mark` was told."""
        found: dict[int, str] = {}
        for entry in await cast(
            "Awaitable[list[bytes]]", self._redis.lrange(self._keys.provider_ids(label), 0, -1)
        ):
            name, _, positions = entry.partition(b"\0")
            found |= dict.fromkeys(array("H", positions), name.decode())
        return found

    async def mark(
        self,
        label: str,
        outcomes: Sequence[tuple[int, int]],
        provider_ids: Sequence[tuple[int, str]] = (),
    ) -> None:
        """Set the byte at each position (0-based) to an outcome's code; neighbours go in one command.

        Args:
            provider_ids: what the provider calls the message at a position, where that must outlive us.
        """
        key = self._keys.marks(label)
        async with self._redis.pipeline(transaction=False) as pipe:
            if provider_ids:  # first: no mark shall stand without its name
                names = self._keys.provider_ids(label)
                pipe.rpush(names, *_named(provider_ids))
                pipe.expire(names, MARKS_LIVE_S)
            for position, codes in _runs(outcomes):
                pipe.setrange(key, position, codes)
            pipe.expire(key, MARKS_LIVE_S)
            await pipe.execute()

    async def _wait(self, block_ms: int) -> Any:
        streams: dict[Any, Any] = dict.fromkeys(self._streams, ">")
        return await self._blocking.xreadgroup(GROUP, self._consumer, streams, count=1, block=block_ms)


def _named(provider_ids: Sequence[tuple[int, str]]) -> list[bytes]:
    """Each name once, with the positions that bear it: one call may have given it to hundreds."""
    positions: dict[str, array[int]] = {}
    for position, name in provider_ids:
        positions.setdefault(name, array("H")).append(position)
    return [name.encode() + b"\0" + found.tobytes() for name, found in positions.items()]


def _runs(outcomes: Sequence[tuple[int, int]]) -> list[tuple[int, bytes]]:
    """Where unbroken runs of positions begin, and their bytes; what came last for a position counts."""
    runs: list[tuple[int, bytearray]] = []
    for position, code in sorted(dict(outcomes).items()):
        if runs and position == runs[-1][0] + len(runs[-1][1]):
            runs[-1][1].append(code)
        else:
            runs.append((position, bytearray([code])))
    return [(position, bytes(codes)) for position, codes in runs]


def _entries(answer: Any) -> list[Entry]:
    return [
        _entry(stream.decode(), entry_id, fields, again=False)
        for stream, found in sorted(answer or [])
        for entry_id, fields in found
    ]


def _entry(stream: str, entry_id: bytes, fields: Any, *, again: bool) -> Entry:
    return Entry(stream, entry_id, int(fields[b"b"]), fields[b"e"].decode(), again)
