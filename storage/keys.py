"""Every Redis key and its life. Touches nothing; the only place where key names are spelled.

All keys of one sender account share a hash tag, so that one Lua call may touch them on a cluster.
"""

from dataclasses import dataclass

EPOCH = "muster:epoch"  # random name of this Redis's life; missing or changed = Redis was lost
CHAT_BELL = "muster:chat:{chat}"  # pub/sub: something new for one web chat
GROUP = "workers"


@dataclass(frozen=True, slots=True)
class AccountKeys:
    """The keys of one sender account (`telegram:main`)."""

    channel: str
    account: str

    @property
    def _tag(self) -> str:
        return f"{{{self.channel}:{self.account}}}"

    def stream(self, priority: int) -> str:
        """Stream of batches waiting to be sent at `priority` (0 = extreme)."""
        return f"muster:{self._tag}:q:{priority}"

    def enqueued(self, epoch: str) -> str:
        """Set of batch ids that lie on a stream in this epoch; keeps a second offer single."""
        return f"muster:{self._tag}:enq:{epoch}"

    def marks(self, label: str) -> str:
        """String with one byte for each delivery of a batch: the outcome, once known; lives an hour."""
        return f"muster:{self._tag}:sent:{label}"

    def provider_ids(self, label: str) -> str:
        """List of what the provider calls the messages of a batch, each with the places it holds for.

        Lives as long as the marks, and only where a receipt may name a message by that alone.
        """
        return f"muster:{self._tag}:ids:{label}"

    @property
    def limiter(self) -> str:
        """Theoretical arrival time of the account's limiter and when it was written, microseconds of Redis
        TIME; so are the other times of a limiter."""
        return f"muster:{self._tag}:tat"

    @property
    def bulk(self) -> str:
        """Set for a second after every bulk grant: a broadcast is under way."""
        return f"muster:{self._tag}:bulk"

    @property
    def reserve(self) -> str:
        """Theoretical arrival time of replies, by which they keep to their share beside a broadcast."""
        return f"muster:{self._tag}:reserve"

    @property
    def granted(self) -> str:
        """How many slots the limiter gave away in this Redis's life, for operators' figures."""
        return f"muster:{self._tag}:granted"

    def recipient(self, fingerprint: str) -> str:
        """Theoretical arrival time of one recipient's limiter (fingerprint is the blind index, hex)."""
        return f"muster:{self._tag}:to:{fingerprint}"

    @property
    def left_alone(self) -> str:
        """Fingerprint of the recipient who alone must wait after a 429 that named nobody; lives as long."""
        return f"muster:{self._tag}:alone"

    @property
    def frozen(self) -> str:
        """Set while the provider told everybody to wait (429)."""
        return f"muster:{self._tag}:frozen"
