"""Receipts that a provider's list showed before their webhook came. Pure, but for its memory.

A list shows a receipt the moment it exists; its webhook may be on its way for half a minute (one retry, 15 s
each) and wait at our door behind others. So a receipt that a look finds missing is left to its webhook for
`GRACE_S`, and only when it is missing after that it counts as lost. Once one is lost, webhooks of that
account are not waited for during `DOUBT_S`: an alert must not wait for news that nobody may bring. What
somebody wrote is never waited for here; how old it must be is the gateway's to say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from alerts.routing import Account
from bot.inbox import inbox_key
from bot.messages import Event, Receipt

GRACE_S = 45.0  # a webhook and its one retry take at most 2 x 15 s; the rest is for our own door
DOUBT_S = 300.0


@dataclass(frozen=True, slots=True)
class Found:
    """What a look found missing and will fetch.

    Attributes:
        lost: no webhook brought it in time. early: its webhook may still come, and is not waited for.
    """

    lost: list[Event]
    early: list[Event]


@dataclass(slots=True)
class Awaited:
    """What is left to its webhook, by account.

    Attributes:
        grace_s: seconds from the look that saw it first.
    """

    grace_s: float = GRACE_S
    _first: dict[Account, dict[str, tuple[float, Event]]] = field(default_factory=dict)
    _doubted_until: dict[Account, float] = field(default_factory=dict)

    def with_earlier(self, account: Account, listed: Iterable[Event]) -> list[Event]:
        """What earlier looks left to its webhook and what was listed now; each once."""
        earlier = (event for _, event in self._first.get(account, {}).values())
        return list({inbox_key(event): event for event in (*earlier, *listed)}.values())

    def find(self, account: Account, missing: Sequence[Event], now_s: float) -> Found:
        """Which of the missing events to fetch.

        Args:
            now_s: seconds of the monotonic clock.
        """
        first = self._first.get(account, {})
        doubted = now_s < self._doubted_until.get(account, now_s)
        found = Found([], [])
        for event in missing:
            seen = first.get(inbox_key(event), (now_s, event))[0]
            if not isinstance(event, Receipt) or now_s - seen >= self.grace_s:
                found.lost.append(event)
            elif doubted:
                found.early.append(event)
        return found

    def settle(self, account: Account, missing: Sequence[Event], found: Found, now_s: float) -> int:
        """Remember what is still left to its webhook, once the found ones are stored; returns how many of
        those from before came by themselves.
        """
        before = self._first.get(account, {})
        still = {inbox_key(event): event for event in missing}
        fetched = {inbox_key(event) for event in (*found.lost, *found.early)}
        self._first[account] = {
            key: before.get(key, (now_s, event)) for key, event in still.items() if key not in fetched
        }
        if any(isinstance(event, Receipt) for event in found.lost):
            self._doubted_until[account] = now_s + DOUBT_S
        return len(before.keys() - still.keys())
