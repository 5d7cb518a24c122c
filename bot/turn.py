"""One step of one conversation, as a handler sees it. Values and two small contracts; touches no channel."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import Inbound, Outbound


@dataclass(slots=True)
class Session:
    """Where a conversation stands. Kept sealed in SQL; `data` holds short strings only."""

    step: str = ""
    data: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Turn:
    """What came in, the transaction it is handled in, and what goes back.

    Everything a handler writes through `connection` commits together with the session, the replies and the
    inbox row, or not at all. A handler awaits nothing but that connection.

    Attributes:
        lane: blind index of the citizen's address (channel, account, value).
        key: unique name of this inbound event; derive keys of further outbox rows from it.
        brought: what the work of a `BeforehandError` brought, the second time round.
    """

    inbound: Inbound
    lane: bytes
    key: str
    connection: AsyncConnection
    now: datetime
    session: Session
    replies: list[Outbound] = field(default_factory=list)
    brought: object = None

    def reply(self, message: Outbound) -> None:
        """Send `message` back to whoever wrote, once the step has committed."""
        self.replies.append(message)


class BeforehandError(Exception):
    """A step needs something that takes longer than a transaction may: nothing of it is kept, `work` is done
    outside, and the step begins anew with what it brought in `Turn.brought`. Once for each event.
    """

    def __init__(self, work: Callable[[], Awaitable[object]]) -> None:
        super().__init__("work that must be done before the transaction")
        self.work = work


Conversation = Callable[[Turn], Awaitable[None]]
"""The whole of the handlers: always answers something."""


class Pace(Protocol):
    """When one account may send a message that is not part of a broadcast. Replies go before bulk."""

    async def reply(self, lane: bytes, weight: int = 1) -> None:
        """Return when one message to the recipient `lane` that takes `weight` slots may leave now."""
        ...

    async def freeze(self, seconds: float, lane: bytes = b"") -> bool:
        """The provider said wait: nobody sends on this account for `seconds`; False = only to the recipient
        `lane`, whom it must have meant.
        """
        ...
