"""The life of a registration as one table. Pure.

new -> active once consent and a place are there; STOP works from anywhere and is undone by the person alone;
merged (taken over by the person's other registration) and erased are ends.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from registry.errors import ActRefusedError


class PersonState(StrEnum):
    """Where a registration stands; only `active` people are warned."""

    NEW = "new"
    ACTIVE = "active"
    STOPPED = "stopped"
    MERGED = "merged"
    ERASED = "erased"


class PersonAct(StrEnum):
    """What happens to a registration."""

    PROTECT = "be protected"  # consent and a place are both there
    STOP = "stop"
    RESUME = "resume"  # back to new; protected again at once if consent and a place are still there
    MERGE = "be merged"
    ERASE = "be erased"


TRANSITIONS: Mapping[tuple[PersonState, PersonAct], PersonState] = MappingProxyType(
    {
        (PersonState.NEW, PersonAct.PROTECT): PersonState.ACTIVE,
        (PersonState.NEW, PersonAct.STOP): PersonState.STOPPED,
        (PersonState.NEW, PersonAct.RESUME): PersonState.NEW,
        (PersonState.NEW, PersonAct.MERGE): PersonState.MERGED,
        (PersonState.NEW, PersonAct.ERASE): PersonState.ERASED,
        (PersonState.ACTIVE, PersonAct.PROTECT): PersonState.ACTIVE,
        (PersonState.ACTIVE, PersonAct.STOP): PersonState.STOPPED,
        (PersonState.ACTIVE, PersonAct.RESUME): PersonState.ACTIVE,
        (PersonState.ACTIVE, PersonAct.MERGE): PersonState.MERGED,
        (PersonState.ACTIVE, PersonAct.ERASE): PersonState.ERASED,
        (PersonState.STOPPED, PersonAct.STOP): PersonState.STOPPED,
        (PersonState.STOPPED, PersonAct.RESUME): PersonState.NEW,
        (PersonState.STOPPED, PersonAct.MERGE): PersonState.MERGED,
        (PersonState.STOPPED, PersonAct.ERASE): PersonState.ERASED,
        (PersonState.MERGED, PersonAct.ERASE): PersonState.ERASED,
        (PersonState.ERASED, PersonAct.ERASE): PersonState.ERASED,
    }
)


def advance(state: PersonState, act: PersonAct) -> PersonState:
    """The state after `act`.

    Raises:
        ActRefusedError: the table has no such step.
    """
    after = TRANSITIONS.get((state, act))
    if after is None:
        raise ActRefusedError(state.value, act.value)
    return after
