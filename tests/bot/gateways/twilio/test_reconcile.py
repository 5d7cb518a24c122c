"""What webhooks did not bring is in Twilio's list, under the keys the webhooks would have had."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from bot.errors import ClosedError, RetryAfterError, SendError, TransientError, UnknownOutcomeError
from bot.gateways.twilio.client import TwilioClient
from bot.gateways.twilio.door import TwilioDoor
from bot.gateways.twilio.reconcile import SETTLE_S
from bot.gateways.twilio.sms_countries import read_countries
from bot.gateways.twilio.sms_gateway import SmsGateway
from bot.gateways.twilio.sms_wire import read_sms
from bot.messages import CarrierWord, Channel, Event, Failure, Inbound, InboundKind, Receipt, ReceiptState
from storage.clock import SystemClock
from tests.bot.gateways.twilio.conftest import (
    ANN,
    SMS_NUMBER,
    hook,
    message_form,
    settings_for,
    sid,
    status_form,
)
from tests.bot.gateways.twilio.small_twilio import SmallTwilio, answer, record, refusal

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SINCE = NOW - timedelta(minutes=10)


class Noon(SystemClock):
    def now(self) -> datetime:
        return NOW


def at(seconds_ago: float) -> str:
    return format_datetime(NOW - timedelta(seconds=seconds_ago))


def heard(number: int, body: str, seconds_ago: float = 300, **more: object) -> dict[str, Any]:
    fields = {"from": ANN, "to": SMS_NUMBER, "body": body, "direction": "inbound", "status": "received"}
    return record(number, **{**fields, "date_sent": at(seconds_ago), **more})


def told(number: int, status: str, seconds_ago: float = 300, **more: object) -> dict[str, Any]:
    return record(number, status=status, date_sent=at(seconds_ago), **more)


def gateway_at(twilio: SmallTwilio, **changes: object) -> SmsGateway:
    return SmsGateway(TwilioClient(settings_for(twilio.base, **changes)), read_countries(), Noon())


async def missed(twilio: SmallTwilio, since: datetime = SINCE, **changes: object) -> Sequence[Event]:
    gateway = gateway_at(twilio, **changes)
    try:
        return await gateway.missed(since)
    finally:
        await gateway.close()


async def test_both_directions_oldest_first(twilio: SmallTwilio) -> None:
    twilio.messages = [told(3, "delivered", 100), heard(2, "2", 200), heard(1, "HELP", 300)]
    first, second, third = await missed(twilio)
    assert isinstance(first, Inbound)
    assert (first.key, first.text, first.carrier) == (sid(1), "HELP", CarrierWord.HELP)
    assert isinstance(second, Inbound)
    assert second.key == sid(2)
    assert third == Receipt(
        f"{sid(3)}:delivered", Channel.SMS, "main", sid(3), ReceiptState.DELIVERED, delivery=None
    )


async def test_keys_and_words_are_those_of_the_webhooks(twilio: SmallTwilio) -> None:
    door = TwilioDoor(settings_for(), {Channel.SMS: read_sms})
    for body in ("Tôi ổn", "STOP", "Start", "help", "١"):
        twilio.messages = [heard(7, body)]
        assert list(await missed(twilio)) == list(door.parse(hook("/twilio/message", message_form(7, body))))
    for status in ("delivered", "undelivered", "sent"):
        code = "30005" if status == "undelivered" else ""
        twilio.messages = [told(7, status, error_code=int(code) if code else None)]
        (listed,) = await missed(twilio)
        (brought,) = door.parse(hook("/twilio/status/reply", status_form(status, 7, ErrorCode=code)))
        assert listed == brought


async def test_a_late_failure_has_its_meaning(twilio: SmallTwilio) -> None:
    twilio.messages = [told(1, "failed", error_code=30003)]
    (receipt,) = await missed(twilio)
    assert isinstance(receipt, Receipt)
    assert (receipt.error, receipt.failure) == ("twilio_30003", Failure.TRANSIENT)


async def test_page_by_page_to_the_end(twilio: SmallTwilio) -> None:
    twilio.page_size = 10
    twilio.messages = [heard(number, str(number)) for number in range(1, 36)]
    events = await missed(twilio)
    assert {event.key for event in events} == {sid(number) for number in range(1, 36)}
    pages = [request for request in twilio.requests if request.query.get("To") == [SMS_NUMBER]]
    assert len(pages) == 4


async def test_it_stops_at_the_first_page_that_is_older(twilio: SmallTwilio) -> None:
    """Whether Twilio filters by the second or by the day: no more is read than was asked for."""
    twilio.page_size = 5
    young = [heard(number, "new", 60 + number) for number in range(1, 8)]
    twilio.messages = [*young, *(heard(number, "old", 7200 + number) for number in range(100, 160))]
    assert {event.key for event in await missed(twilio)} == {sid(number) for number in range(1, 8)}
    pages = [request for request in twilio.requests if request.query.get("To") == [SMS_NUMBER]]
    assert len(pages) == 3


async def test_it_asks_for_our_senders_and_from_when(twilio: SmallTwilio) -> None:
    await missed(twilio, sms_from="+12025550100,+12025550101,UtopiaMFA")
    asked = [
        (request.query.get("To", [""])[0], request.query.get("From", [""])[0]) for request in twilio.requests
    ]
    assert asked == [
        ("+12025550100", ""),
        ("", "+12025550100"),
        ("+12025550101", ""),
        ("", "+12025550101"),
        ("", "UtopiaMFA"),  # nobody can write to a name
    ]
    assert {request.query["DateSent>"][0] for request in twilio.requests} == {"2026-11-22T11:49:59Z"}
    assert {request.query["PageSize"][0] for request in twilio.requests} == {"1000"}


async def test_a_messaging_service_is_asked_once_and_whatsapp_left_out(twilio: SmallTwilio) -> None:
    twilio.messages = [
        heard(1, "hello"),
        heard(2, "hello", **{"from": f"whatsapp:{ANN}", "to": "whatsapp:+12025550199"}),
        told(3, "delivered"),
        told(4, "read", **{"from": "whatsapp:+12025550199", "to": f"whatsapp:{ANN}"}),
    ]
    events = await missed(twilio, sms_from="MG" + "0" * 32)
    assert {event.key for event in events} == {sid(1), f"{sid(3)}:delivered"}
    assert len(twilio.requests) == 1


async def test_what_a_webhook_may_still_bring_is_left_to_it(twilio: SmallTwilio) -> None:
    """A webhook says more than a list: a position, a pressed button, what the carrier answered."""
    twilio.messages = [heard(1, "new", SETTLE_S - 1), heard(2, "old", SETTLE_S + 1)]
    assert [event.key for event in await missed(twilio)] == [sid(2)]


async def test_one_message_that_cannot_be_read_hides_no_other(twilio: SmallTwilio) -> None:
    broken = {"sid": None, "direction": "inbound", "to": SMS_NUMBER, "from": None, "date_sent": "yesterday"}
    nobody = heard(8, "prize", **{"from": "PRIZES"})
    twilio.messages = [broken, nobody, told(9, "dreaming"), heard(1, "hello")]
    assert [event.key for event in await missed(twilio)] == [sid(1)]


async def test_a_date_beyond_every_calendar_breaks_nothing(twilio: SmallTwilio) -> None:
    odd = heard(8, "odd", date_sent=f"Thu, 24 Aug {'9' * 30} 05:01:45 +0000", date_created=at(300))
    twilio.messages = [odd, heard(1, "hello")]
    assert {event.key for event in await missed(twilio)} == {sid(8), sid(1)}, "the other date stands for it"


async def test_of_a_long_list_no_words_of_ours_are_kept(twilio: SmallTwilio) -> None:
    twilio.messages = [told(2, "delivered", body="canary"), heard(1, "hello")]
    client = TwilioClient(settings_for(twilio.base))
    ours, theirs = await client.listed(SINCE)
    assert (ours.body, theirs.body) == ("", "hello")
    assert "canary" not in repr(ours)
    assert ANN not in repr((ours, theirs))
    await client.close()


async def test_a_picture_is_somebody_writing(twilio: SmallTwilio) -> None:
    twilio.messages = [heard(1, "", num_media="1")]
    (event,) = await missed(twilio)
    assert isinstance(event, Inbound)
    assert event.kind is InboundKind.OTHER


@pytest.mark.parametrize(
    ("planned", "family"),
    [
        (refusal(20003, 401), ClosedError),
        (refusal(20429, 429), RetryAfterError),
        (answer(500, b""), TransientError),
        (answer(200, b"<html>"), UnknownOutcomeError),
        (answer(200, b"[]"), UnknownOutcomeError),
        (answer(200, b'{"messages": 1, "page": 0}'), UnknownOutcomeError),
        (answer(200, b'{"meta": {"key": "messages"}}'), UnknownOutcomeError),
    ],
)
async def test_a_list_that_cannot_be_had_is_said(
    twilio: SmallTwilio, planned: bytes, family: type[SendError]
) -> None:
    twilio.planned = [planned]
    with pytest.raises(family):
        await missed(twilio)
