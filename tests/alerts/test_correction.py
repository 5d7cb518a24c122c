"""Whom a correction goes to: everybody not proven unsent, nobody else."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from alerts.correction import batches_are_closed, correction_audience, languages
from alerts.delivery import DeliveryState
from alerts.lifecycle import AlertAct
from alerts.revisions import latest
from alerts.store import move_any
from alerts.tables import batch
from registry.tables import person
from tests.alerts.office import NOW, Office, deliver

S = DeliveryState
# (state, was it ever accepted?) -> does the person get the correction? Written out by hand.
EXPECTED = {
    (S.QUEUED, False): False, (S.SKIPPED, False): False, (S.ATTEMPTING, False): True,
    (S.UNKNOWN, False): True,
    (S.ACCEPTED, True): True, (S.DELIVERED, True): True, (S.READ, True): True, (S.READ, False): True,
    (S.FAILED, False): False, (S.FAILED, True): True, (S.GONE, False): False, (S.GONE, True): True,
}  # fmt: skip


def test_every_state_is_considered() -> None:
    assert {state for state, _ in EXPECTED} == set(DeliveryState)


async def test_exactly_those_not_proven_unsent(office: Office) -> None:
    alert_id, other_id = await office.approved(), await office.approved()
    async with office.database.durable() as connection:
        revision = (await latest(connection, alert_id)).id
        for number, (state, accepted) in enumerate(EXPECTED):
            at = NOW if accepted else None
            await deliver(connection, revision, [(100 + number, state)], id=number, accepted_at=at)
        await deliver(connection, (await latest(connection, other_id)).id, [(900, S.READ)])
        got = await correction_audience(connection, alert_id)
    assert got == [100 + number for number, told in enumerate(EXPECTED.values()) if told]


async def test_what_a_server_broke_over_is_not_proven_unsent(quick_office: Office) -> None:
    office = quick_office
    alert_id = await office.approved()
    async with office.database.durable() as connection:
        revision = (await latest(connection, alert_id)).id
        await deliver(connection, revision, [(1, S.FAILED)], id=1, error="http_502")
        await deliver(connection, revision, [(2, S.FAILED)], id=2, error="rejected")
        assert await correction_audience(connection, alert_id) == [1]


async def test_one_sent_row_of_several_is_enough_and_counts_once(quick_office: Office) -> None:
    office = quick_office
    alert_id = await office.approved()
    async with office.database.durable() as connection:
        revision = (await latest(connection, alert_id)).id
        await deliver(connection, revision, [(1, S.FAILED), (2, S.UNKNOWN)])
        await deliver(connection, revision, [(1, S.ACCEPTED), (2, S.READ)], rung=1)
        assert await correction_audience(connection, alert_id) == [1, 2]


async def test_the_gate_of_a_correction_counts_its_own_audience(office: Office) -> None:
    alert_id = await office.approved()
    office.audience.by_language = {"th": 1_000_000}  # whoever is in the area now does not matter
    async with office.database.durable() as connection:
        for number, language in enumerate(["vi", "id", "id", "th"]):
            values = {"id": number, "state": "active", "language": language, "language_chosen": True}
            more = {"drill": False, "created_at": NOW, "changed_at": NOW}
            await connection.execute(insert(person).values(**values, **more))
        revision = (await latest(connection, alert_id)).id
        states = [S.DELIVERED, S.UNKNOWN, S.ACCEPTED, S.QUEUED]
        await deliver(connection, revision, enumerate(states))
        assert await languages(connection, alert_id) == {"vi": 1, "id": 2}
    async with office.database.durable() as connection:
        for act in (AlertAct.START, AlertAct.FINISH):
            assert await move_any(connection, alert_id, act)
    follow_id = await office.desk.correct(office.anna, alert_id)
    assert [(gap.language, gap.people) for gap in await office.desk.gaps(follow_id)] == [("id", 2)]


@pytest.mark.parametrize("state", ["open", "done"])
async def test_it_waits_for_open_batches(quick_office: Office, state: str) -> None:
    office = quick_office
    alert_id, other_id = await office.approved(), await office.approved()
    async with office.database.durable() as connection:
        assert await batches_are_closed(connection, alert_id)
        for one, how in ((alert_id, state), (other_id, "open")):
            values = {"revision_id": (await latest(connection, one)).id, "rung": 0, "channel": "telegram"}
            more = {"account": "main", "priority": 1, "deliveries": b"", "size": 0, "state": how}
            await connection.execute(
                insert(batch).values(**values, **more, created_at=NOW - timedelta(minutes=1))
            )
        assert await batches_are_closed(connection, alert_id) is (state == "done")
