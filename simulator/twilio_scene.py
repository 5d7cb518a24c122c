"""What everything around the fake Twilio's phones shares. Values and memory only."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from simulator.ledger import Ledger
from simulator.records import Violation
from simulator.timers import Timers
from simulator.twilio_people import People
from simulator.twilio_rules import TwilioRules


@dataclass(slots=True)
class Scene:
    """`now` is the fake's own clock in seconds since 1970."""

    rules: TwilioRules
    ledger: Ledger
    rng: random.Random
    timers: Timers
    people: People
    now: Callable[[], float]

    def blame(
        self, rule: str, account: str, recipient: str, count: int, limit: int, window_s: float = 0.0
    ) -> None:
        """Write a broken limit."""
        self.ledger.write(
            Violation(
                rule=rule,
                account=account,
                recipient=recipient,
                mono=self.ledger.mono(),
                wall=self.ledger.wall(),
                tolerated=False,
                count=count,
                limit=limit,
                window_s=window_s,
            )
        )
