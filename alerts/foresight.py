"""What may be approved next, resolved beforehand. Touches SQL through `Targeting`; writes nothing.

The first resolution of a process reads everybody, and the first of a region looks for its outline: a second
or more. An alert is submitted before it is approved, so the planner has that behind it when moments count.
"""

from dataclasses import dataclass, field

from sqlalchemy import select

from alerts.lifecycle import AlertState
from alerts.tables import alert, revision
from alerts.targeting import Targeting
from alerts.terms import is_drill
from places.area import Area
from storage.clock import Clock
from storage.database import Database


@dataclass(slots=True)
class Foresight:
    """Keeps the audience index of one process up to date, and resolves each submitted revision once."""

    database: Database
    clock: Clock
    targeting: Targeting
    _seen: frozenset[int] = field(default_factory=frozenset)

    async def step(self) -> None:
        """Look what was submitted since.

        Raises:
            StorageUnavailableError: SQL is away.
        """
        await self.targeting.refresh()
        query = (
            select(revision.c.id, revision.c.area, revision.c.include_maybe, alert.c.status)
            .join(alert, alert.c.id == revision.c.alert_id)
            .where(
                alert.c.state == AlertState.SUBMITTED,
                revision.c.submitted_at.is_not(None),
                revision.c.approved_at.is_(None),
            )
        )
        async with self.database.read() as connection:
            submitted = (await connection.execute(query)).all()
        for row in submitted:
            if row.id not in self._seen:
                await self.targeting.resolve(
                    Area.from_json(row.area),
                    drill=is_drill(row.status),
                    at=self.clock.now(),
                    include_maybe=row.include_maybe,
                )
        self._seen = frozenset(row.id for row in submitted)
