"""Live alerts for newcomers, and the events somebody may answer in."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts import store
from alerts.checkin_status import CheckinStatus
from alerts.checkins import record
from alerts.delivery import DeliveryState
from alerts.events import close_event
from alerts.lifecycle import AlertAct
from alerts.live import covers, events_of_person, live_revisions
from alerts.revisions import latest
from places.cells import cell_of
from places.people import Rows
from tests.alerts.dossiers import REVISION
from tests.alerts.office import NOW, Office, deliver, touch

DOWNTOWN, AKUREYRI = cell_of(64.146, -21.942), cell_of(65.68, -18.1)


def at(cell: int | None, radius_km: float = 0.0, country: str = "IS") -> Rows:
    return Rows.of([1], [cell], [radius_km], [country])


@pytest.mark.parametrize(
    ("rows", "inside"),
    [
        (at(DOWNTOWN), True),
        (at(AKUREYRI), False),
        (at(AKUREYRI, 400.0), True),  # somewhere in a city that reaches into the area
        (at(None), True),  # known by a country the area touches
        (at(None, country="VN"), False),
        (Rows.joined(at(AKUREYRI), at(DOWNTOWN)), True),  # at home or on a trip
        (Rows.of([1], [DOWNTOWN], [0.0], ["IS"], [None], [int(NOW.timestamp()) - 1]), False),  # was there
        (Rows.empty(), False),
    ],
)
def test_who_is_covered(rows: Rows, inside: bool) -> None:
    assert covers(REVISION, rows, at=NOW, touch=touch) is inside


def test_people_known_by_country_only_if_the_revision_says_so() -> None:
    certain = replace(REVISION, include_maybe=False)
    assert not covers(certain, at(None), at=NOW, touch=touch)
    named = replace(certain, area={"countries": ["IS"]})
    assert covers(named, at(None), at=NOW, touch=touch)


async def test_only_live_first_alerts_are_for_newcomers(office: Office) -> None:
    async def live(hours: float = 0.0) -> list[int]:
        async with office.database.read() as connection:
            return [row.alert_id for row in await live_revisions(connection, NOW + timedelta(hours=hours))]

    async def machine(alert_id: int, *acts: AlertAct) -> None:
        async with office.database.durable() as connection:
            for act in acts:
                assert await store.move_any(connection, alert_id, act)

    first = await office.approved(useful_until=NOW + timedelta(hours=3))
    await office.submitted()
    assert await live() == []  # the planner has not begun
    await machine(first, AlertAct.START)
    office.clock.at += timedelta(minutes=1)
    second = await office.approved()
    await machine(second, AlertAct.START, AlertAct.FINISH)
    assert await live() == [second, first]
    assert await live(3.0) == [second]
    assert await live(12.0) == []
    follow = await office.desk.correct(office.anna, first)
    await office.desk.submit(office.anna, follow)
    await office.desk.approve(office.bjorn, follow, {})
    await machine(follow, AlertAct.START)
    assert await live() == [second]  # nobody new needs a correction, nor what it corrects
    await office.desk.cancel(office.anna, second, "a mistake")
    assert await live() == []


async def test_events_in_which_somebody_may_answer(office: Office) -> None:
    gale = await office.approved()
    office.clock.at += timedelta(minutes=1)
    flood = await office.approved(event_title="Flood")
    async with office.database.durable() as connection:
        gale_row, flood_row = await latest(connection, gale), await latest(connection, flood)
        await deliver(connection, gale_row.id, [(7, DeliveryState.ACCEPTED)], accepted_at=NOW)
        await deliver(connection, gale_row.id, [(8, DeliveryState.QUEUED)], id=5)
        later = NOW + timedelta(minutes=5)
        await deliver(connection, flood_row.id, [(7, DeliveryState.ATTEMPTING)], attempted_at=later)
        await record(
            connection,
            event_id=gale_row.event_id,
            person_id=7,
            status=CheckinStatus.SAFE,
            source="self",
            at=NOW,
        )
        found = await events_of_person(connection, 7, NOW)
        assert [(one.title, one.drill, one.at, one.answered) for one in found] == [
            ("Flood", False, later, False), ("Gale, Reykjavik", False, NOW, True),
        ]  # fmt: skip
        assert await events_of_person(connection, 8, NOW) == []  # nothing has left for them
        assert await events_of_person(connection, 7, NOW + timedelta(hours=12)) == []
        await close_event(connection, flood_row.event_id, NOW)
        assert [one.title for one in await events_of_person(connection, 7, NOW)] == ["Gale, Reykjavik"]
