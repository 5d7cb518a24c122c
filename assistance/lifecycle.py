"""The life of a help case as one table. Pure.

open: somebody waits for an officer. answered: an officer wrote last. closed: an end; asking again opens a new
case.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from assistance.errors import CaseClosedError


class CaseState(StrEnum):
    """Whose turn it is."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class CaseAct(StrEnum):
    """What happens to a case."""

    WRITE = "write"  # the citizen wrote or sent a pin
    ANSWER = "answer"  # an officer wrote
    CLOSE = "close"


TRANSITIONS: Mapping[tuple[CaseState, CaseAct], CaseState] = MappingProxyType(
    {
        (CaseState.OPEN, CaseAct.WRITE): CaseState.OPEN,
        (CaseState.OPEN, CaseAct.ANSWER): CaseState.ANSWERED,
        (CaseState.OPEN, CaseAct.CLOSE): CaseState.CLOSED,
        (CaseState.ANSWERED, CaseAct.WRITE): CaseState.OPEN,
        (CaseState.ANSWERED, CaseAct.ANSWER): CaseState.ANSWERED,
        (CaseState.ANSWERED, CaseAct.CLOSE): CaseState.CLOSED,
    }
)
UNCLOSED = (CaseState.OPEN, CaseState.ANSWERED)


def advance(state: CaseState, act: CaseAct) -> CaseState:
    """The state after `act`.

    Raises:
        CaseClosedError: nothing happens to a closed case.
    """
    after = TRANSITIONS.get((state, act))
    if after is None:
        raise CaseClosedError
    return after
