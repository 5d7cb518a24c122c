"""What every batch of one sender account is sent with. Values and callables; touches nothing itself."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from alerts.attempt import Item
from alerts.copies import Copy
from alerts.deadlines import Deadlines
from alerts.lease import Lease
from alerts.outcomes import Outcome
from alerts.queue import Queue
from alerts.standing import Standings
from bot.gateway import Gateway, Prepared
from bot.limiter import Limiter
from storage.clock import Clock

Render = Callable[[int, str, Copy], Awaitable[Prepared]]
"""Revision, language, which copy -> the message, rendered once for all who get the same words."""

Save = Callable[[Sequence[Outcome], Sequence[Item]], Awaitable[None]]
"""Writes outcomes and moved addresses to SQL, however long that is away."""

Access = Callable[[], str | None]
"""Whether the provider lets our account in: "" = yes, None = nobody knows yet, else why not, as a code."""


def always_open() -> str | None:
    """The access of an account that needs no introduction."""
    return ""


@dataclass(frozen=True, slots=True)
class Line:
    """What every batch of one account is sent with."""

    gateway: Gateway
    limiter: Limiter
    queue: Queue
    lease: Lease
    standings: Standings
    render: Render
    write_ahead: Callable[[Sequence[int]], Awaitable[frozenset[int]]]
    deadlines: Deadlines
    clock: Clock
    access: Access = always_open
