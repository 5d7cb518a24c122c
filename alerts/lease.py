"""What one worker holds of one account's queue, and until when it may act on it. Touches Redis through
`Queue`.

Before each write to a socket a sender asks `may_send`: a worker that was frozen past its lease finds it
expired on the monotonic clock, whatever it believed before, and sends nothing until Redis confirms that an
entry is still its.
"""

from dataclasses import dataclass, field

from alerts.queue import TAKE_OVER_MS, Entry, Queue
from storage.clock import Clock

# Somebody may take an entry over after TAKE_OVER_MS; a request on its way out needs a moment more.
LEASE_S = TAKE_OVER_MS / 1000 - 0.5
BEAT_S = 0.7


@dataclass(slots=True)
class Hold:
    """One entry in our hands."""

    entry: Entry
    until: float  # monotonic
    lost: bool = field(default=False)


class Lease:
    """The entries one worker holds on one account."""

    def __init__(self, queue: Queue, clock: Clock) -> None:
        self._queue = queue
        self._clock = clock
        self._holds: dict[bytes, Hold] = {}

    def hold(self, entry: Entry, asked_at: float) -> Hold:
        """Remember an entry that was read; `asked_at` is the monotonic time just before asking for it."""
        held = Hold(entry, asked_at + LEASE_S)
        self._holds[entry.entry_id] = held
        return held

    def has(self, entry: Entry) -> bool:
        """Whether we are at work on this entry already: a beat that came late lets us take over from
        ourselves."""
        held = self._holds.get(entry.entry_id)
        return held is not None and not held.lost

    def drop(self, held: Hold) -> None:
        """Let go of an entry, settled or not."""
        if self._holds.get(held.entry.entry_id) is held:
            del self._holds[held.entry.entry_id]

    def may_send(self, held: Hold) -> bool:
        """Whether the entry is certainly still ours at this moment."""
        return not held.lost and self._clock.monotonic() < held.until

    def lose_all(self) -> None:
        """Redis began a new life: nothing we hold is ours any more."""
        for held in self._holds.values():
            held.lost = True

    async def beat(self) -> None:
        """Confirm every entry; raises redis' errors when Redis is away, and the leases run out by
        themselves."""
        for held in list(self._holds.values()):
            asked_at = self._clock.monotonic()
            if await self._queue.refresh(held.entry):
                held.until = asked_at + LEASE_S
            else:
                held.lost = True
