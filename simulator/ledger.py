"""The simulator's append-only ledger: the only ground truth of who was sent what. May touch one file of its
own.
"""

import json
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from simulator.records import Ack, Act, Arrival, Attempt, Entry, Violation, WebhookPost, from_json, to_json

Clock = Callable[[], float]


class Ledger:
    """Entries in the order things were decided; nothing is ever changed or removed.

    Args:
        mono, wall: clocks in seconds.
        sink: open text file that gets every entry as a JSON line when it is written, if given.
    """

    def __init__(
        self, mono: Clock = time.monotonic, wall: Clock = time.time, sink: TextIO | None = None
    ) -> None:
        self.mono = mono
        self.wall = wall
        self._sink = sink
        self._entries: list[Entry] = []
        self._attempts = 0
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def next_attempt(self) -> int:
        """A number for an attempt that just arrived."""
        self._attempts += 1
        return self._attempts

    def write(self, entry: Entry) -> None:
        """Append one entry."""
        self._entries.append(entry)
        self._count(entry)
        if self._sink is not None:
            self._sink.write(json.dumps(to_json(entry), ensure_ascii=False) + "\n")

    def act(
        self, citizen: str, channel: str, what: str, value: str = "", code: str = "", chat: str = ""
    ) -> None:
        """Append what a citizen did or what a chat became, now."""
        self.write(
            Act(
                citizen=citizen,
                channel=channel,
                what=what,
                value=value,
                code=code,
                chat=chat,
                mono=self.mono(),
                wall=self.wall(),
            )
        )

    def since(self, index: int, limit: int | None = None) -> list[dict[str, Any]]:
        """Entries from position `index` on, at most `limit`, as JSON objects."""
        first = max(0, index)
        last = None if limit is None else first + max(0, limit)
        return [to_json(entry) for entry in self._entries[first:last]]

    def attempts(self, channel: str = "", account: str = "") -> Iterator[Attempt]:
        """Attempts in order, of one channel or account if named."""
        for entry in self._entries:
            if (
                isinstance(entry, Attempt)
                and channel in ("", entry.channel)
                and account in ("", entry.account)
            ):
                yield entry

    def accepted(self, channel: str = "", account: str = "") -> list[Attempt]:
        """Messages that lie in a citizen's chat; web chat redeliveries of the same message are left out."""
        return [one for one in self.attempts(channel, account) if one.accepted and not one.again]

    def arrivals(self, channel: str = "", status: str = "", recipient: str = "") -> list[Arrival]:
        """What became of messages that a provider took, of one channel, status or recipient if named."""
        return [
            entry
            for entry in self._entries
            if isinstance(entry, Arrival)
            and channel in ("", entry.channel)
            and status in ("", entry.status)
            and recipient in ("", entry.recipient)
        ]

    def cost(self, channel: str = "") -> int:
        """What was charged, in thousandths of the fictional unit."""
        return sum(one.cost for one in self.arrivals(channel))

    def violations(self) -> list[Violation]:
        """Every broken limit, the tolerated ones too."""
        return [entry for entry in self._entries if isinstance(entry, Violation)]

    def webhooks(self) -> list[WebhookPost]:
        """Every try to post an update."""
        return [entry for entry in self._entries if isinstance(entry, WebhookPost)]

    def acts(self, what: str = "") -> list[Act]:
        """What citizens did, of one kind if named."""
        return [entry for entry in self._entries if isinstance(entry, Act) and what in ("", entry.what)]

    def acks(self) -> list[Ack]:
        """Confirmed acknowledgements of web chat citizens."""
        return [entry for entry in self._entries if isinstance(entry, Ack)]

    def most_within(self, seconds: float = 1.0, *, account: str = "", channel: str = "telegram") -> int:
        """Most accepted messages in any window of `seconds` by arrival time."""
        return most_within((one.mono for one in self.accepted(channel, account)), seconds)

    def counts(self) -> dict[str, int]:
        """Totals by kind, kept while writing (cheap at any length)."""
        return dict(self._counts)

    def dump(self, path: Path) -> None:
        """Write everything as JSON lines."""
        with path.open("w", encoding="utf-8") as file:
            for entry in self._entries:
                file.write(json.dumps(to_json(entry), ensure_ascii=False) + "\n")

    def _count(self, entry: Entry) -> None:
        if isinstance(entry, Attempt):
            self._counts[f"{entry.channel}_attempts"] += 1
            if entry.accepted and not entry.again:
                self._counts[f"{entry.channel}_accepted"] += 1
        elif isinstance(entry, Arrival):
            self._counts[f"{entry.channel}_{entry.status}"] += 1
            self._counts[f"{entry.channel}_segments"] += entry.segments
            self._counts[f"{entry.channel}_cost"] += entry.cost
        elif isinstance(entry, Violation):
            name = "tolerated" if entry.tolerated else "violations"
            self._counts[name] += 1
        elif isinstance(entry, WebhookPost):
            self._counts["webhook_tries"] += 1
        elif isinstance(entry, Act):
            self._counts[f"act_{entry.what}"] += 1
        else:
            self._counts["acks"] += 1


def load(path: Path) -> Ledger:
    """A ledger read back from JSON lines; raises `ValueError` naming the line that is not an entry."""
    ledger = Ledger()
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                ledger.write(from_json(json.loads(line)))
            except ValueError as error:
                raise ValueError(f"line {number} of the ledger: {error}") from error
    return ledger


def most_within(moments: Iterable[float], seconds: float) -> int:
    """Most moments in any half-open window of `seconds`; a fresh sliding log over sorted times."""
    log: deque[float] = deque()
    most = 0
    for moment in sorted(moments):
        log.append(moment)
        while log[0] <= moment - seconds:
            log.popleft()
        most = max(most, len(log))
    return most
