"""Whether a revision may still be sent, looked up anew each second. Touches SQL, reads only."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.lifecycle import MAY_SEND, AlertState
from alerts.tables import alert, revision
from alerts.terms import Policy, is_drill
from storage.clock import Clock
from storage.database import Database

FRESH_S = 1.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What a sender must know of a revision right before a message leaves.

    Attributes:
        drill: anything but Actual; such a message may only go to simulated people, and theirs only.
        resend: an unknown outcome is sent again; False under `never-resend`.
    """

    state: AlertState
    drill: bool
    severity: str
    expires_at: datetime
    resend: bool

    def refusal(self, now: datetime) -> str:
        """Return why no copy may leave any more, "" = it may."""
        if self.state not in MAY_SEND:
            return self.state.value
        return "expired" if now >= self.expires_at else ""


class Standings:
    """Standings of revisions, each at most a second old."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[int, tuple[float, Standing]] = {}

    async def of(self, revision_id: int) -> Standing:
        """Return the standing of a revision.

        Raises:
            StorageUnavailableError: SQL is away; nobody may send on an old answer.
        """
        known = self._known.get(revision_id)
        if known and self._clock.monotonic() - known[0] < FRESH_S:
            return known[1]
        asked = self._clock.monotonic()
        async with self._database.glance() as connection:
            standing = await read(connection, revision_id)
        self._known[revision_id] = (asked, standing)
        return standing


async def read(connection: AsyncConnection, revision_id: int) -> Standing:
    """Read the standing of a revision, which must exist."""
    query = (
        select(alert.c.state, alert.c.status, revision.c.severity, revision.c.expires_at, revision.c.policy)
        .join(revision, revision.c.alert_id == alert.c.id)
        .where(revision.c.id == revision_id)
    )
    row = (await connection.execute(query)).one()
    return Standing(
        state=AlertState(row.state),
        drill=is_drill(row.status),
        severity=row.severity,
        expires_at=row.expires_at,
        resend=row.policy != Policy.NEVER_RESEND,
    )
