"""What we send and what our small Twilio answers, against Twilio's published OpenAPI description.

The facts below were read from `twilio/twilio-oai`, `spec/json/twilio_api_v2010.json`: the schemas
`api.v2010.account.message`, `message_enum_status`, `message_enum_direction` and `CreateMessageRequest`
(commit 00c8d36829d6, read 2026-11-22). Names, types, patterns and limits only; nothing is copied from it.
"""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from bot.gateways.twilio.client import TwilioClient
from bot.gateways.twilio.receipts import INBOUND_STATES, STATES
from bot.gateways.twilio.sms_countries import read_countries
from bot.gateways.twilio.sms_gateway import SmsGateway
from bot.messages import Address, Button, Channel, Frame, Outbound
from storage.clock import SystemClock
from tests.bot.gateway_contract import send_all
from tests.bot.gateways.twilio.conftest import ANN, settings_for
from tests.bot.gateways.twilio.notices import ENGLISH
from tests.bot.gateways.twilio.small_twilio import SmallTwilio, record

SID = re.compile(r"^(SM|MM)[0-9a-fA-F]{32}$")
# CreateMessageRequest: form field -> what its value must look like.
REQUEST: Mapping[str, re.Pattern[str]] = {
    "To": re.compile(r".+"),
    "StatusCallback": re.compile(r"https?://[^_/]+/.*"),  # a host without underscores
    "ApplicationSid": re.compile(r"AP[0-9a-fA-F]{32}"),
    "ProvideFeedback": re.compile(r"true|false"),
    "Attempt": re.compile(r"\d+"),
    "ValidityPeriod": re.compile(r"\d+"),
    "ContentRetention": re.compile(r"retain|discard"),
    "AddressRetention": re.compile(r"retain|obfuscate"),
    "SmartEncoded": re.compile(r"true|false"),
    "PersistentAction": re.compile(r".*"),
    "TrafficType": re.compile(r"free"),
    "ShortenUrls": re.compile(r"true|false"),
    "ScheduleType": re.compile(r"fixed"),
    "SendAt": re.compile(r"\d{4}-.*"),
    "SendAsMms": re.compile(r"true|false"),
    "ContentVariables": re.compile(r"\{.*\}"),
    "RiskCheck": re.compile(r"enable|disable"),
    "From": re.compile(r".+"),
    "FallbackFrom": re.compile(r".+"),
    "MessagingServiceSid": re.compile(r"MG[0-9a-fA-F]{32}"),
    "Body": re.compile(r".{0,1600}", re.DOTALL),
    "MediaUrl": re.compile(r"https?://.*"),
    "ContentSid": re.compile(r"HX[0-9a-fA-F]{32}"),
}
LONGEST_VALIDITY = 36_000
# api.v2010.account.message: every one may be null.
RESPONSE: Mapping[str, type | tuple[type, ...]] = {
    "body": str,
    "num_segments": str,
    "direction": str,
    "from": str,
    "to": str,
    "date_updated": str,
    "price": str,
    "error_message": str,
    "uri": str,
    "account_sid": str,
    "num_media": str,
    "status": str,
    "messaging_service_sid": str,
    "sid": str,
    "date_sent": str,
    "date_created": str,
    "error_code": int,
    "price_unit": str,
    "api_version": str,
    "subresource_uris": dict,
}
STATUSES = {
    "queued", "sending", "sent", "failed", "delivered", "undelivered", "receiving", "received", "accepted",
    "scheduled", "read", "partially_delivered", "canceled",
}  # fmt: skip
DIRECTIONS = {"inbound", "outbound-api", "outbound-call", "outbound-reply"}


def check_request(form: Mapping[str, list[str]]) -> None:
    assert set(form) <= set(REQUEST)
    for name, values in form.items():
        assert all(REQUEST[name].fullmatch(value) for value in values), name
    assert len(form["To"]) == 1
    assert ("From" in form) != ("MessagingServiceSid" in form)
    assert sum(name in form for name in ("Body", "ContentSid", "MediaUrl")) == 1
    assert 1 <= int(form.get("ValidityPeriod", ["1"])[0]) <= LONGEST_VALIDITY


def check_message(fields: Mapping[str, Any]) -> None:
    assert set(fields) == set(RESPONSE)
    for name, value in fields.items():
        assert value is None or isinstance(value, RESPONSE[name]), name
    assert SID.fullmatch(fields["sid"])
    assert fields["status"] in STATUSES
    assert fields["direction"] in DIRECTIONS
    for name in ("date_sent", "date_created", "date_updated"):
        assert parsedate_to_datetime(fields[name])


@pytest.mark.parametrize("senders", ["+12025550100", "+12025550100,12345,UtopiaMFA", "MG" + "0" * 32])
async def test_our_requests_are_what_the_schema_allows(twilio: SmallTwilio, senders: str) -> None:
    client = TwilioClient(settings_for(twilio.base, sms_from=senders))
    gateway = SmsGateway(client, read_countries(), SystemClock())
    warning = Outbound("long", "en", frame=Frame.ALERT, notice=ENGLISH)
    reply = Outbound("Do you agree? " * 100, "en", (Button("Yes", "consent:yes"),))
    for number in (ANN, "+12025550111", "+66812345678"):
        to = Address(Channel.SMS, "main", number)
        await send_all(gateway, to, gateway.prepare(warning), delivery=9_007_199_254_740_993)
        await send_all(gateway, to, gateway.prepare(reply))
    assert len(twilio.sent) > 6
    for request in twilio.sent:
        check_request(request.form)
    await gateway.close()


async def test_what_we_ask_lists_with_is_what_the_schema_allows(twilio: SmallTwilio) -> None:
    client = TwilioClient(settings_for(twilio.base))
    gateway = SmsGateway(client, read_countries(), SystemClock())
    await gateway.missed(SystemClock().now())
    for request in twilio.requests:
        assert set(request.query) <= {
            "To",
            "From",
            "DateSent",
            "DateSent<",
            "DateSent>",
            "PageSize",
            "Page",
            "PageToken",
        }
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", request.query["DateSent>"][0])
        assert 1 <= int(request.query["PageSize"][0]) <= 1000
    await gateway.close()


def test_the_small_twilio_answers_as_the_schema_says() -> None:
    check_message(record(1))
    check_message(record(2, direction="inbound", status="received"))
    check_message(record(3, status="undelivered", error_code=30003, error_message="off"))


def test_we_know_every_status_of_the_schema() -> None:
    assert set(STATES) | INBOUND_STATES == STATUSES
