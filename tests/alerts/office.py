"""A small ministry for tests: officers, a clock that is set by hand, an audience that is written down."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.desk import Desk
from alerts.draft import Draft, read_draft
from alerts.headcount import Headcount
from alerts.tables import delivery
from places.area import Area
from places.matcher import Matcher
from staff import officers
from staff.officers import Grant, Officer, Role
from staff.tables import officer
from storage.database import Database

NOW = datetime(2031, 5, 4, 12, 0, 0, 123456, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=90)
BOXES = {"IS": (62.0, 68.0, -26.0, -12.0), "VN": (8.0, 24.0, 102.0, 110.0), "TH": (5.0, 21.0, 97.0, 106.0)}
REYKJAVIK = {"circles": [{"lat": 64.13, "lon": -21.9, "radius_km": 30.0}]}


class HandClock:
    """A clock that stands until a test moves it."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@dataclass
class WrittenAudience:
    """An audience as a test writes it down: people per language."""

    by_language: Mapping[str, int] = field(default_factory=dict)
    drills_asked: list[bool] = field(default_factory=list)

    async def count(self, area: Area, *, drill: bool, include_maybe: bool) -> Headcount:
        self.drills_asked.append(drill)
        return Headcount(people=sum(self.by_language.values()), by_language=dict(self.by_language))


def touch(matcher: Matcher) -> frozenset[str]:
    """Which of three countries the centres of a shape lie in, by their bounding boxes."""
    return frozenset(
        country
        for country, (south, north, west, east) in BOXES.items()
        for lat, lon in matcher.centres
        if south <= lat <= north and west <= lon <= east
    )


def draft(**changes: Any) -> Draft:
    """A complete real alert for Reykjavik, severe, in two languages."""
    values: dict[str, Any] = {
        "event_title": "Gale, Reykjavik",
        "status": "Actual",
        "severity": "Severe",
        "urgency": "Expected",
        "certainty": "Likely",
        "category": "Met",
        "event_name": "Gale",
        "texts": {
            "en": {
                "headline": "Southeast gale",
                "description": "Winds of 25 m/s.",
                "instruction": "Stay in.",
            },
            "vi": {"headline": "Gió mạnh", "description": "Gió 25 m/s.", "instruction": "Ở trong nhà."},
        },
        "correction": {"en": "The gale warning was a mistake.", "vi": "Cảnh báo là nhầm lẫn."},
        "all_clear": {"en": "The gale is over.", "vi": "Gió đã hết."},
        "area": REYKJAVIK,
        "area_name": "Reykjavik",
        "time_zone": "Atlantic/Reykjavik",
        "expires_at": NOW + timedelta(hours=12),
    }
    return read_draft({**values, **changes})


async def hire(
    connection: AsyncConnection,
    login: str,
    *grants: Grant,
    by: int | None = None,
    at: datetime = LONG_AGO,
) -> Officer:
    """Add an officer as the enrolment would, without the expensive password."""
    made = await connection.execute(
        insert(officer)
        .values(
            login=login, name=login.title(), password="-", totp=b"-", state="active",
            failures=0, created_by=by, created_at=at,
        )
        .returning(officer.c.id)
    )  # fmt: skip
    key = int(made.scalar_one())
    await officers.set_grants(connection, key, grants)
    found = await officers.load(connection, key)
    assert found is not None
    return found


async def lock_out(connection: AsyncConnection, who: Officer) -> None:
    """Lock an officer as an admin would."""
    await connection.execute(update(officer).where(officer.c.id == who.id).values(state="locked"))


def everywhere(*roles: Role) -> tuple[Grant, ...]:
    return tuple(Grant(role, None) for role in roles)


def only_in(country: str, *roles: Role) -> tuple[Grant, ...]:
    return tuple(Grant(role, frozenset({country})) for role in roles)


@dataclass
class Office:
    """A desk with three officers: Anna and Björn may write and approve, Chi approves."""

    database: Database
    clock: HandClock
    audience: WrittenAudience
    desk: Desk
    anna: Officer
    bjorn: Officer
    chi: Officer

    async def hire(
        self, login: str, *grants: Grant, by: Officer | None = None, at: datetime = LONG_AGO
    ) -> Officer:
        async with self.database.durable() as connection:
            return await hire(connection, login, *grants, by=by.id if by else None, at=at)

    async def submitted(self, **changes: Any) -> int:
        """An alert of Anna's that waits for a second officer."""
        alert_id = await self.desk.draft(self.anna, draft(**changes))
        await self.desk.submit(self.anna, alert_id)
        return alert_id

    async def approved(self, **changes: Any) -> int:
        """An alert of Anna's that Björn approved."""
        alert_id = await self.submitted(**changes)
        await self.desk.approve(self.bjorn, alert_id, {})
        return alert_id


async def open_office(database: Database) -> Office:
    """An office with a new desk."""
    clock, audience = HandClock(), WrittenAudience({"en": 5, "vi": 3})
    both = everywhere(Role.AUTHOR, Role.APPROVER)
    async with database.durable() as connection:
        anna = await hire(connection, "anna", *both)
        bjorn = await hire(connection, "bjorn", *both)
        chi = await hire(connection, "chi", *everywhere(Role.APPROVER))
    desk = Desk(database, clock, audience, touch=touch)
    return Office(database, clock, audience, desk, anna, bjorn, chi)


async def deliver(
    connection: AsyncConnection, revision_id: int, rows: Iterable[tuple[int, str]], **more: Any
) -> None:
    """Write deliveries (person id, state) of the first rung as planner and workers would leave them."""
    for number, (person_id, state) in enumerate(rows):
        values = {
            "id": revision_id << 32 | more.get("rung", 0) << 24 | number,
            "revision_id": revision_id,
            "person_id": person_id,
            "rung": 0,
            "address_id": person_id,
            "channel": "telegram",
            "account": "main",
            "language": "en",
            "drill": False,
            "confidence": "area",
            "state": state,
            "attempts": 1,
            "created_at": NOW,
        }
        await connection.execute(insert(delivery).values({**values, **more}))
