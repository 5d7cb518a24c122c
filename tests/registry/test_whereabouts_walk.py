"""Homes, positions, trips and a clock, in any order: at any instant the places a person may be in, as we know
them, hold every place they are truly in by what they told.

The truth is kept beside as plain facts: days as people live them, in a zone drawn anew for each look. Looked
at with the registry itself and with an audience index that only follows the change feed.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.targeting import Targeting
from places.area import Area
from places.cells import cell_of, centre
from places.shapes import Circle
from registry import trips, whereabouts
from registry.whereabouts import Whereabouts, WhereaboutsKind
from storage.database import open_database
from storage.vault import Vault
from tests.alerts.office import touch
from tests.registry.newcomers import NOW, join, telegram

T = TypeVar("T")
VAULT = Vault([bytes(range(32))], bytes(range(32, 64)))
WHERE: dict[str, tuple[float, float] | None] = {  # country to a position in it; None: known by country only
    "IS": (64.1466, -21.9426),
    "TH": (13.7563, 100.5018),
    "PE": (-12.05, -77.04),
    "JP": None,
}
ELSEWHERE = Area(circles=(Circle(-34.0, 18.0, 300.0),))  # nobody ever told of it
countries = st.sampled_from(sorted(WHERE))
zones = st.integers(-12, 14).map(lambda hours: timedelta(hours=hours))
Work = Callable[[AsyncConnection], Awaitable[T]]


def place(country: str, kind: WhereaboutsKind) -> Whereabouts:
    spot = WHERE[country]
    radius = 0.0 if spot is None or kind is WhereaboutsKind.PIN else 12.0
    return Whereabouts(kind, None if spot is None else cell_of(*spot), radius, country)


def area_of(country: str) -> Area:
    """Somewhere in the very place that was told."""
    spot = WHERE[country]
    return Area(countries=(country,)) if spot is None else Area(circles=(Circle(*spot, 0.2),))


@dataclass
class Told:
    """A trip as the person knows it."""

    id: int
    country: str
    first: date
    last: date

    def lived(self, at: datetime, zone: timedelta) -> bool:
        """Whether somebody whose clock is `zone` ahead of UTC is on it."""
        return self.first <= (at + zone).date() <= self.last


@dataclass
class Clock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class Walk(RuleBasedStateMachine):
    """One person, one fresh SQLite file."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="where"))
        shutil.copy(self.template, self.folder / "muster.db")
        self.runner = asyncio.Runner()
        self.database = open_database(f"sqlite:///{self.folder / 'muster.db'}")
        self.clock = Clock()
        self.targeting = Targeting(self.database, self.clock, touch)
        self.bases: list[tuple[datetime, str]] = [(NOW, "IS")]
        self.trips: list[Told] = []
        home = place("IS", WhereaboutsKind.HOME)
        self.who = self.act(lambda link: join(link, VAULT, telegram("1"), place=home, now=NOW))

    def teardown(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    def act(self, work: Work[T]) -> T:
        async def whole() -> T:
            async with self.database.durable() as connection:
                return await work(connection)

        return self.runner.run(whole())

    @rule(country=countries, kind=st.sampled_from([WhereaboutsKind.HOME, WhereaboutsKind.PIN]))
    def moves(self, country: str, kind: WhereaboutsKind) -> None:
        now, new = self.clock.at, place(country, kind)
        self.act(lambda link: whereabouts.set_home(link, self.who.vault, self.who.id, new, now))
        self.bases.append((now, country))

    @rule(country=countries, ahead=st.integers(-3, 40), length=st.integers(0, 30))
    def tells_of_a_trip(self, country: str, ahead: int, length: int) -> None:
        first = self.clock.at.date() + timedelta(days=ahead)
        last = first + timedelta(days=length)
        begins, ends = trips.span(first, last)
        new, now = place(country, WhereaboutsKind.TRIP), self.clock.at
        made = self.act(lambda link: trips.add(link, self.who.vault, self.who.id, new, begins, ends, now))
        self.trips.append(Told(made, country, first, last))

    @rule(which=st.integers(0, 9), ahead=st.integers(-3, 40), length=st.integers(0, 30))
    def changes_its_days(self, which: int, ahead: int, length: int) -> None:
        if not self.trips:
            return
        trip = self.trips[which % len(self.trips)]
        first = self.clock.at.date() + timedelta(days=ahead)
        last = first + timedelta(days=length)
        span, now = trips.span(first, last), self.clock.at
        if self.act(lambda link: trips.change(link, self.who.id, trip.id, *span, now)):
            trip.first, trip.last = first, last
        else:
            assert trips.span(trip.first, trip.last)[1] < now, "a trip that is not over was lost"

    @rule(which=st.integers(0, 9))
    def cancels(self, which: int) -> None:
        if self.trips:
            trip = self.trips.pop(which % len(self.trips))
            self.act(lambda link: trips.cancel(link, self.who.id, trip.id, self.clock.at))

    @rule()
    def says_still_here(self) -> None:
        async def work(link: AsyncConnection) -> None:
            base = await whereabouts.base(link, self.who.id)
            assert base is not None
            assert await whereabouts.confirm(link, self.who.id, base.id, self.clock.at)

        self.act(work)

    @rule(hours=st.integers(0, 24 * 20), seconds=st.floats(0, 60))
    def time_goes_by(self, hours: int, seconds: float) -> None:
        self.clock.at += timedelta(hours=hours, seconds=seconds)

    @rule()
    def the_past_is_forgotten(self) -> None:
        self.act(lambda link: whereabouts.forget_past(link, self.clock.at - timedelta(days=7)))

    @rule(zone=zones, ahead=st.floats(-6 * 24, 50 * 24))
    def looked_at(self, zone: timedelta, ahead: float) -> None:
        self.check(self.clock.at + timedelta(hours=ahead), zone)

    @invariant()
    def holds_now_at_both_ends_of_the_world(self) -> None:
        for zone in (timedelta(hours=-12), timedelta(hours=14)):
            self.check(self.clock.at, zone)

    def check(self, at: datetime, zone: timedelta) -> None:
        """Compare truth and knowledge at one instant."""
        truth = {trip.country for trip in self.trips if at >= self.clock.at and trip.lived(at, zone)}
        until = [when for when, _ in self.bases[1:]] + [datetime.max.replace(tzinfo=UTC)]
        truth |= {
            country
            for (since, country), end in zip(self.bases, until, strict=True)
            if since <= at < end and since >= NOW
        }

        async def known() -> set[str]:
            async with self.database.read() as connection:
                rows = await whereabouts.of_person(connection, self.who.id, at=at)
            return {row.country for row in rows}

        assert truth <= self.runner.run(known())
        for country in truth:
            assert self.found(area_of(country), at), f"not found in {country}"
        assert not self.found(ELSEWHERE, at)

    def found(self, area: Area, at: datetime) -> bool:
        audience = self.runner.run(self.targeting.resolve(area, drill=False, at=at, include_maybe=True))
        return self.who.id in audience.person_ids.tolist()


def test_nobody_is_ever_thought_to_be_only_where_they_are_not(sqlite_template: Path) -> None:
    Walk.template = sqlite_template
    run_state_machine_as_test(  # type: ignore[no-untyped-call] # hypothesis does not type it
        Walk,
        settings=settings(
            max_examples=20,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


def test_a_day_is_never_shorter_than_anybody_lives_it() -> None:
    day = date(2026, 12, 3)
    begins, ends = trips.span(day, day)
    assert begins <= datetime.combine(day, time.min, UTC) - timedelta(hours=14)
    assert ends >= datetime.combine(day, time.max, UTC) + timedelta(hours=12)
    lat, lon = centre(cell_of(64.1466, -21.9426))
    assert abs(lat - 64.1466) < 0.03
    assert abs(lon + 21.9426) < 0.06
