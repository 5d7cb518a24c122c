"""After an outage of ours nothing is lost that a provider would not bring again; nothing is stored twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.awaited import GRACE_S
from app.reconciling import FARTHEST, LONG_LOOK, OVERLAP, Reconciling
from bot.counters import Count, count_nothing
from bot.errors import TransientError
from bot.gateways.twilio.client import TwilioClient
from bot.gateways.twilio.door import TwilioDoor
from bot.gateways.twilio.sms_countries import read_countries
from bot.gateways.twilio.sms_gateway import SmsGateway
from bot.gateways.twilio.sms_wire import read_sms
from bot.inbox import Inbox
from bot.leases import SoloLease
from bot.messages import Address, Channel, Event, Inbound, InboundKind, Receipt, ReceiptState
from bot.reconciled import not_stored, read_until, write_until
from bot.tables import inbox
from storage.clock import SystemClock
from storage.database import Database
from storage.vault import Vault
from tests.bot.gateways.twilio.conftest import (
    ANN,
    SMS_NUMBER,
    hook,
    message_form,
    settings_for,
    sid,
    status_form,
)
from tests.bot.gateways.twilio.small_twilio import SmallTwilio, record, refusal, small_twilio
from tests.bot.wiring import MovableClock, never_exact, to_origin, until

SMS = ("sms", "main")


@dataclass
class Service:
    """A web process's way in, and the task under test."""

    database: Database
    vault: Vault
    clock: MovableClock
    twilio: SmallTwilio
    owner: str = "one"
    answers: frozenset[str] = frozenset()  # ids of messages that belong to no warning

    def __post_init__(self) -> None:
        settings = settings_for(self.twilio.base)
        self.gateway = SmsGateway(TwilioClient(settings), read_countries(), self.clock)
        self.door = TwilioDoor(settings, {Channel.SMS: read_sms})
        self.inbox = Inbox(
            self.database,
            self.vault,
            self.clock,
            snap=to_origin,
            exact_wanted=never_exact,
            announce=lambda: None,
        )
        self.task = self.reconciling({SMS: self.gateway})

    def reconciling(self, gateways: Any, count: Count = count_nothing, **more: Any) -> Reconciling:
        lease = SoloLease(self.database, self.clock, self.owner, "reconciling", seconds=0.3)
        return Reconciling(
            gateways,
            self.inbox.store,
            self.of_warnings,
            lease,
            self.database,
            self.clock,
            count,
            **more,
        )

    async def of_warnings(
        self, _connection: AsyncConnection, _account: object, ids: Sequence[str]
    ) -> set[str]:
        return set(ids) - self.answers

    async def webhook(self, path: str, form: dict[str, str]) -> int:
        given = hook(path, form)
        self.door.verify(given)
        return await self.inbox.store(self.door.parse(given))

    async def keys(self) -> list[str]:
        async with self.database.read() as connection:
            return sorted((await connection.execute(select(inbox.c.key))).scalars())

    async def mark(self) -> datetime | None:
        async with self.database.read() as connection:
            return await read_until(connection, *SMS)

    def happened(self, number: int, minutes_ago: float, **fields: object) -> dict[str, Any]:
        at = format_datetime(self.clock.now() - timedelta(minutes=minutes_ago))
        return record(number, date_sent=at, **fields)

    def heard(self, number: int, minutes_ago: float, body: str = "Hello") -> dict[str, Any]:
        said = {"from": ANN, "to": SMS_NUMBER, "direction": "inbound", "status": "received", "body": body}
        return self.happened(number, minutes_ago, **said)


@pytest.fixture
async def service(sqlite: Database, vault: Vault) -> AsyncIterator[Service]:
    async with small_twilio() as twilio:
        made = Service(sqlite, vault, MovableClock(), twilio)
        yield made
        await made.gateway.close()


