"""The life of one revision of one part of an entry, as one table. Pure.

unreviewed: it came with Muster or in a file, nobody stands for it. proposed: an officer stands for it.
approved: a second one does too. replaced: a newer one was approved. rejected: an end.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from assistance.faq.errors import ActRefusedError


class RevisionState(StrEnum):
    """Who stands for it."""

    UNREVIEWED = "unreviewed"
    PROPOSED = "proposed"
    APPROVED = "approved"
    REPLACED = "replaced"
    REJECTED = "rejected"


class RevisionAct(StrEnum):
    """What happens to a revision."""

    ADOPT = "adopt"  # an officer read it and stands for it
    APPROVE = "approve"  # a second one does
    REJECT = "reject"
    REPLACE = "replace"  # a newer one took its place


TRANSITIONS: Mapping[tuple[RevisionState, RevisionAct], RevisionState] = MappingProxyType(
    {
        (RevisionState.UNREVIEWED, RevisionAct.ADOPT): RevisionState.PROPOSED,
        (RevisionState.UNREVIEWED, RevisionAct.REJECT): RevisionState.REJECTED,
        (RevisionState.UNREVIEWED, RevisionAct.REPLACE): RevisionState.REPLACED,
        (RevisionState.PROPOSED, RevisionAct.APPROVE): RevisionState.APPROVED,
        (RevisionState.PROPOSED, RevisionAct.REJECT): RevisionState.REJECTED,
        (RevisionState.PROPOSED, RevisionAct.REPLACE): RevisionState.REPLACED,
        (RevisionState.APPROVED, RevisionAct.REPLACE): RevisionState.REPLACED,
    }
)
WAITING = (RevisionState.UNREVIEWED, RevisionState.PROPOSED)


def advance(state: RevisionState, act: RevisionAct) -> RevisionState:
    """The state after `act`.

    Raises:
        ActRefusedError: it is decided already, or nobody stands for it yet.
    """
    after = TRANSITIONS.get((state, act))
    if after is None:
        raise ActRefusedError(
            "faq_state", f"This version is {state}: it cannot be changed like that any more."
        )
    return after
