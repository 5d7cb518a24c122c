"""What must be refused where Twilio's webhooks and settings come in, and what no text message may be."""

import base64
import hashlib
import hmac
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from bot.errors import ForgedHookError, HalfConfiguredError, RejectedError
from bot.gateway import Hook
from bot.gateways.twilio.carrier import carrier_word, kind_of
from bot.gateways.twilio.door import TwilioDoor
from bot.gateways.twilio.settings import TwilioSettings
from bot.gateways.twilio.signature import Signatures
from bot.gateways.twilio.sms_text import compose
from bot.messages import Frame, InboundKind, Notice
from tests.journeys.small_house import House

SID, TOKEN = "AC" + "5" * 32, "a-token-of-this-test"
URL = "https://muster.example/hooks/twilio/message"
FORM = {"AccountSid": SID, "MessageSid": "SM1", "From": "+3546100001", "To": "+12025550100", "Body": "hi"}
NOTICE = Notice(
    mark="DRILL",
    action="Go inside.",
    hazard="Storm",
    place="Reykjavik",
    sender="Ministry",
    time="18:00",
    code="K7M2QF",
    safe="",
    help="",
    full="",
    reply="Reply 1 or 2",
    call="Call +354 555 0100",
    link="",
)


def signature(token: str, url: str, form: dict[str, str]) -> str:
    text = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), "sha1").digest()).decode()


def knock(token: str, form: dict[str, str]) -> Hook:
    headers = {"x-twilio-signature": signature(token, URL, form)}
    return Hook(urlencode(form).encode(), headers, URL)


def settings(**changes: str) -> TwilioSettings:
    given = {"sms_from": "+12025550100", "public_url": "https://muster.example", **changes}
    token = given.pop("auth_token", TOKEN)
    return TwilioSettings(SID, token, **given)  # type: ignore[arg-type]  # texts only


async def a_text_message_needs_twilios_signature(_house: House) -> None:
    door = TwilioDoor(settings(), {})
    door.verify(knock(TOKEN, FORM))
    with pytest.raises(ForgedHookError):
        door.verify(knock("another-token", FORM))


async def json_is_what_was_signed(_house: House) -> None:
    url = f"{URL}?bodySHA256={hashlib.sha256(b'{}').hexdigest()}"
    headers = {"x-twilio-signature": signature(TOKEN, url, {})}
    Signatures(TOKEN).check(Hook(b"{}", headers, url), {})
    with pytest.raises(ForgedHookError):
        Signatures(TOKEN).check(Hook(b'{"a":1}', headers, url), {})


async def without_a_token_no_text_message_counts(_house: House) -> None:
    with pytest.raises(ForgedHookError):
        Signatures("").check(knock("", FORM), {name: [value] for name, value in FORM.items()})


async def a_neighbours_message_is_not_ours(_house: House) -> None:
    with pytest.raises(ForgedHookError):
        TwilioDoor(settings(), {}).verify(knock(TOKEN, {**FORM, "AccountSid": "AC" + "6" * 32}))


async def a_drill_says_so_at_both_ends(_house: House) -> None:
    text = compose(NOTICE, Frame.DRILL, two_way=True, url=False)
    assert text.startswith("DRILL\n")
    assert text.endswith("\nDRILL")
    with pytest.raises(RejectedError):
        compose(replace(NOTICE, mark=""), Frame.DRILL, two_way=True, url=False)


async def a_carriers_stop_is_a_stop(_house: House) -> None:
    assert kind_of(carrier_word("", "STOP"), "STOP") is InboundKind.STOPPED
    assert kind_of(carrier_word("STOP", "ngừng"), "ngừng") is InboundKind.STOPPED


async def half_a_twilio_is_none(_house: House) -> None:
    wrong: tuple[dict[str, str], ...] = (
        {"auth_token": ""},
        {"auth_token": "a token with spaces"},
        {"sms_from": "", "whatsapp_from": ""},
        {"sms_from": "12"},
        {"api_base": "http://api.twilio.com"},
        {"public_url": ""},
        {"public_url": "http://127.0.0.1:8080"},
    )
    for changes in wrong:
        with pytest.raises(HalfConfiguredError):
            settings(**changes)
