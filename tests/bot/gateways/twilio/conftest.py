"""A Twilio account of a test, and the small Twilio it speaks to."""

from collections.abc import AsyncIterator, Callable, Mapping
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from bot.gateway import Hook
from bot.gateways.twilio.settings import TwilioSettings
from tests.bot.gateways.twilio.small_twilio import SmallTwilio, small_twilio

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
TOKEN = "canary-token-of-a-test"
PUBLIC_URL = "https://muster.example"
SMS_NUMBER = "+12025550100"
WHATSAPP_NUMBER = "+12025550199"
ANN = "+84912345678"
SID = "SM" + "0" * 31


def sid(number: int) -> str:
    return f"SM{number:032x}"


def settings_for(api_base: str = "https://api.twilio.com", **changes: object) -> TwilioSettings:
    given: dict[str, object] = {
        "account_sid": ACCOUNT_SID,
        "auth_token": TOKEN,
        "sms_from": SMS_NUMBER,
        "public_url": PUBLIC_URL,
        "api_base": api_base,
        **changes,
    }
    return TwilioSettings(**given)  # type: ignore[arg-type]  # any mixture of settings, right or wrong


def message_form(number: int = 1, body: str = "Hello", **more: str) -> dict[str, str]:
    """What Twilio posts for a text message, with everything it adds."""
    return {
        "ToCountry": "US",
        "ToState": "District Of Columbia",
        "SmsMessageSid": sid(number),
        "NumMedia": "0",
        "ToCity": "",
        "FromZip": "01022",
        "SmsSid": sid(number),
        "SmsStatus": "received",
        "FromCountry": "VN",
        "Body": body,
        "To": SMS_NUMBER,
        "NumSegments": "1",
        "MessageSid": sid(number),
        "AccountSid": ACCOUNT_SID,
        "From": ANN,
        "ApiVersion": "2010-04-01",
        **more,
    }


def status_form(status: str, number: int = 1, **more: str) -> dict[str, str]:
    """What Twilio posts to a status callback."""
    return {
        "MessageSid": sid(number),
        "MessageStatus": status,
        "SmsSid": sid(number),
        "SmsStatus": status,
        "AccountSid": ACCOUNT_SID,
        "From": SMS_NUMBER,
        "To": ANN,
        "ApiVersion": "2010-04-01",
        **more,
    }


def signed(url: str, form: Mapping[str, str], token: str = TOKEN) -> dict[str, str]:
    """The headers with which Twilio would post `form` to `url`."""
    return {
        "X-Twilio-Signature": RequestValidator(token).compute_signature(url, dict(form)),
        "Content-Type": "application/x-www-form-urlencoded",
        "I-Twilio-Idempotency-Token": "a-token-of-this-request",
    }


def hook(path: str, form: Mapping[str, str], *, token: str = TOKEN, public_url: str = PUBLIC_URL) -> Hook:
    """A signed webhook as the intake hands it to the door."""
    url = f"{public_url}/hooks{path}"
    headers = {name.lower(): value for name, value in signed(url, form, token).items()}
    return Hook(urlencode(form).encode(), headers, url)


@pytest.fixture
async def twilio() -> AsyncIterator[SmallTwilio]:
    async with small_twilio() as running:
        yield running


@pytest.fixture
def account(twilio: SmallTwilio) -> Callable[..., TwilioSettings]:
    """Settings of an account at the small Twilio."""
    return lambda **changes: settings_for(twilio.base, **changes)
