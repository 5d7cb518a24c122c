"""Faults on command: what goes wrong, how often and for whom. Touches nothing but its own counters."""

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What can go wrong with a request. *Before* and *after* mean before and after the message was
    accepted.
    """

    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    DELAY_AFTER = "delay_after"  # accepted, answered only after `seconds`: the duplicate trap
    ERROR_BEFORE = "error_before"  # 5xx with an HTML body, nothing accepted
    ERROR_AFTER = "error_after"  # 5xx with an HTML body although accepted
    TRUNCATED = "truncated"  # accepted, half of the JSON answered
    SLOW_DRIP = "slow_drip"  # accepted, answered byte by byte over `seconds`
    STORM = "storm"  # everything is refused as too much for `seconds`
    REVOKED = "revoked"  # the token stops working


BEFORE = frozenset({FaultKind.RESET_BEFORE, FaultKind.ERROR_BEFORE, FaultKind.STORM, FaultKind.REVOKED})


@dataclass(frozen=True, slots=True)
class Fault:
    """One order to fail.

    Attributes:
        probability: share of matching requests it hits, 0..1.
        count: how many it hits at most; None = no end.
        skip: how many matching ones it lets pass first: 1 and one recipient = their second message.
        recipients: chat ids, numbers or user ids it is limited to; empty = everybody.
        methods: methods it is limited to; not given = Telegram's `sendMessage` and `sendLocation`. Twilio's
            are `messages.create`, `messages.fetch`, `messages.list`, `content`; Viber's are its own names.
        account: bot, Twilio account (AC...) or Viber account it is limited to; empty = every one.
        seconds: how long, for the kinds that take time.
        status: HTTP status of the error kinds.
    """

    kind: FaultKind
    probability: float = 1.0
    count: int | None = None
    skip: int = 0
    recipients: frozenset[int | str] = field(default_factory=frozenset)
    methods: frozenset[str] = frozenset({"sendMessage", "sendLocation"})
    account: str = ""
    seconds: float = 5.0
    status: int = 502

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError("probability is a share, 0 to 1")
        if self.count is not None and self.count < 1:
            raise ValueError("count is 1 or more")
        if self.skip < 0:
            raise ValueError("skip is 0 or more")
        if self.seconds < 0 or not 500 <= self.status <= 599:
            raise ValueError("seconds is 0 or more, status 500 to 599")


def fault_from(data: Mapping[str, Any]) -> Fault:
    """A fault from JSON; raises `ValueError` with the reason."""
    values = dict(data)
    try:
        values["kind"] = FaultKind(str(values.get("kind")))
        for name in ("recipients", "methods"):
            if name in values:
                values[name] = frozenset(values[name])
        return Fault(**values)
    except TypeError as error:
        raise ValueError("unknown or ill-typed field of a fault") from error


class FaultBox:
    """Faults in force, in the order they were given; the first one that matches and strikes wins."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._next = 1
        self._faults: dict[int, Fault] = {}
        self._left: dict[int, int | None] = {}
        self._passed: dict[int, int] = {}
        self._hits: dict[int, int] = {}

    def inject(self, fault: Fault) -> int:
        """Put a fault in force; returns its number."""
        number = self._next
        self._next += 1
        self._faults[number], self._left[number], self._hits[number] = fault, fault.count, 0
        self._passed[number] = 0
        return number

    def lift(self, number: int | None = None) -> None:
        """End one fault, or all of them."""
        for one in [number] if number is not None else list(self._faults):
            self._faults.pop(one, None)
            self._left.pop(one, None)

    def hits(self, number: int) -> int:
        """How many requests a fault has hit, also after it ended."""
        return self._hits.get(number, 0)

    def strike(self, account: str, method: str, chat: int | str | None) -> Fault | None:
        """The fault that hits this request, if any."""
        if not self._faults:
            return None
        for number, fault in self._faults.items():
            if fault.account not in ("", account) or (fault.methods and method not in fault.methods):
                continue
            if fault.recipients and chat not in fault.recipients:
                continue
            if self._passed[number] < fault.skip:
                self._passed[number] += 1
                continue
            if fault.probability < 1 and self._rng.random() >= fault.probability:
                continue
            self._hits[number] += 1
            left = self._left[number]
            if left is not None:
                self._left[number] = left - 1
                if left == 1:
                    self.lift(number)
            return fault
        return None

    def listing(self) -> list[dict[str, Any]]:
        """Faults in force as JSON."""
        return [
            {
                **asdict(fault),
                "recipients": sorted(fault.recipients, key=str),
                "methods": sorted(fault.methods),
                "number": number,
                "left": self._left[number],
                "hits": self._hits[number],
            }
            for number, fault in self._faults.items()
        ]
