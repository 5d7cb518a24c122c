"""What was sent to and said by two registrations of one person follows the one that stays."""

from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import board, merging
from alerts.checkin_status import CheckinStatus
from alerts.checkins import latest as answer_of
from alerts.checkins import record
from alerts.delivery import DeliveryState
from alerts.live import events_of_person
from alerts.revisions import latest
from alerts.store import RevisionRow
from alerts.tables import checkin_history, delivery, unreachable
from registry.merging import Merged, merge
from storage.vault import Vault
from tests.alerts.office import NOW, Office, deliver
from tests.registry.newcomers import Newcomer, join, telegram, webchat


async def two(connection: AsyncConnection, vault: Vault) -> tuple[Newcomer, Newcomer]:
    older = await join(connection, vault, telegram("1"), now=NOW - timedelta(days=2))
    return older, await join(connection, vault, webchat("2"), now=NOW - timedelta(days=1))


async def merged(connection: AsyncConnection, vault: Vault, one: Newcomer, other: Newcomer) -> Merged:
    return await merge(connection, vault, one.id, other.id, NOW, [merging.carry])


async def sent(connection: AsyncConnection, revision: RevisionRow, who: Newcomer, **more: Any) -> None:
    await deliver(connection, revision.id, [(who.id, more.pop("state", DeliveryState.ACCEPTED))], **more)


async def rows(connection: AsyncConnection) -> list[tuple[int, int]]:
    query = select(delivery.c.person_id, delivery.c.rung).order_by(delivery.c.rung)
    return [tuple(row) for row in await connection.execute(query)]


async def test_deliveries_become_later_rungs_of_the_one_that_stays(office: Office, vault: Vault) -> None:
    revision_of = await office.approved()
    async with office.database.durable() as connection:
        revision = await latest(connection, revision_of)
        older, newer = await two(connection, vault)
        await sent(connection, revision, older, id=1)
        await sent(connection, revision, older, id=2, rung=1)
        await sent(connection, revision, newer, id=3, state=DeliveryState.DELIVERED, accepted_at=NOW)
        await sent(connection, revision, newer, id=4, rung=1, state=DeliveryState.FAILED)
        done = await merged(connection, vault, older, newer)
        assert done.survivor_id == older.id
        assert await rows(connection) == [(older.id, 0), (older.id, 1), (older.id, 2), (older.id, 3)]
        figures = await board.read(connection, revision.event_id)
        live = await events_of_person(connection, older.id, NOW)
    assert (figures.people_targeted, figures.reached) == (1, 1)  # once, by the best of all rows
    assert [event.event_id for event in live] == [revision.event_id]


async def test_deliveries_of_the_one_that_goes_alone_keep_their_rungs(office: Office, vault: Vault) -> None:
    one, other = await office.approved(), await office.approved()
    async with office.database.durable() as connection:
        older, newer = await two(connection, vault)
        for alert in (one, other):
            await sent(connection, await latest(connection, alert), newer)
            await sent(connection, await latest(connection, alert), newer, rung=1)
        await merged(connection, vault, newer, older)
        found = [
            tuple(row) for row in await connection.execute(select(delivery.c.person_id, delivery.c.rung))
        ]
    assert sorted(found) == [(older.id, 0), (older.id, 0), (older.id, 1), (older.id, 1)]


async def test_the_newer_answer_stands_and_all_are_remembered(office: Office, vault: Vault) -> None:
    minutes = [(0, CheckinStatus.NEED_HELP), (5, CheckinStatus.SAFE)]
    for first, second in (minutes, minutes[::-1]):
        alert = await office.approved(event_title=f"Gale {first}")
        async with office.database.durable() as connection:
            event = (await latest(connection, alert)).event_id
            older, newer = await two_more(connection, vault, str(first[0]))
            for who, (minute, status) in ((older, first), (newer, second)):
                at = NOW + timedelta(minutes=minute)
                await record(
                    connection, event_id=event, person_id=who.id, status=status, source="self", at=at
                )
            await merged(connection, vault, older, newer)
            stands = await answer_of(connection, event, older.id)
            gone = await answer_of(connection, event, newer.id)
            query = select(checkin_history.c.person_id).where(checkin_history.c.event_id == event)
            history = (await connection.execute(query)).scalars().all()
        assert stands is not None
        assert (stands.status, stands.at) == (CheckinStatus.SAFE, NOW + timedelta(minutes=5))
        assert gone is None
        assert history == [older.id, older.id]


async def two_more(connection: AsyncConnection, vault: Vault, name: str) -> tuple[Newcomer, Newcomer]:
    older = await join(connection, vault, telegram(f"a{name}"), now=NOW - timedelta(days=2))
    return older, await join(connection, vault, webchat(f"b{name}"), now=NOW - timedelta(days=1))


async def test_an_answer_of_the_one_that_goes_alone_moves(office: Office, vault: Vault) -> None:
    alert = await office.approved()
    async with office.database.durable() as connection:
        event = (await latest(connection, alert)).event_id
        older, newer = await two(connection, vault)
        await record(
            connection, event_id=event, person_id=newer.id, status=CheckinStatus.SAFE, source="self", at=NOW
        )
        await merged(connection, vault, older, newer)
        stands = await answer_of(connection, event, older.id)
    assert stands is not None
    assert stands.status is CheckinStatus.SAFE


async def test_no_chat_answer_undoes_an_officers_last_word(office: Office, vault: Vault) -> None:
    for number, officer_first in enumerate((True, False)):
        alert = await office.approved(event_title=f"Gale {number}")
        async with office.database.durable() as connection:
            event = (await latest(connection, alert)).event_id
            older, newer = await two_more(connection, vault, f"o{number}")
            told, chatted = (older, newer) if officer_first else (newer, older)
            await record(
                connection, event_id=event, person_id=told.id, status=CheckinStatus.DETAINED,
                source="officer", officer_id=office.anna.id, at=NOW,
            )  # fmt: skip
            later = NOW + timedelta(minutes=5)
            await record(
                connection,
                event_id=event,
                person_id=chatted.id,
                status=CheckinStatus.SAFE,
                source="self",
                at=later,
            )
            await merged(connection, vault, older, newer)
            stands = await answer_of(connection, event, older.id)
        assert stands is not None
        assert stands.status is CheckinStatus.DETAINED


async def test_nobody_is_listed_unreachable_under_a_name_that_is_gone(office: Office, vault: Vault) -> None:
    alert = await office.approved()
    async with office.database.durable() as connection:
        revision = await latest(connection, alert)
        older, newer = await two(connection, vault)
        row = {"revision_id": revision.id, "person_id": newer.id, "reason": "no_address", "at": NOW}
        await connection.execute(insert(unreachable).values(row))
        await sent(connection, revision, older)
        await merged(connection, vault, older, newer)
        assert (await connection.execute(select(unreachable))).all() == []
        assert (await board.read(connection, revision.event_id)).people_targeted == 1
