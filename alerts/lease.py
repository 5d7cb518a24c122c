"""What one worker holds of one account's queue, and until when it may act on it. Touches Redis through
`Queue`.

Before each write to a socket a sender asks `may_send`: a worker that was frozen past its lease finds it
expired on the monotonic clock, whatever it believed before, and sends nothing until Redis confirms that an
entry is still its.
"""

from dataclasses import dataclass, field

from alerts.queue import TAKE_OVER_MS, Entry, Queue
from storage.clock import Clock
from storage.redis import REDIS_AWAY, RedisError

# Somebody may take an entry over after TAKE_OVER_MS; a request on its way out needs a moment more.
LEASE_S = TAKE_OVER_MS / 1000 - 0.5
BEAT_S = 0.7


@dataclass(slots=True)
class HeldEntry:
    """One entry in our hands."""

    entry: Entry
    until: float  # monotonic
    lost: bool = field(default=False)


class Lease:
    """The entries one worker holds on one account."""

    def __init__(self, queue: Queue, clock: Clock) -> None:
        self._queue = queue
        self._clock = clock
        self._holds: dict[tuple[str, bytes], HeldEntry] = {}  # entries of two streams may bear the same id

    def hold(self, entry: Entry, asked_at: float) -> HeldEntry:
        """Remember an entry that was read; `asked_at` is the monotonic time just before asking for it."""
        held = HeldEntry(entry, asked_at + LEASE_S)
        self._holds[entry.stream, entry.entry_id] = held
        return held

    def has(self, entry: Entry) -> bool:
        """Whether we are at work on this entry already: a beat that came late lets us take over from
        ourselves."""
        held = self._holds.get((entry.stream, entry.entry_id))
        return held is not None and not held.lost

    def drop(self, held: HeldEntry) -> None:
        """Let go of an entry, settled or not."""
        key = held.entry.stream, held.entry.entry_id
        if self._holds.get(key) is held:
            del self._holds[key]

    def may_send(self, held: HeldEntry) -> bool:
        """Whether the entry is certainly still ours at this moment."""
        return not held.lost and self._clock.monotonic() < held.until

    def lose(self, epoch: str) -> None:
        """Redis began a new life, `epoch`: what we hold of any other is not ours any more."""
        for held in self._holds.values():
            held.lost = held.lost or held.entry.epoch != epoch

    def doubt(self) -> None:
        """Redis did not answer: it may come back without its last second and give our entries to others, so
        nothing is sent until it confirms them."""
        for held in self._holds.values():
            held.until = 0.0

    async def beat(self) -> None:
        """Confirm every entry; raises redis' errors when Redis is away, and nothing is held for certain
        then."""
        try:
            for held in list(self._holds.values()):
                asked_at = self._clock.monotonic()
                if await self._queue.refresh(held.entry):
                    held.until = asked_at + LEASE_S
                else:
                    held.lost = True
        except (RedisError, *REDIS_AWAY):
            self.doubt()
            raise
