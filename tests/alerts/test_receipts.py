"""Receipts in any order, twice and late, on real tables: only forward, and an address is what was proven."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import zip_longest

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, update
from sqlalchemy.event import listens_for
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import receipts
from alerts.delivery import NOT_REACHED, DeliveryState
from alerts.receipts import AddressBook
from alerts.tables import delivery
from bot.messages import Channel, Failure, Receipt, ReceiptState
from storage.database import Database
from tests.alerts.office import NOW, Office, deliver, open_office
from tests.alerts.post_room import revision_of

LATER = NOW + timedelta(minutes=1)
ADDRESS = 7
FAILURES = (*Failure, None)


@dataclass
class Told:
    """An address book that writes down what it is told."""

    states: dict[int, str] = field(default_factory=dict)
    stopped_at: dict[int, datetime | None] = field(default_factory=dict)
    pages: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    names: dict[str, int] = field(default_factory=dict)

    @property
    def book(self) -> AddressBook:
        return AddressBook(self.find, self.gone, self.stopped, self.works, self.closed)

    async def find(
        self, _connection: AsyncConnection, channel: str, account: str, values: Collection[str]
    ) -> Mapping[str, int]:
        assert (channel, account) == ("viber", "main")
        return {value: self.names[value] for value in values if value in self.names}

    async def gone(self, _connection: AsyncConnection, ids: Collection[int], _now: datetime) -> None:
        self.states |= {one: "gone" for one in ids if self.states.get(one) != "stopped"}

    async def stopped(
        self, _connection: AsyncConnection, sent_at: Mapping[int, datetime | None], _now: datetime
    ) -> None:
        self.states |= dict.fromkeys(sent_at, "stopped")
        self.stopped_at |= sent_at

    async def works(self, _connection: AsyncConnection, ids: Collection[int], _now: datetime) -> None:
        self.states |= {one: "active" for one in ids if self.states.get(one) == "gone"}

    async def closed(
        self, _connection: AsyncConnection, channel: str, account: str, code: str, _now: datetime
    ) -> None:
        self.pages[channel, account, code] += 1


@dataclass
class Desk:
    """One approved revision whose deliveries a test writes."""

    database: Database
    office: Office
    revision: int
    told: Told = field(default_factory=Told)

    def id_of(self, number: int) -> int:
        return self.revision << 32 | number

    async def write(self, *states: str, **more: object) -> None:
        async with self.database.durable() as connection:
            await deliver(connection, self.revision, enumerate(states), channel="whatsapp", **more)

    async def apply(self, *news: Receipt, now: datetime = LATER) -> set[str]:
        async with self.database.bulk() as connection:
            return await receipts.apply(connection, news, self.told.book, now)

    async def rows(self) -> Sequence[object]:
        async with self.database.read() as connection:
            return (await connection.execute(select(delivery).order_by(delivery.c.id))).all()


@pytest.fixture
async def desk(sqlite: Database) -> Desk:
    office = await open_office(sqlite)
    return Desk(sqlite, office, await revision_of(office))


def receipt(state: ReceiptState, **more: object) -> Receipt:
    values: dict[str, object] = {
        "key": "k", "channel": Channel.WHATSAPP, "account": "main", "provider_id": "m0", "state": state,
    }  # fmt: skip
    return Receipt(**{**values, **more})  # type: ignore[arg-type]


def failed(failure: Failure | None, **more: object) -> Receipt:
    return receipt(ReceiptState.FAILED, failure=failure, error="code", **more)


@pytest.mark.parametrize("failure", FAILURES)
async def test_every_failure_sends_the_person_to_their_next_channel_at_once(
    desk: Desk, failure: Failure | None
) -> None:
    await desk.write("accepted", address_id=ADDRESS, attempted_at=NOW)
    assert await desk.apply(failed(failure, delivery=desk.id_of(0))) == {"k"}
    (row,) = await desk.rows()
    no_way = failure in {Failure.GONE, Failure.STOPPED}
    assert row.state == (DeliveryState.GONE if no_way else DeliveryState.FAILED)
    assert (row.next_at, row.error) == (LATER, "code")
    expected = {Failure.GONE: {ADDRESS: "gone"}, Failure.STOPPED: {ADDRESS: "stopped"}}
    assert desk.told.states == expected.get(failure, {})
    assert desk.told.stopped_at == ({ADDRESS: NOW} if failure is Failure.STOPPED else {})
    assert desk.told.pages == ({("whatsapp", "main", "code"): 1} if failure is Failure.CLOSED else {})


async def test_delivered_after_failed_is_believed_and_the_address_works(desk: Desk) -> None:
    await desk.write("accepted", address_id=ADDRESS)
    one = desk.id_of(0)
    await desk.apply(failed(Failure.GONE, delivery=one))
    assert desk.told.states == {ADDRESS: "gone"}
    await desk.apply(receipt(ReceiptState.DELIVERED, delivery=one))
    (row,) = await desk.rows()
    assert (row.state, row.next_at, row.delivered_at) == ("delivered", None, LATER)
    assert desk.told.states == {ADDRESS: "active"}
    await desk.apply(failed(Failure.GONE, delivery=one))
    assert desk.told.states == {ADDRESS: "active"}


async def test_who_was_moved_on_already_is_not_moved_again(desk: Desk) -> None:
    await desk.write("accepted")
    one = failed(Failure.TRANSIENT, delivery=desk.id_of(0))
    await desk.apply(one)
    async with desk.database.durable() as connection:
        await connection.execute(update(delivery).values(next_at=None))  # its next rung was written
    await desk.apply(one)
    (row,) = await desk.rows()
    assert row.next_at is None


async def test_a_receipt_of_another_account_says_nothing(desk: Desk) -> None:
    await desk.write("accepted", provider_id="m0")
    for wrong in ({"channel": Channel.SMS}, {"account": "second"}):
        news = receipt(ReceiptState.DELIVERED, **wrong)
        assert await desk.apply(news, replace(news, delivery=desk.id_of(0))) == set()
    assert await desk.apply(receipt(ReceiptState.DELIVERED, provider_id="")) == set()
    assert await desk.apply(receipt(ReceiptState.DELIVERED, provider_id="m1")) == set()
    assert await desk.apply(receipt(ReceiptState.DELIVERED)) == {"k"}


async def test_a_hundred_at_once_are_a_few_statements(desk: Desk) -> None:
    await desk.write(*["accepted"] * 60, provider_id="s")
    async with desk.database.durable() as connection:
        at = {"channel": "viber", "provider_id": "t", "address_id": delivery.c.id}
        viber = delivery.c.id >= desk.id_of(30)
        await connection.execute(update(delivery).where(viber).values(at))
    desk.told.names = {f"user-{place}": desk.id_of(place) for place in range(30, 59)}
    ours = [
        receipt(ReceiptState.DELIVERED, key=f"{place}", delivery=desk.id_of(place)) for place in range(29)
    ]
    theirs = [
        receipt(
            ReceiptState.READ,
            key=f"{place}",
            channel=Channel.VIBER,
            provider_id="t",
            recipient=f"user-{place}",
        )
        for place in range(30, 60)
    ]
    news = [one for pair in zip_longest(ours, theirs) for one in pair if one is not None]
    news += [
        failed(Failure.GONE, key="29", delivery=desk.id_of(29)),
        receipt(ReceiptState.READ, key="x", delivery=1),
    ]
    statements: list[str] = []
    async with desk.database.bulk() as connection:
        raw = connection.sync_connection
        listens_for(raw, "before_cursor_execute")(lambda *about: statements.append(about[2]))
        known = await receipts.apply(connection, news, desk.told.book, LATER)
    assert known == {str(place) for place in range(59)}, "nobody knows the last user, nor the other number"
    assert [row.state for row in await desk.rows()] == ["delivered"] * 29 + ["gone"] + ["read"] * 29 + [
        "accepted"
    ]
    assert len(statements) <= 4
    assert list(desk.told.states.values()) == ["gone"]


async def test_what_our_id_finds_brings_the_id_that_a_list_will_name(desk: Desk) -> None:
    """Its sender died before it was written down, and a provider's list of messages names nothing else."""
    await desk.write("queued", "accepted", provider_id=None)
    assert await desk.apply(receipt(ReceiptState.ACCEPTED, delivery=desk.id_of(0))) == {"k"}
    assert await desk.apply(receipt(ReceiptState.DELIVERED)) == {"k"}
    assert await desk.apply(receipt(ReceiptState.ACCEPTED, delivery=desk.id_of(0), provider_id="m9")) == {"k"}
    first, second = await desk.rows()
    assert (first.state, first.provider_id) == ("delivered", "m0"), "what was known first stays"
    assert (second.state, second.provider_id) == ("accepted", None)


