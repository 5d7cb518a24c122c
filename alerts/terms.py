"""The words CAP 1.2 (section 3.2.2) has for what kind of alert it is and how urgent. Pure."""

from enum import StrEnum


class Status(StrEnum):
    """Whether an alert is meant. Everything but `Actual` is a drill and reaches simulated people only."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    TEST = "Test"


class Severity(StrEnum):
    EXTREME = "Extreme"
    SEVERE = "Severe"
    MODERATE = "Moderate"
    MINOR = "Minor"
    UNKNOWN = "Unknown"


class Urgency(StrEnum):
    IMMEDIATE = "Immediate"
    EXPECTED = "Expected"
    FUTURE = "Future"
    PAST = "Past"
    UNKNOWN = "Unknown"


class Certainty(StrEnum):
    OBSERVED = "Observed"
    LIKELY = "Likely"
    POSSIBLE = "Possible"
    UNLIKELY = "Unlikely"
    UNKNOWN = "Unknown"


class Category(StrEnum):
    GEO = "Geo"
    MET = "Met"
    SAFETY = "Safety"
    SECURITY = "Security"
    RESCUE = "Rescue"
    FIRE = "Fire"
    HEALTH = "Health"
    ENV = "Env"
    TRANSPORT = "Transport"
    INFRA = "Infra"
    CBRNE = "CBRNE"
    OTHER = "Other"


class Audience(StrEnum):
    """Whether our alert may be shown to anybody (feed, public page) or only goes to registered people."""

    PUBLIC = "Public"
    REGISTERED = "Registered"


class Policy(StrEnum):
    """What happens to a copy of which nobody knows whether it left."""

    AT_LEAST_ONCE = "at-least-once"
    NEVER_RESEND = "never-resend"


GRAVE = frozenset({Severity.EXTREME, Severity.SEVERE})
"""Severities that must have a correction and an all-clear ready, and that a language gap never holds up."""

SEVERITY_ORDER = (
    Severity.EXTREME,
    Severity.SEVERE,
    Severity.MODERATE,
    Severity.MINOR,
    Severity.UNKNOWN,
)

_PRIORITY: dict[str, int] = {Severity.EXTREME: 0, Severity.SEVERE: 1, Severity.MINOR: 3}


def priority_of(severity: str) -> int:
    """The place of a warning among all that are sent: 0 (first) to 3 (routine)."""
    return _PRIORITY.get(severity, 2)


def is_drill(status: str) -> bool:
    """Whether an alert of this CAP status must reach simulated people only."""
    return status != Status.ACTUAL
