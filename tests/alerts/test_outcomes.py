"""Outcomes on both databases: only forward, whatever order they come in; nothing known is forgotten."""

from datetime import timedelta
from itertools import product

from sqlalchemy import select, update

from alerts import outcomes, receipts
from alerts.delivery import TABLE, DeliveryState
from alerts.outcomes import CODES, STATES, Outcome
from alerts.tables import delivery
from bot.messages import Channel, Receipt, ReceiptState
from storage.database import Database
from tests.alerts.office import NOW, deliver, open_office
from tests.alerts.post_room import revision_of
from tests.alerts.test_receipts import Told

LATER = NOW + timedelta(minutes=10)
WRITTEN = sorted(CODES)


def test_every_outcome_of_a_sender_has_a_mark_of_its_own() -> None:
    assert {STATES[code] for code in CODES.values()} == set(CODES)
    assert all(0 < code < 256 for code in CODES.values())


async def test_the_whole_matrix_moves_forward_only(database: Database) -> None:
    revision = await revision_of(await open_office(database))
    pairs = list(product(DeliveryState, WRITTEN))
    async with database.durable() as connection:
        await deliver(
            connection, revision, [(number, before.value) for number, (before, _) in enumerate(pairs)]
        )
    news = [
        Outcome(revision << 32 | number, after, NOW, 1, "provider", "reason", LATER)
        for number, (_, after) in enumerate(pairs)
    ]
    async with database.bulk() as connection:
        await outcomes.write(connection, news)
        await outcomes.write(connection, [])
    async with database.read() as connection:
        rows = (await connection.execute(select(delivery).order_by(delivery.c.id))).all()
    for (before, after), row in zip(pairs, rows, strict=True):
        moved = after in TABLE[before]
        assert row.state == (after if moved else before), (before, after)
        assert row.error == ("reason" if moved else None), (before, after)
        waits = moved or before is after is DeliveryState.ACCEPTED
        assert row.next_at == (LATER if waits else None), (before, after)
        assert row.provider_id == "provider", "a receipt may still name it"
        assert row.attempts == 2
        assert row.accepted_at == (NOW if after is DeliveryState.ACCEPTED else None)


async def test_what_was_known_first_stays(sqlite: Database) -> None:
    revision = await revision_of(await open_office(sqlite))
    key = revision << 32
    async with sqlite.durable() as connection:
        await deliver(connection, revision, [(1, "queued")], provider_id="first", attempted_at=NOW)
        late = Outcome(key, DeliveryState.ACCEPTED, LATER, 1, "second")
        await outcomes.write(connection, [late])
        await outcomes.write(connection, [late])
        row = (await connection.execute(select(delivery))).one()
    assert (row.provider_id, row.attempted_at, row.accepted_at) == ("first", NOW, LATER)


async def test_a_receipt_that_was_faster_leaves_the_next_rung_its_time(database: Database) -> None:
    revision = await revision_of(await open_office(database))
    taken = Outcome(revision << 32, DeliveryState.ACCEPTED, NOW, 1, "m1", next_at=LATER)
    async with database.durable() as connection:
        await deliver(connection, revision, [(1, "queued")], channel="whatsapp")
        fast = Receipt("k", Channel.WHATSAPP, "main", "m1", ReceiptState.ACCEPTED, delivery=revision << 32)
        assert await receipts.apply(connection, [fast], Told().book, NOW) == {"k"}
        await outcomes.write(connection, [taken])
        row = (await connection.execute(select(delivery))).one()
        assert (row.state, row.next_at, row.provider_id) == ("accepted", LATER, "m1")
        await connection.execute(update(delivery).values(state="delivered", next_at=None))
        await outcomes.write(connection, [taken])
        assert (await connection.execute(select(delivery.c.next_at))).scalar_one() is None


async def test_two_outcomes_of_one_delivery_both_count(database: Database) -> None:
    revision = await revision_of(await open_office(database))
    taken = [
        Outcome(revision << 32 | number, DeliveryState.ACCEPTED, NOW, attempts, f"m{attempts}", next_at=LATER)
        for number, attempts in ((0, 1), (1, 1), (0, 2))
    ]
    async with database.durable() as connection:
        await deliver(connection, revision, enumerate(["queued", "queued"]))
        await outcomes.write(connection, taken)
        rows = (await connection.execute(select(delivery).order_by(delivery.c.id))).all()
    assert [(row.attempts, row.provider_id, row.next_at) for row in rows] == [
        (4, "m1", LATER),
        (2, "m1", LATER),
    ]


async def test_naming_attempts_touches_the_queued_only(sqlite: Database) -> None:
    revision = await revision_of(await open_office(sqlite))
    async with sqlite.durable() as connection:
        await deliver(connection, revision, enumerate(["queued", "accepted", "skipped", "queued"]))
        await outcomes.name_attempts(connection, [revision << 32 | number for number in range(3)], LATER)
        rows = (await connection.execute(select(delivery).order_by(delivery.c.id))).all()
    assert [row.state for row in rows] == ["attempting", "accepted", "skipped", "queued"]
    assert [row.attempted_at for row in rows] == [LATER, None, None, None]