async def test_ten_minutes_away_lose_nothing(service: Service) -> None:
    """Brought before: once. Sent while nobody listened: fetched. Brought late after all: not stored twice."""
    await service.webhook("/twilio/message", message_form(1))
    await service.webhook("/twilio/status/77", status_form("delivered", 2))
    await service.task.look()
    service.clock.ahead += 600
    service.twilio.messages = [
        service.happened(7, 1, status="undelivered", error_code=30003),
        service.heard(6, 2, "2"),
        service.heard(5, 5, "HELP"),
        service.happened(4, 9, status="delivered"),
        service.happened(2, 11, status="delivered"),
        service.heard(1, 12),
    ]
    assert await service.task.look() == 4
    assert await service.webhook("/twilio/message", message_form(5, "HELP")) == 0
    assert await service.webhook("/twilio/status/78", status_form("undelivered", 7, ErrorCode="30003")) == 0
    assert await service.task.look() == 0
    wanted = [sid(1), f"{sid(2)}:delivered", f"{sid(4)}:delivered", sid(5), sid(6), f"{sid(7)}:undelivered"]
    assert await service.keys() == sorted(f"sms:main:{key}" for key in wanted)


async def test_a_receipt_of_an_old_message_is_found_after_a_start(service: Service) -> None:
    await service.task.look()
    service.clock.ahead += 600
    service.twilio.messages = [service.happened(1, 70, status="delivered")]
    started_anew = service.reconciling({SMS: service.gateway})
    assert await started_anew.look() == 1


async def test_an_answer_that_arrived_is_no_news_and_one_that_failed_is(service: Service) -> None:
    service.answers = frozenset({sid(1), sid(2)})
    service.twilio.messages = [
        service.happened(3, 2, status="delivered"),
        service.happened(2, 3, status="failed", error_code=30005),
        service.happened(1, 4, status="delivered"),
    ]
    assert await service.task.look() == 2
    assert await service.keys() == sorted([f"sms:main:{sid(2)}:failed", f"sms:main:{sid(3)}:delivered"])


@dataclass
class Counted:
    """Counts by outcome."""

    by_outcome: Counter[str] = field(default_factory=Counter)

    def __call__(self, name: str, /, **labels: str) -> None:
        assert name == "reconciled"
        self.by_outcome[labels["outcome"]] += 1


def receipt(number: int, state: ReceiptState = ReceiptState.DELIVERED) -> Receipt:
    return Receipt(f"{sid(number)}:{state}", Channel.SMS, "main", sid(number), state)


def warned(capsys: pytest.CaptureFixture[str]) -> bool:
    """Whether operators were told since this was asked last, on whichever stream."""
    return any("had not brought" in stream for stream in capsys.readouterr())


@dataclass
class Listing:
    """A list that shows what it is told to show."""

    events: list[Event] = field(default_factory=list)

    async def missed(self, since: datetime) -> Sequence[Event]:
        return tuple(self.events)


