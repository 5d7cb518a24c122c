"""What the officers' side of alerts refuses, and why. Values only, touches nothing.

Texts are written for an officer and name no citizen; codes are stable, for the API and for tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that stands in the way: a stable code and a sentence for the officer."""

    code: str
    text: str


class AlertsError(Exception):
    """Base of what the officers' side raises."""


class AlertRefusedError(AlertsError):
    """The act was not carried out and nothing was changed; every reason is named, not only the first."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        super().__init__(", ".join(reason.code for reason in reasons))
        self.reasons = tuple(reasons)

    @property
    def codes(self) -> frozenset[str]:
        """The codes of all reasons."""
        return frozenset(reason.code for reason in self.reasons)


class UnknownAlertError(AlertsError):
    """There is no such alert or event."""


class CapRefusedError(AlertsError):
    """A CAP file cannot be read at all.

    Attributes:
        code: `too_large`, `empty`, `not_xml`, `dtd`, `too_deep`, `too_many_elements`, `no_alert` or
            `too_many_alerts`.
        text: what is wrong, in words and with the line where there is one; never a piece of the file.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
