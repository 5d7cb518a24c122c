"""Live alerts for newcomers, and the events somebody may answer in."""

from datetime import timedelta

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import store
from alerts.batches import delivery_id, pack
from alerts.checkin_status import CheckinStatus
from alerts.checkins import record
from alerts.delivery import DeliveryState
from alerts.events import close_event
from alerts.lifecycle import AlertAct
from alerts.live import ASKED_LATELY, events_of_person, live_revisions
from alerts.revisions import latest
from alerts.tables import batch, delivery
from tests.alerts.office import NOW, Office, deliver


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
        assert await events_of_person(connection, 8, NOW) == []  # no batch has begun
        assert await events_of_person(connection, 7, NOW + timedelta(hours=12)) == []
        await close_event(connection, flood_row.event_id, NOW)
        assert [one.title for one in await events_of_person(connection, 7, NOW)] == ["Gale, Reykjavik"]


async def begun(office: Office, **more: object) -> int:
    """The revision of an approved alert: a worker has begun with the batch of its first delivery."""
    alert = await office.approved(**more)
    async with office.database.durable() as connection:
        revision = (await latest(connection, alert)).id
        await waits(connection, revision, [delivery_id(revision, 0)], begun_at=NOW)
    return revision


async def waits(connection: AsyncConnection, revision: int, deliveries: list[int], **more: object) -> None:
    """Write an open batch."""
    values = {
        "revision_id": revision, "rung": 0, "channel": "telegram", "account": "main", "priority": 1,
        "deliveries": pack(deliveries), "size": len(deliveries), "state": "open", "created_at": NOW,
    }  # fmt: skip
    await connection.execute(insert(batch).values(values | more))


async def seen(office: Office, person: int) -> list[tuple[str, bool]]:
    """Events in which somebody may answer, and whether an answer without a name can mean no other."""
    async with office.database.read() as connection:
        found = await events_of_person(connection, person, NOW)
    assert all(one.at == NOW for one in found)
    return [(one.title, one.certain) for one in found]


async def test_who_may_have_it_though_sql_calls_it_queued_may_answer(office: Office) -> None:
    """A worker that died had sent to them; only the next one writes it down."""
    revision = await begun(office)
    async with office.database.durable() as connection:
        await deliver(connection, revision, [(7, DeliveryState.QUEUED)])
    assert await seen(office, 7) == [("Gale, Reykjavik", True)]
    async with office.database.durable() as connection:
        await connection.execute(update(batch).values(state="done"))
    assert await seen(office, 7) == [], "whatever became of that batch was written down"


async def test_with_whom_nobody_began_has_nothing_to_answer(office: Office) -> None:
    revision = await begun(office)
    first, second = delivery_id(revision, 0), delivery_id(revision, 1)
    async with office.database.durable() as connection:
        await deliver(connection, revision, [(7, DeliveryState.QUEUED)], id=second)
        await waits(connection, revision, [second])
        await waits(connection, revision, [second], begun_at=NOW, account="other")
        await waits(connection, revision, [second], begun_at=NOW, rung=1)
    assert await seen(office, 7) == [], "their own batch lies where the planner put it"
    async with office.database.durable() as connection:
        await waits(connection, revision, [first, second], begun_at=NOW)
    assert await seen(office, 7) == [("Gale, Reykjavik", True)]


async def test_what_another_warning_asked_lately_makes_an_answer_uncertain(office: Office) -> None:
    over = await begun(office, event_title="Flood")
    revision = await begun(office)
    asked = NOW - ASKED_LATELY
    async with office.database.durable() as connection:
        await close_event(connection, (await latest(connection, 1)).event_id, NOW)
        await deliver(connection, over, [(7, DeliveryState.DELIVERED)], accepted_at=asked)
        await deliver(connection, revision, [(7, DeliveryState.QUEUED)])
    assert await seen(office, 7) == [("Gale, Reykjavik", True)], "a day is over"
    async with office.database.durable() as connection:
        later = asked + timedelta(seconds=1)
        await connection.execute(
            update(delivery).where(delivery.c.revision_id == over).values(accepted_at=later)
        )
    assert await seen(office, 7) == [("Gale, Reykjavik", False)]
