"""The life of one delivery (a revision, a person, a rung): one table and one order. Pure.

    queued -> attempting -> accepted -> delivered -> read;  unknown, failed, gone, skipped

Outcomes only move forward. What arrives late or out of order must not undo what is proven: arrival beats
everything, and a message that *may* have left (`unknown`) never again counts as unsent.
"""

from enum import StrEnum

from bot.errors import PERHAPS_ACCEPTED

PARTLY = "partly_sent"  # error of a delivery whose beginning was taken, and whose rest never will be
PERHAPS_ARRIVED = (*PERHAPS_ACCEPTED, PARTLY)
"""Errors of deliveries that failed or are gone, so that the next channel is tried at once, and of which
something may have arrived all the same."""


class DeliveryState(StrEnum):
    """What is known of one delivery, and what that does not promise."""

    QUEUED = "queued"  # not sent
    ATTEMPTING = "attempting"  # about to leave, or stored for a browser that has not said anything yet
    ACCEPTED = "accepted"  # the provider took it; that it arrived is not known
    DELIVERED = "delivered"  # it arrived; that anybody saw it is not known
    READ = "read"  # it was opened; by whom is not known
    UNKNOWN = "unknown"  # the bytes left and no answer came: it may have arrived
    FAILED = "failed"  # the provider refused it, or took it and could not bring it
    GONE = "gone"  # the address does not exist for us any more
    SKIPPED = "skipped"  # not sent on purpose: cancelled, expired, opted out, not for this kind of alert


_S = DeliveryState

TABLE: dict[DeliveryState, frozenset[DeliveryState]] = {
    _S.QUEUED: frozenset(set(_S) - {_S.QUEUED}),
    _S.ATTEMPTING: frozenset(set(_S) - {_S.QUEUED, _S.ATTEMPTING}),
    # A second try of an unknown one may be refused; the first may still have arrived, so it stays unknown.
    _S.UNKNOWN: frozenset({_S.ACCEPTED, _S.DELIVERED, _S.READ}),
    _S.ACCEPTED: frozenset({_S.DELIVERED, _S.READ, _S.FAILED, _S.GONE}),
    # A worker that was held up may learn that its message was taken after another one gave it up.
    _S.SKIPPED: frozenset({_S.ACCEPTED, _S.DELIVERED, _S.READ}),
    _S.FAILED: frozenset({_S.DELIVERED, _S.READ}),
    _S.GONE: frozenset({_S.DELIVERED, _S.READ}),
    _S.DELIVERED: frozenset({_S.READ}),
    _S.READ: frozenset(),
}
"""From a state to those that may follow it."""

RANK: dict[DeliveryState, int] = {
    _S.SKIPPED: 0,
    _S.GONE: 1,
    _S.FAILED: 2,
    _S.QUEUED: 3,
    _S.ATTEMPTING: 4,
    _S.UNKNOWN: 5,
    _S.ACCEPTED: 6,
    _S.DELIVERED: 7,
    _S.READ: 8,
}
"""Order for "best of a person's rows"."""

CONFIRMED = frozenset({_S.DELIVERED, _S.READ})
WAITING = frozenset({_S.QUEUED, _S.ATTEMPTING})
NOT_REACHED = frozenset({_S.FAILED, _S.GONE, _S.SKIPPED})


def predecessors(state: DeliveryState) -> frozenset[DeliveryState]:
    """The states that `state` may follow, for a conditional UPDATE."""
    return frozenset(before for before, following in TABLE.items() if state in following)
