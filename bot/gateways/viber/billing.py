"""Which messages of one account are billed, and how many may still leave. Touches the budget it is handed.

Viber bills what leaves more than 24 hours after its recipient last wrote to the account, each message for
each recipient; answers within the session and the welcome are free (commercial terms since 2024-02-05, last
verified 2026-11-22). Somebody of whom we do not know when they wrote counts as outside.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.errors import QuotaError, TransientError
from bot.gateway import Prepared
from bot.messages import Address
from storage.clock import Clock
from storage.errors import StorageUnavailableError

log = structlog.get_logger(__name__)

SESSION = timedelta(hours=24)
CAP = "monthly_cap"  # code of the error


class Budget(Protocol):
    """Billed messages that may still be sent; `bot.allowance.Allowance` is one."""

    async def take(self, wanted: int, *, urgent: bool, at: datetime) -> int:
        """Count up to `wanted` in the month of `at`, which is now, and return how many may leave; raises
        `StorageUnavailableError`.
        """
        ...

    async def give_back(self, unused: int, *, at: datetime) -> None:
        """These, counted at `at`, did not leave; raises `StorageUnavailableError`."""
        ...


@dataclass(slots=True)
class Bill:
    """A part of a message to some recipients, counted before it leaves.

    Attributes:
        outside: places of those it is billed for.
        refused: places of those whom the cap leaves out.
        held: how many messages are counted for it and have not left.
        at: when they were counted.
    """

    outside: frozenset[int]
    refused: frozenset[int]
    held: int
    at: datetime

    def leaves(self, places: Iterable[int]) -> None:
        """It is about to leave for these; whatever happens now, it may be billed."""
        self.held -= len(self.outside.intersection(places))

    def stays(self, places: Iterable[int]) -> None:
        """Viber certainly did not take it for these."""
        self.held += len(self.outside.intersection(places))


@dataclass(frozen=True, slots=True)
class Billing:
    """The bills of one account."""

    budget: Budget
    clock: Clock

    async def bill(self, to: Sequence[Address], message: Prepared, part: int = 0) -> Bill:
        """Count `message` for everybody outside a session, as far as the budget allows, from its part number
        `part` on: nobody gets a part for whom there is nothing left of what follows. That is given back when
        the part has left, so that it is counted when it leaves.

        Raises:
            QuotaError: it allows nobody.
            TransientError: nobody can count now, so nothing leaves.
        """
        outside = [place for place, one in enumerate(to) if not self._in_session(one)]
        now = self.clock.now()
        if not outside:
            return Bill(frozenset(), frozenset(), 0, now)
        parts = len(message.parts) - part
        try:
            wanted, urgent = len(outside) * parts, message.outbound.urgent
            granted = await self.budget.take(wanted, urgent=urgent, at=now)
        except StorageUnavailableError:
            raise TransientError("no_storage") from None
        people = granted // parts
        bill = Bill(frozenset(outside[:people]), frozenset(outside[people:]), granted, now)
        if people < len(outside):
            await self._return(granted % parts, now)
            bill.held = people * parts
        if len(bill.refused) == len(to):
            raise QuotaError(CAP)
        return bill

    async def settle(self, bill: Bill) -> None:
        """Give back what did not leave."""
        await self._return(bill.held, bill.at)
        bill.held = 0

    def _in_session(self, to: Address) -> bool:
        return to.heard_at is not None and self.clock.now() - to.heard_at < SESSION

    async def _return(self, unused: int, at: datetime) -> None:
        if unused < 1:
            return
        try:
            await self.budget.give_back(unused, at=at)
        except StorageUnavailableError:
            # Counted though not billed: the cap is reached a little early, and never late.
            log.warning(
                "messages that did not leave stay counted", action="viber.stay_counted", messages=unused
            )
