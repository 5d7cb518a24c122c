"""What the fake Viber is made of: accounts, limits, webhooks, prices. Values only.

Every number of the provider is an assumption from public documentation; accounts and prices are fictional.
Prices are thousandths of a fictional unit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class ViberAccountRules:
    """One bot. Fictional.

    Attributes:
        broadcasts: `broadcast_message` is allowed (status 20 when not).
        free: messages outside a session that cost nothing (older bots: 10,000 a month).
        balance: thousandths of the unit left to pay others with; None = no end. Without a bill (`billed`
            off) they are refused with 23, without balance with 24.
    """

    name: str
    token: str
    broadcasts: bool = True
    free: int = 0
    billed: bool = True
    balance: int | None = None

    def __post_init__(self) -> None:
        if not (self.name and self.token):
            raise ValueError("a Viber account has a name and a token")

    def __repr__(self) -> str:
        return f"ViberAccountRules({self.name})"


@dataclass(frozen=True, slots=True)
class ViberLimits:
    """Sending limits of one account; a count of 0 switches that limit off.

    Attributes:
        calls, calls_s: calls in any `calls_s` seconds (documented for broadcasts: 500 in 10 s; for
            `send_message` nothing is published, so both share it here).
        per_hour: messages to one person in a clock hour without an answer (documented: 100).
        receivers: people of one broadcast (documented: 300).
        jitter_s: tolerance, as in `config.LimitRules`.
    """

    calls: int = 500
    calls_s: float = 10.0
    per_hour: int = 100
    receivers: int = 300
    jitter_s: float = 0.1


@dataclass(frozen=True, slots=True)
class ViberHookRules:
    """How events are posted.

    Attributes:
        duplicate, reorder, lost: shares of delivered, seen and failed events posted twice, held for `hold_s`,
            never posted. What people do is never lost.
        copies: share of messages whose *delivered* comes once for each of two devices.
        echo: *delivered* comes for messages of people too (seen in the wild).
        retry_for_s: how long an event is tried again (documented: several times for an hour).
        retry_scale: factor on all waits between tries and on `retry_for_s`; tests make it small.
    """

    duplicate: float = 0.0
    reorder: float = 0.0
    lost: float = 0.0
    hold_s: float = 1.0
    copies: float = 0.0
    echo: bool = True
    retry_for_s: float = 3600.0
    retry_scale: float = 1.0
    timeout_s: float = 15.0

    def changed(self, **changes: Any) -> Self:
        """A copy with other values; raises `ValueError` for an unknown name."""
        try:
            return replace(self, **changes)
        except TypeError as error:
            raise ValueError("unknown webhook rule") from error


DEMO_VIBER = ViberAccountRules(
    "muster", "demo-token-that-works-nowhere-else"
)  # a fictional account, loopback only


@dataclass(frozen=True, slots=True)
class ViberRules:
    """The fake Viber of one run.

    Attributes:
        low_s, high_s: time from acceptance to the phone, 5th and 95th percentile.
        failing: share of accepted messages that end *failed*.
        seen, seen_s: share of messages that are looked at, and after how long at most.
        session_s: how long after somebody wrote messages cost nothing.
        price, prices: price of a message outside a session, and by country.
    """

    accounts: tuple[ViberAccountRules, ...] = (DEMO_VIBER,)
    limits: ViberLimits = field(default_factory=ViberLimits)
    hooks: ViberHookRules = field(default_factory=ViberHookRules)
    low_s: float = 0.2
    high_s: float = 2.0
    failing: float = 0.0
    seen: float = 0.0
    seen_s: float = 5.0
    session_s: float = 86_400.0
    price: int = 25
    prices: Mapping[str, int] = field(default_factory=dict)
