"""What all simulated Viber accounts share, and how their entries reach the ledger. Memory only."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.ledger import Ledger
from simulator.records import Attempt, Violation
from simulator.timers import Timers
from simulator.viber_accounts import ViberAccount
from simulator.viber_errors import OTHER, WORDS
from simulator.viber_params import Content, Data
from simulator.viber_people import User
from simulator.viber_rules import ViberRules

CHANNEL = "viber"


@dataclass(frozen=True, slots=True)
class ViberCall:
    """One call as it arrived: `arrived` is monotonic seconds, `fault` the name of one that will hit."""

    method: str
    data: Data
    arrived: float
    fault: str = ""


@dataclass(slots=True)
class Stage:
    """`now` is the fake's own clock in seconds since 1970."""

    rules: ViberRules
    ledger: Ledger
    rng: random.Random
    timers: Timers
    now: Callable[[], float]

    def in_session(self, user: User) -> bool:
        """Whether messages to somebody cost nothing now."""
        return user.heard is not None and self.now() - user.heard < self.rules.session_s

    def price(self, user: User) -> int:
        """Thousandths of the unit a message outside a session costs."""
        return self.rules.prices.get(user.country, self.rules.price)

    def event(self, kind: str, token: int, **more: Any) -> dict[str, Any]:
        """What every event holds."""
        return {
            "event": kind,
            "timestamp": int(self.now() * 1000),
            "chat_hostname": "SN-CHAT-05_",
            "message_token": token,
            **more,
        }

    def blame(
        self,
        rule: str,
        account: ViberAccount,
        user: str,
        count: int,
        limit: int,
        *,
        tolerated: bool = False,
    ) -> None:
        """Write a broken limit."""
        ledger = self.ledger
        ledger.write(
            Violation(
                rule=rule,
                account=account.name,
                recipient=user,
                mono=ledger.mono(),
                wall=ledger.wall(),
                tolerated=tolerated,
                count=count,
                limit=limit,
            )
        )

    def note(self, account: ViberAccount, call: ViberCall, user: str, status: int, http: int = 200) -> None:
        """Write a send that was refused, or stopped by a fault (`http` 0 = the connection was cut)."""
        number = self.ledger.next_attempt()
        self.taken(number, account, call, user, status, None, 0, http)

    def taken(
        self,
        number: int,
        account: ViberAccount,
        call: ViberCall,
        user: str,
        status: int,
        content: Content | None,
        token: int,
        http: int = 200,
    ) -> None:
        """Write an attempt; `content` is given when it was accepted."""
        ledger = self.ledger
        ledger.write(
            Attempt(
                attempt_id=number,
                channel=CHANNEL,
                account=account.name,
                recipient=user,
                method=call.method,
                text=content.text if content else str(call.data.get("text") or ""),
                buttons=content.buttons if content else (),
                ask=content.ask if content else "",
                mono=call.arrived,
                wall=ledger.wall(),
                accepted=content is not None,
                message_id=str(token) if token else "",
                status=http,
                error=f"{status} {WORDS.get(status, OTHER)}" if status else "" if content else "cut off",
                fault=call.fault,
            )
        )
