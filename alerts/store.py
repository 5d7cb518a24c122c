"""Rows of events, alerts and revisions as values, and the reading of them. Touches SQL only.

Every function takes a connection; the caller opens the one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.draft import Text
from alerts.errors import UnknownAlertError
from alerts.lifecycle import AlertAct, AlertState, advance, sources
from alerts.tables import alert, event, revision
from alerts.terms import Severity, is_drill


@dataclass(frozen=True, slots=True)
class EventRow:
    """One thing that happens in the world."""

    id: int
    code: str
    title: str
    drill: bool
    created_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert of an event; its words are in its revisions."""

    id: int
    event_id: int
    identifier: str
    status: str
    audience: str
    msg_type: str
    corrects: int | None
    state: AlertState
    created_by: int
    created_at: datetime
    cancelled_at: datetime | None
    cancelled_by: int | None

    @property
    def drill(self) -> bool:
        """Whether it may reach simulated people only."""
        return is_drill(self.status)


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """What was written, with the facts of its alert that must not change once approved.

    Attributes:
        event_id, identifier, status, audience, msg_type, corrects: of the alert; the digest covers them too.
        area: JSON of `places.area.Area`, `{}` = none yet.
        authors: ids of officers who changed text, area or audience, in order.
        accepted_fallbacks: people per language whom the approver saw getting another language.
    """

    id: int
    alert_id: int
    number: int
    event_id: int
    identifier: str
    status: str
    audience: str
    msg_type: str
    corrects: int | None
    event_name: str
    category: str
    severity: Severity
    urgency: str
    certainty: str
    texts: Mapping[str, Text]
    correction: Mapping[str, str]
    all_clear: Mapping[str, str]
    area: Mapping[str, Any]
    area_name: str
    time_zone: str
    onset: datetime | None
    expires_at: datetime
    useful_until: datetime
    include_maybe: bool
    policy: str
    authors: tuple[int, ...]
    accepted_fallbacks: Mapping[str, int]
    submitted_by: int | None
    submitted_at: datetime | None
    approved_by: int | None
    approved_at: datetime | None
    digest: bytes | None

    @property
    def drill(self) -> bool:
        """Whether it may reach simulated people only."""
        return is_drill(self.status)


_OF_ALERT = ("event_id", "identifier", "status", "audience", "msg_type", "corrects")
_OF_REVISION = tuple(name for name in RevisionRow.__slots__ if name not in _OF_ALERT)


def revisions_query() -> Select[Any]:
    """Revisions with the facts of their alert; give its rows to `revision_row`."""
    columns = [*(revision.c[name] for name in _OF_REVISION), *(alert.c[name] for name in _OF_ALERT)]
    return select(*columns).join(alert, alert.c.id == revision.c.alert_id)


def revision_row(row: Row[Any]) -> RevisionRow:
    """One row of `revisions_query`."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    values["severity"] = Severity(values["severity"])
    values["texts"] = {tag: Text.model_validate(text) for tag, text in values["texts"].items()}
    values["authors"] = tuple(values["authors"])
    values["digest"] = None if values["digest"] is None else bytes(values["digest"])
    return RevisionRow(**values)


def alert_row(row: Row[Any]) -> AlertRow:
    """One whole row of the alert table."""
    values = dict(row._mapping)  # noqa: SLF001 - as above
    del values["mission_id"]
    return AlertRow(**{**values, "state": AlertState(values["state"])})


async def read_alert(connection: AsyncConnection, alert_id: int, *, hold: bool = False) -> AlertRow:
    """Read one alert; `hold` keeps others from changing it until the transaction ends.

    Raises:
        UnknownAlertError: there is none.
    """
    query = select(alert).where(alert.c.id == alert_id)
    if hold:  # SQLite has one writer already
        query = query.with_for_update()
    row = (await connection.execute(query)).first()
    if row is None:
        raise UnknownAlertError(f"there is no alert {alert_id}")
    return alert_row(row)


async def alerts_of_event(connection: AsyncConnection, event_id: int) -> list[AlertRow]:
    """The alerts of an event, oldest first."""
    query = select(alert).where(alert.c.event_id == event_id).order_by(alert.c.id)
    return [alert_row(row) for row in await connection.execute(query)]


async def newest_alerts(
    connection: AsyncConnection, *, limit: int = 50, before: int | None = None
) -> list[tuple[AlertRow, RevisionRow, EventRow]]:
    """The newest alerts with their newest revision and event, for lists; `before` pages on by alert id."""
    query = select(alert).order_by(alert.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(alert.c.id < before)
    alerts = [alert_row(row) for row in await connection.execute(query)]
    chosen = [row.id for row in alerts]
    found = await connection.execute(
        revisions_query().where(revision.c.alert_id.in_(chosen)).order_by(revision.c.number)
    )
    revisions = {row.alert_id: revision_row(row) for row in found}
    events = await connection.execute(select(event).where(event.c.id.in_({row.event_id for row in alerts})))
    by_id = {row.id: EventRow(*row) for row in events}
    return [(row, revisions[row.id], by_id[row.event_id]) for row in alerts]


async def move(connection: AsyncConnection, row: AlertRow, act: AlertAct, **changes: Any) -> AlertState:
    """Carry out `act` on an alert as it was read; nobody else can do the same one twice.

    Raises:
        AlertRefusedError: code `state`, it stands elsewhere by now or the act is not possible.
    """
    after = advance(row.state, act)
    moved = await connection.execute(
        update(alert).where(alert.c.id == row.id, alert.c.state == row.state).values(state=after, **changes)
    )
    if moved.rowcount != 1:
        now = await read_alert(connection, row.id)
        advance(now.state, act)
        raise AssertionError("an alert was changed between reading and writing inside one transaction")
    return after


async def move_any(connection: AsyncConnection, alert_id: int, act: AlertAct) -> bool:
    """Carry out one of the machine's acts where it is possible; False where it is not (any more)."""
    changed = 0
    for state in sorted(sources(act)):
        if changed == 0:
            done = await connection.execute(
                update(alert)
                .where(alert.c.id == alert_id, alert.c.state == state)
                .values(state=advance(state, act))
            )
            changed = done.rowcount
    return changed == 1