async def test_one_id_for_many_is_told_apart_by_the_recipient(desk: Desk) -> None:
    async with desk.database.durable() as connection:
        for number in range(3):
            values = {
                "id": desk.id_of(number), "revision_id": desk.revision, "person_id": number, "rung": 0,
                "address_id": 50 + number, "channel": "viber", "account": "main", "language": "en",
                "drill": False, "confidence": "area", "state": "accepted", "attempts": 1,
                "provider_id": "token", "created_at": NOW,
            }  # fmt: skip
            await connection.execute(insert(delivery).values(values))
    desk.told.names = {"somebody==": 51}
    news = receipt(
        ReceiptState.READ, channel=Channel.VIBER, provider_id="token", recipient="somebody==", key="one"
    )
    stranger = replace(news, recipient="nobody==", key="two")
    assert await desk.apply(news, stranger) == {"one"}
    assert [row.state for row in await desk.rows()] == ["accepted", "read", "accepted"]


def kinds() -> st.SearchStrategy[list[Receipt]]:
    arrivals = st.sampled_from([receipt(state) for state in ReceiptState if state is not ReceiptState.FAILED])
    return st.lists(arrivals | st.sampled_from([failed(one) for one in FAILURES]), min_size=1, max_size=5)


@settings(
    max_examples=60, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(news=kinds(), data=st.data())
async def test_order_and_repetition_change_nothing_that_counts(
    desk: Desk, news: list[Receipt], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(news))
    repeated = data.draw(st.lists(st.sampled_from(news), max_size=4))
    ends = []
    for order in (news, [*shuffled, *repeated]):
        desk.told = Told()
        async with desk.database.durable() as connection:
            await connection.execute(delivery.delete())
        await desk.write("accepted", address_id=ADDRESS, provider_id="m0", attempted_at=NOW)
        for one in order:
            await desk.apply(one)
        (row,) = await desk.rows()
        outcome = "not reached" if row.state in NOT_REACHED else row.state
        ends.append((outcome, row.next_at, desk.told.states.get(ADDRESS, "active")))
    assert ends[0] == ends[1]
    arrived = {one.state for one in news} & {ReceiptState.DELIVERED, ReceiptState.READ}
    assert (ends[0][1] is None) == (
        bool(arrived) or all(one.failure is None and one.error == "" for one in news)
    )
    assert (ends[0][2] == "stopped") == (Failure.STOPPED in {one.failure for one in news})
    assert (ends[0][2] == "gone") == (
        not arrived and {one.failure for one in news} & {Failure.GONE, Failure.STOPPED} == {Failure.GONE}
    )
