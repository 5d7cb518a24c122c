"""The life of an event that came in and of a message that goes out: a table each. Pure.

An event (`bot.inbox`): new -> done | failed. A message (`bot.outbox`): waiting -> sending -> sent | failed,
or held until its recipient writes again (`bot.held`).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar


class InboxState(StrEnum):
    """Where an event stands."""

    NEW = "new"  # to be handled once it is due; also what was set aside for another try
    DONE = "done"
    FAILED = "failed"  # given up after its last try, and reported


class OutboxState(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"  # to be sent once it is due
    SENDING = "sending"  # claimed by a process until `next_at`
    SENT = "sent"  # the provider took it
    HELD = "held"  # only a template may be said to its recipient now
    FAILED = "failed"  # given up


_State = TypeVar("_State", InboxState, OutboxState)

INBOX: Mapping[InboxState, frozenset[InboxState]] = MappingProxyType(
    {
        InboxState.NEW: frozenset({InboxState.DONE, InboxState.FAILED}),
        InboxState.DONE: frozenset({InboxState.NEW}),  # a receipt that matched nothing yet is offered again
        InboxState.FAILED: frozenset(),
    }
)

OUTBOX: Mapping[OutboxState, frozenset[OutboxState]] = MappingProxyType(
    {
        OutboxState.WAITING: frozenset({OutboxState.SENDING, OutboxState.FAILED}),
        OutboxState.SENDING: frozenset(
            {
                OutboxState.SENDING,  # a claim is renewed, or ran out and is another's
                OutboxState.SENT,
                OutboxState.WAITING,  # not accepted: later
                OutboxState.HELD,
                OutboxState.FAILED,
            }
        ),
        # Only what the provider refused after it had taken it, because the window was closed.
        OutboxState.SENT: frozenset({OutboxState.WAITING, OutboxState.HELD}),
        OutboxState.HELD: frozenset({OutboxState.WAITING, OutboxState.FAILED}),
        OutboxState.FAILED: frozenset(),
    }
)

UNSENT = (OutboxState.WAITING, OutboxState.SENDING)
"""States in which a message is still to be sent without anybody's doing."""


def before(table: Mapping[_State, frozenset[_State]], state: _State) -> list[_State]:
    """The states from which `state` can be reached in one step, for a conditional UPDATE."""
    return [former for former, following in table.items() if state in following]
