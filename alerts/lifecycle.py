"""The life of an alert: one table. Pure; who may do an act, and with what content, is for `alerts.gate`.

draft -> submitted -> approved -> sending -> sent -> updated | cancelled | expired;  rejected -> draft
"""

from enum import StrEnum

from alerts.errors import AlertRefusedError, Reason


class AlertState(StrEnum):
    """Where an alert stands. Only `approved`, `sending` and `sent` may put a message on its way."""

    DRAFT = "draft"
    SUBMITTED = "submitted"  # waiting for a second officer
    APPROVED = "approved"  # frozen; the planner takes it
    SENDING = "sending"  # the audience is being resolved and written
    SENT = "sent"  # everybody known at approval is scheduled; newcomers are still added while it is live
    UPDATED = "updated"  # a correction or an all-clear took its place: unsent copies stop
    CANCELLED = "cancelled"  # unsent copies stop
    EXPIRED = "expired"  # past its expiry: unsent copies stop
    REJECTED = "rejected"  # the second officer said no; may be revised


class AlertAct(StrEnum):
    """What can happen to an alert. The first five are officers' acts, the others the machine's."""

    REVISE = "revise"
    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"
    START = "start"  # the planner begins
    FINISH = "finish"  # the first resolution is written
    REPLACE = "replace"  # a correction or all-clear of it was approved
    EXPIRE = "expire"


_S, _A = AlertState, AlertAct

TABLE: dict[tuple[AlertState, AlertAct], AlertState] = {
    (_S.DRAFT, _A.REVISE): _S.DRAFT,
    (_S.DRAFT, _A.SUBMIT): _S.SUBMITTED,
    (_S.DRAFT, _A.CANCEL): _S.CANCELLED,
    (_S.SUBMITTED, _A.REVISE): _S.DRAFT,  # whoever changes it must have it looked at anew
    (_S.SUBMITTED, _A.APPROVE): _S.APPROVED,
    (_S.SUBMITTED, _A.REJECT): _S.REJECTED,
    (_S.SUBMITTED, _A.CANCEL): _S.CANCELLED,
    (_S.REJECTED, _A.REVISE): _S.DRAFT,
    (_S.REJECTED, _A.CANCEL): _S.CANCELLED,
    (_S.APPROVED, _A.START): _S.SENDING,
    (_S.APPROVED, _A.CANCEL): _S.CANCELLED,
    (_S.APPROVED, _A.REPLACE): _S.UPDATED,
    (_S.APPROVED, _A.EXPIRE): _S.EXPIRED,
    (_S.SENDING, _A.FINISH): _S.SENT,
    (_S.SENDING, _A.CANCEL): _S.CANCELLED,
    (_S.SENDING, _A.REPLACE): _S.UPDATED,
    (_S.SENDING, _A.EXPIRE): _S.EXPIRED,
    (_S.SENT, _A.CANCEL): _S.CANCELLED,
    (_S.SENT, _A.REPLACE): _S.UPDATED,
    (_S.SENT, _A.EXPIRE): _S.EXPIRED,
}

MAY_SEND = frozenset({_S.APPROVED, _S.SENDING, _S.SENT})
"""States in which a copy may still leave; in every other one unsent copies stop."""
LIVE = frozenset({_S.SENDING, _S.SENT})
"""States in which people who register or move into the area still get it."""
WAS_SENT = frozenset({_S.SENDING, _S.SENT, _S.UPDATED, _S.CANCELLED, _S.EXPIRED})
"""States after which a correction or an all-clear makes sense (a cancelled one only if it was approved)."""


def allows(state: AlertState, act: AlertAct) -> bool:
    """Whether `act` is possible in `state`."""
    return (state, act) in TABLE


def advance(state: AlertState, act: AlertAct) -> AlertState:
    """The state after `act`.

    Raises:
        AlertRefusedError: code `state`, the act is not possible in this state.
    """
    after = TABLE.get((state, act))
    if after is None:
        raise AlertRefusedError([Reason("state", f"An alert that is {state} cannot be changed by: {act}.")])
    return after


def sources(act: AlertAct) -> frozenset[AlertState]:
    """The states in which `act` is possible, for a conditional UPDATE."""
    return frozenset(state for state, allowed in TABLE if allowed is act)