async def test_a_receipt_on_its_way_is_left_to_its_webhook(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    """Seen in the list before its webhook came: neither fetched nor warned about, also once it fell out of
    the list; counted when it came."""
    listing, counted = Listing(), Counted()
    task = service.reconciling({SMS: listing}, count=counted)
    await task.look()
    listing.events = [receipt(1), receipt(2)]
    service.clock.ahead += 60
    assert await task.look() == 0
    listing.events = []
    await service.inbox.store([receipt(1)])
    service.clock.ahead += GRACE_S - 1
    assert await task.look() == 0
    await service.inbox.store([receipt(2)])
    service.clock.ahead += 60
    assert await task.look() == 0
    assert counted.by_outcome == {"came": 2}
    assert not warned(capsys)


async def test_a_receipt_that_stays_missing_is_fetched_and_told(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    listing, counted = Listing(), Counted()
    task = service.reconciling({SMS: listing}, count=counted)
    await task.look()
    listing.events = [receipt(1)]
    service.clock.ahead += 60
    assert await task.look() == 0
    assert not warned(capsys)
    listing.events = []  # it may have fallen out of what is listed by then
    service.clock.ahead += GRACE_S
    assert await task.look() == 1
    assert warned(capsys)
    assert await service.keys() == [f"sms:main:{sid(1)}:delivered"]
    # Webhooks just got lost: what comes next is not waited for, and nobody is told twice.
    listing.events = [receipt(2)]
    service.clock.ahead += 60
    assert await task.look() == 1
    assert not warned(capsys)
    service.clock.ahead += OVERLAP.total_seconds() - 1
    listing.events = [receipt(3)]
    assert await task.look() == 0
    assert counted.by_outcome == {"found": 1, "early": 1}


async def test_what_somebody_wrote_is_fetched_at_once(service: Service) -> None:
    ann = Address(Channel.SMS, "main", ANN)
    listing = Listing()
    task = service.reconciling({SMS: listing})
    await task.look()
    listing.events = [Inbound(sid(1), ann, InboundKind.TEXT, "help"), receipt(2)]
    service.clock.ahead += 60
    assert await task.look() == 1
    assert await service.keys() == [f"sms:main:{sid(1)}"]


async def test_nothing_is_waited_for_after_an_outage(service: Service) -> None:
    listing, counted = Listing([receipt(1), receipt(2)]), Counted()
    task = service.reconciling({SMS: listing}, count=counted)
    await service.task.look()
    service.clock.ahead += OVERLAP.total_seconds() + 1
    assert await task.look() == 2
    assert counted.by_outcome == {"found": 2}


async def test_how_far_back_it_looks(service: Service) -> None:
    asked: list[timedelta] = []

    @dataclass
    class Listener:
        async def missed(self, since: datetime) -> Sequence[Event]:
            asked.append(service.clock.now() - since)
            return ()

    task = service.reconciling({SMS: Listener()})
    for ahead in (0, 60, 60, 600, 60, 1800, 30 * 86_400):
        service.clock.ahead += ahead
        await task.look()
    minute = timedelta(minutes=1)
    wanted = [
        LONG_LOOK,  # the very first
        minute + OVERLAP,
        minute + OVERLAP,
        10 * minute + LONG_LOOK,  # a gap
        minute + OVERLAP,
        30 * minute + LONG_LOOK,  # each half hour
        FARTHEST,  # a month: no farther than the inbox remembers keys
    ]
    assert [abs(found - want) < timedelta(seconds=5) for found, want in zip(asked, wanted, strict=True)] == [
        True
    ] * len(wanted)


async def test_the_mark_stays_where_asking_failed(service: Service) -> None:
    await service.task.look()
    before = await service.mark()
    service.clock.ahead += 60
    service.twilio.planned = [refusal(20429, 429), b"", b""]
    assert await service.task.look() == 0
    assert await service.mark() == before
    service.twilio.planned = []
    await service.task.look()
    after = await service.mark()
    assert before is not None
    assert after is not None
    assert after > before


async def test_one_account_that_fails_holds_up_no_other(service: Service) -> None:
    class Broken:
        async def missed(self, since: datetime) -> Sequence[Event]:
            raise TransientError("not_sent")

    service.twilio.messages = [service.heard(1, 5)]
    task = service.reconciling({("sms", "broken"): Broken(), SMS: service.gateway})
    assert await task.look() == 1


@dataclass
class Counting:
    looks: int = 0
    seen: list[datetime] = field(default_factory=list)

    async def missed(self, since: datetime) -> Sequence[Event]:
        self.looks += 1
        return ()


async def test_one_process_looks_and_another_takes_over(service: Service) -> None:
    first, second = Counting(), Counting()
    one = service.reconciling({SMS: first}, every_s=0.02)
    service.owner = "two"
    other = service.reconciling({SMS: second}, every_s=0.02)
    running = asyncio.create_task(one.run())

    async def first_looked() -> bool:
        return first.looks > 3

    async def second_looked() -> bool:
        return second.looks > 3

    await until(first_looked)
    waiting = asyncio.create_task(other.run())
    looks = first.looks

    async def first_went_on() -> bool:
        return first.looks > looks + 10

    await until(first_went_on)
    assert second.looks == 0
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await until(second_looked)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_a_mark_never_goes_back(database: Database) -> None:
    now = SystemClock().now()
    for until_when in (now, now - timedelta(hours=1), now + timedelta(hours=1)):
        async with database.bulk() as connection:
            await write_until(connection, *SMS, until_when)
    async with database.read() as connection:
        assert await read_until(connection, *SMS) == now + timedelta(hours=1)
        assert await read_until(connection, "sms", "asia") is None


async def test_only_what_is_missing_is_stored(service: Service) -> None:
    ann = Address(Channel.SMS, "main", ANN)
    events: list[Event] = [Inbound(f"SM{number}", ann, InboundKind.TEXT, "hi") for number in range(1200)]
    await service.inbox.store(events[::2])
    async with service.database.read() as connection:
        assert await not_stored(connection, events) == events[1::2]
        assert await not_stored(connection, []) == []
