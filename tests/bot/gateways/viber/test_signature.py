"""Signatures over the raw bytes, and the tags of buttons: known vectors, and whatever is forged."""

import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ForgedHookError
from bot.gateway import Hook
from bot.gateways.viber.gateway import SIGNATURE_HEADER, ViberGateway
from bot.gateways.viber.pressing import MARK, action_body, data_of
from bot.gateways.viber.settings import ViberSettings
from bot.messages import MAX_BUTTON_DATA
from tests.bot.gateways.viber.conftest import PUBLIC_URL, Account, welcome

BASE = "https://chatapi.viber.com/pa"
# Worked out with OpenSSL: printf %s BODY | openssl dgst -sha256 -hmac TOKEN
VECTORS = [
    (
        "4453b6ac12345678-e02c5f12174805f9-daec9cbb5448c51f",
        b'{"event":"webhook"}',
        "98c063de32a468e6e02cd9b951185642bf065a7f7d678fa9ef722af8fb566718",
    ),
    (
        "4453b6ac12345678-e02c5f12174805f9-daec9cbb5448c51f",
        b"",
        "28af1872cccffdfd733717fdcea00f2b01dab4c759b2e313e2d45ec42dc11a8f",
    ),
    (
        "445da6az1s345z78-dazcczb2542zv51a-e0vc5fva17480im9",
        (
            b'{"event":"delivered","timestamp":1457764197627,"message_token":491266184665523145,'
            b'"user_id":"01234567890A="}'
        ),
        "adffb0c187cdc79245fae3b532617183c68d34c951c2577b11eb360d27dfc891",
    ),
    (
        "another-token",
        '{"event":"message","message":{"text":"Cứu tôi 🌊"}}'.encode(),
        "1c04f073d8c8e615286ef91475129e3ebebadd5b014cdbd712c4c8303883b364",
    ),
]


def gateway(token: str) -> ViberGateway:
    account = Account()
    return ViberGateway(
        ViberSettings(token, "Ministry", PUBLIC_URL, BASE),
        clock=account.clock,
        budget=account.purse,
        welcome=welcome,
        count=account.count,
        alarm=account.alarm,
    )


@pytest.mark.parametrize(("token", "body", "signature"), VECTORS)
def test_known_signatures_are_taken(token: str, body: bytes, signature: str) -> None:
    gateway(token).verify(Hook(body, {SIGNATURE_HEADER: signature}, ""))


@given(
    token=st.from_regex(r"[0-9a-f]{16}-[0-9a-f]{16}", fullmatch=True),
    body=st.binary(max_size=200),
    at=st.integers(0, 10_000),
    bit=st.integers(0, 7),
)
def test_one_flipped_bit_anywhere_is_refused(token: str, body: bytes, at: int, bit: int) -> None:
    signature = hmac.new(token.encode(), body, "sha256").hexdigest()
    gateway(token).verify(Hook(body, {SIGNATURE_HEADER: signature}, ""))
    place = at % (len(body) + len(signature))
    if place < len(body):
        body = body[:place] + bytes([body[place] ^ 1 << bit]) + body[place + 1 :]
    else:
        place -= len(body)
        signature = signature[:place] + chr(ord(signature[place]) ^ 1 << bit) + signature[place + 1 :]
    with pytest.raises(ForgedHookError):
        gateway(token).verify(Hook(body, {SIGNATURE_HEADER: signature}, ""))


def test_the_same_json_in_other_bytes_is_refused() -> None:
    token, body, signature = VECTORS[2]
    again = json.dumps(json.loads(body)).encode()
    assert json.loads(again) == json.loads(body)
    with pytest.raises(ForgedHookError):
        gateway(token).verify(Hook(again, {SIGNATURE_HEADER: signature}, ""))


data = st.text(min_size=1, max_size=MAX_BUTTON_DATA).filter(
    lambda text: 0 < len(text.encode("utf-8", "surrogatepass")) <= MAX_BUTTON_DATA
)


@given(data)
def test_the_body_of_a_button_says_its_data_to_us_only(text: str) -> None:
    body = action_body("our-token", text)
    assert data_of("our-token", body) == text
    assert data_of("another-token", body) == ""


@given(st.text(max_size=120))
def test_nothing_typed_is_a_press(text: str) -> None:
    assert data_of("our-token", text) == ""
    assert data_of("our-token", MARK + text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "safe:ABC123",
        ";;safe:ABC123",
        ";;safe:ABC123;",
        ";;safe:ABC123;000000000000",
        action_body("our-token", "safe:ABC123")[:-1],
        action_body("our-token", "safe:ABC123").upper(),
        action_body("our-token", "safe:ABC123").replace("safe", "help"),
        action_body("our-token", "safe:ABC123") + "0",
        action_body("our-token", "x" * 65),
        ";;;",
        "",
    ],
)
def test_a_button_of_nobody_is_typed_text(text: str) -> None:
    assert data_of("our-token", text) == ""
