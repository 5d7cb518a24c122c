"""What `muster check` finds. Values only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be; a serious one keeps people from being warned."""

    id: str
    what: str
    hint: str
    serious: bool = False
