"""What a guard looks at: one act, who wants it, and all that is known about it. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.draft import Draft
from alerts.languages import LAST_LANGUAGE
from alerts.lifecycle import AlertAct
from alerts.store import AlertRow, EventRow, RevisionRow
from places.area import Readings
from staff.officers import Officer


class DeskAct(StrEnum):
    """What an officer asks the desk for."""

    DRAFT = "draft"
    REVISE = "revise"
    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"
    FOLLOW_UP = "follow_up"  # a correction or an all-clear of an alert that was sent


LIFECYCLE = {
    DeskAct.REVISE: AlertAct.REVISE,
    DeskAct.SUBMIT: AlertAct.SUBMIT,
    DeskAct.APPROVE: AlertAct.APPROVE,
    DeskAct.REJECT: AlertAct.REJECT,
    DeskAct.CANCEL: AlertAct.CANCEL,
}
"""The acts of the desk that change an alert's state."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a ministry may set.

    Attributes:
        longest: how far ahead an alert may expire.
        ministry_language: what people get who have no text in their own language.
    """

    longest: timedelta = timedelta(days=7)
    ministry_language: str = LAST_LANGUAGE


@dataclass(frozen=True, slots=True)
class Gap:
    """People (registrations) without a text in their own language, and the language they would get."""

    language: str
    people: int
    fallback_language: str


@dataclass(frozen=True, slots=True)
class Bearings:
    """Where an area lies.

    Attributes:
        countries: those it names or may touch (ISO 3166-1 alpha-2).
        readings: those its shapes may touch as given, and with latitude and longitude exchanged.
        meant: those it is meant for, as far as its countries and its name tell; empty = they do not.
        unknown: codes of regions it names that this installation knows nothing of.
    """

    countries: frozenset[str] = frozenset()
    readings: Readings = field(default_factory=Readings)
    meant: frozenset[str] = frozenset()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dossier:
    """One act as a guard sees it; what does not belong to the act is None or empty.

    Attributes:
        officer: who wants it, read fresh; `active` is False when that officer is locked or gone.
        countries: those the area of the draft or revision may touch (ISO 3166-1 alpha-2); of a revision
            that is to be replaced too.
        bearings: where the area of the draft, or else of the revision, lies.
        alert, revision: what the act is about, as they stand now; of a follow-up, the alert it follows.
        event: the event a new draft wants to join.
        corrected, corrected_revision: the alert a draft corrects or follows.
        writers: authors and submitter of the revision, as officers now.
        lost_writers: how many of them are locked or gone.
        gaps: what the audience lacks; `accepted` is what the approver saw and accepted of it.
        seen: number of the revision the officer looked at.
    """

    act: DeskAct
    officer: Officer
    now: datetime
    rules: Rules
    active: bool = True
    countries: frozenset[str] = frozenset()
    bearings: Bearings = Bearings()
    draft: Draft | None = None
    alert: AlertRow | None = None
    revision: RevisionRow | None = None
    event: EventRow | None = None
    corrected: AlertRow | None = None
    corrected_revision: RevisionRow | None = None
    writers: tuple[Officer, ...] = ()
    lost_writers: int = 0
    gaps: tuple[Gap, ...] = ()
    accepted: Mapping[str, int] = field(default_factory=dict)
    seen: int | None = None
    reason: str = ""

    @property
    def subject(self) -> tuple[AlertRow, RevisionRow]:
        """The alert that the act is about, and its newest revision."""
        if self.alert is None or self.revision is None:
            raise AssertionError("an act about an alert was asked without one")
        return self.alert, self.revision

    @property
    def has_area(self) -> bool:
        """Whether the draft or revision names any area yet."""
        content = self.draft or self.revision
        return bool(content and content.area)
