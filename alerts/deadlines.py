"""When a delivery moves on to the person's next channel. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.delivery import CONFIRMED, DeliveryState
from alerts.terms import GRAVE, Severity


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds from acceptance until the next rung, by CAP severity; no entry = never."""

    seconds: dict[str, float] = field(
        default_factory=lambda: {
            Severity.EXTREME: 180.0,
            Severity.SEVERE: 600.0,
            Severity.MODERATE: 3600.0,
            Severity.UNKNOWN: 3600.0,
        }
    )

    def after(self, state: DeliveryState, severity: str, now: datetime, *, confirms: bool) -> datetime | None:
        """Return when the next rung is due for a delivery that just came to `state`; None = not at all.

        A channel without receipts says nothing after acceptance, so silence there means little: only
        severe and extreme alerts move on from it.
        """
        if state in CONFIRMED or state is DeliveryState.SKIPPED:
            return None
        if state in {DeliveryState.GONE, DeliveryState.FAILED}:
            return now
        seconds = self.seconds.get(severity)
        if seconds is None or (not confirms and severity not in GRAVE):
            return None
        return now + timedelta(seconds=seconds)
