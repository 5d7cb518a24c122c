"""Who is sent to next, and at which address: by column, for writing thousands at once. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from alerts.strata import Concerned
from registry.ways import Way


class Assignment(NamedTuple):
    """One person and the address of theirs that is tried next."""

    person_id: int
    address_id: int
    channel: str
    account: str
    language: str
    drill: bool
    confidence: str
    distance_km: float | None

    @classmethod
    def of(cls, way: Way, confidence: str, distance_km: float | None, *, drill: bool) -> Self:
        """Assign a person to one of their addresses."""
        return cls(
            way.person_id,
            way.address_id,
            way.channel,
            way.account,
            way.language,
            drill,
            confidence,
            distance_km,
        )


@dataclass(frozen=True, slots=True)
class Assignments:
    """Assignments by column, all of one length, in the order in which they are written.

    Attributes:
        place: each one's place in the order of distance, lowest first.
    """

    person_id: Sequence[int]
    address_id: Sequence[int]
    channel: Sequence[str]
    account: Sequence[str]
    language: Sequence[str]
    drill: Sequence[bool]
    confidence: Sequence[str]
    distance_km: Sequence[float | None]
    place: Sequence[int]

    def __len__(self) -> int:
        return len(self.person_id)

    @classmethod
    def listed(cls, people: Sequence[Assignment]) -> Self:
        """From single ones, nearest first."""
        return cls(
            [one.person_id for one in people],
            [one.address_id for one in people],
            [one.channel for one in people],
            [one.account for one in people],
            [one.language for one in people],
            [one.drill for one in people],
            [one.confidence for one in people],
            [one.distance_km for one in people],
            range(len(people)),
        )

    @classmethod
    def of(
        cls,
        ways: Sequence[Way],
        concerned: Concerned,
        *,
        drill: bool,
    ) -> Self:
        """Assign people, given in the same order, to one of their addresses each."""
        return cls(
            # Column by column: zip(*ways) takes ten times as long for thousands.
            [way.person_id for way in ways],
            [way.address_id for way in ways],
            [way.channel for way in ways],
            [way.account for way in ways],
            [way.language for way in ways],
            [drill] * len(ways),
            concerned.levels(),
            concerned.distances(),
            concerned.place.tolist(),
        )
