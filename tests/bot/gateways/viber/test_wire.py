"""Viber's events in our words: what people did, receipts for one of many, tokens beyond 2^53, and rubbish."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.codec import dump_event, load_event
from bot.errors import MalformedHookError
from bot.gateways.viber.pressing import action_body
from bot.gateways.viber.rendering import ASKED_CONTACT
from bot.gateways.viber.wire import STARTED, events_of, read_event
from bot.messages import Address, Channel, Event, Failure, Inbound, InboundKind, Pin, Receipt, ReceiptState
from tests.bot.gateways.viber.conftest import ANN, TOKEN

TOKEN_64 = 4987381189870374001
WHERE = Address(Channel.VIBER, "main", ANN)
PERSON = {"id": ANN, "name": "Ann", "language": "vi", "country": "VN", "api_version": 8}


def heard(event: str, **fields: Any) -> list[Event]:
    body = json.dumps({"event": event, "timestamp": 1481142112807, "message_token": TOKEN_64, **fields})
    return list(events_of(read_event(body.encode()), "main", TOKEN, ("consent:yes", "consent:no")))


def pressed(button: str, tracking: str) -> list[Event]:
    return said(type="text", text=action_body(TOKEN, button), tracking_data=tracking)


def said(**message: Any) -> list[Event]:
    return heard("message", sender=PERSON, message=message, silent=False)


def one(events: list[Event]) -> Inbound:
    (event,) = events
    assert isinstance(event, Inbound)
    return event


def test_words() -> None:
    event = one(said(type="text", text="  Xin cha\u0300o\u0007 ", tracking_data="3055"))
    assert event == Inbound(f"{TOKEN_64}:message", WHERE, InboundKind.TEXT, "Xin chào", language="vi")
    assert event.key == "4987381189870374001:message", "no digit is lost"


def test_a_pressed_button_and_words_that_look_like_one() -> None:
    press = one(said(type="text", text=action_body(TOKEN, "safe:ABC123")))
    assert (press.kind, press.button, press.text) == (InboundKind.BUTTON, "safe:ABC123", "")
    for typed in ("safe:ABC123", ";;safe:ABC123;123456789012", action_body("not-ours", "safe:ABC123")):
        event = one(said(type="text", text=typed))
        assert (event.kind, event.button, event.text) == (InboundKind.TEXT, "", typed)
    as_caption = one(said(type="picture", text=action_body(TOKEN, "safe:ABC123")))
    assert (as_caption.kind, as_caption.button) == (InboundKind.TEXT, "")


@pytest.mark.parametrize(
    ("location", "pin"),
    [
        ({"lat": 1.2, "lon": -1.3}, Pin(1.2, -1.3)),
        ({"lat": "50.76891", "lon": "6.11499"}, Pin(50.76891, 6.11499)),
        ({"lat": 90, "lon": 180}, Pin(90.0, 180.0)),
        ({"lat": 90.1, "lon": 0}, None),
        ({"lat": float("nan"), "lon": 0}, None),
        ({"lat": True, "lon": 0}, None),
        ({"lat": 10**400, "lon": 0}, None),
        ({"lat": 1.2}, None),
        (None, None),
    ],
)
def test_a_location(location: object, pin: Pin | None) -> None:
    event = one(said(type="location", location=location))
    assert (event.kind, event.pin) == (InboundKind.PIN if pin else InboundKind.OTHER, pin)


def test_a_contact_counts_only_when_it_was_asked_for() -> None:
    contact = {"name": "Somebody", "phone_number": "+972511123123"}
    asked = one(said(type="contact", contact=contact, tracking_data=ASKED_CONTACT))
    assert (asked.kind, asked.contact, asked.text) == (InboundKind.CONTACT, "+972511123123", "")
    for tracking in ({}, {"tracking_data": "else"}):
        somebody = one(said(type="contact", contact=contact, **tracking))
        assert (somebody.kind, somebody.contact) == (InboundKind.OTHER, "")


@pytest.mark.parametrize(
    "kind", ["sticker", "video", "file", "rich_media", "of a kind nobody knows", None, 7]
)
def test_anything_else_is_understood_as_somebody_wrote(kind: object) -> None:
    assert one(said(type=kind, media="https://example.com/x")).kind is InboundKind.OTHER


def test_a_caption_is_words() -> None:
    event = one(said(type="picture", text="Nước dâng", media="https://example.com/x.jpg"))
    assert (event.kind, event.text) == (InboundKind.TEXT, "Nước dâng")


def test_opening_the_chat_is_not_subscribing() -> None:
    assert heard("conversation_started", type="open", user=PERSON, subscribed=False) == []
    assert heard("conversation_started", user=PERSON, context="drill-token", subscribed=False) == []
    assert heard("conversation_started", user=PERSON, subscribed=True) == []
    assert heard("webhook") == []


def test_a_subscriber_who_comes_by_a_link_starts_with_what_it_carried() -> None:
    event = one(heard("conversation_started", user=PERSON, context="drill-token", subscribed=True))
    assert (event.kind, event.text, event.language) == (InboundKind.START, "drill-token", "vi")


def test_the_first_message_after_a_link_tells_what_it_carried() -> None:
    tracking = f"{STARTED}drill-token"
    start, words = said(type="text", text="Cứu tôi", tracking_data=tracking)
    assert isinstance(start, Inbound)
    assert isinstance(words, Inbound)
    assert (start.kind, start.text) == (InboundKind.START, "drill-token")
    assert (words.kind, words.text) == (InboundKind.TEXT, "Cứu tôi"), "what somebody wrote is never lost"
    assert start.key != words.key
    agreed = pressed("consent:yes", tracking)
    assert one(agreed).kind is InboundKind.START, "they agree once more, to the exercise"
    start, wish = pressed("lang:menu", tracking)
    assert isinstance(start, Inbound)
    assert isinstance(wish, Inbound)
    assert (start.text, wish.button) == ("drill-token", "lang:menu"), "another wish is not lost either"
    plain = pressed("consent:yes", STARTED)
    assert one(plain).button == "consent:yes", "without a link the welcome's own button counts"


def test_subscribing_and_leaving() -> None:
    assert one(heard("subscribed", user=PERSON)) == Inbound(
        f"{TOKEN_64}:subscribed", WHERE, InboundKind.START, language="vi"
    )
    assert one(heard("unsubscribed", user_id=ANN)) == Inbound(
        f"{TOKEN_64}:unsubscribed", WHERE, InboundKind.STOPPED
    )


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("delivered", ReceiptState.DELIVERED),
        ("seen", ReceiptState.READ),
        ("failed", ReceiptState.FAILED),
    ],
)
def test_receipts_name_the_message_and_whom_it_reached(name: str, state: ReceiptState) -> None:
    (receipt,) = heard(name, user_id=ANN, desc="failure description")
    (other,) = heard(name, user_id="another==")
    assert isinstance(receipt, Receipt)
    assert (receipt.provider_id, receipt.recipient, receipt.state) == (str(TOKEN_64), ANN, state)
    assert receipt.failure is (Failure.UNKNOWN if name == "failed" else None)
    assert bool(receipt.error) is (name == "failed")
    assert receipt.key.startswith(f"{TOKEN_64}:{name}:")
    assert receipt.key != other.key, "one token, many recipients"
    assert ANN not in receipt.key, "keys are stored unsealed"
    assert "description" not in str(dump_event(receipt))
    assert load_event(dump_event(receipt)) == receipt


def test_kinds_of_one_message_have_keys_of_their_own() -> None:
    keys = {event.key for name in ("delivered", "seen", "failed") for event in heard(name, user_id=ANN)}
    assert len(keys) == 3


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b'{"event":null}', b"\xff", b"[" * 100_000])
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedHookError):
        read_event(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(
    ["message", "subscribed", "unsubscribed", "conversation_started", "delivered", "seen", "failed", "x"]
)


@given(
    st.fixed_dictionaries(
        {"event": names},
        optional={
            "message_token": json_values | st.just(TOKEN_64),
            "sender": json_values | st.just(PERSON),
            "user": json_values | st.just(PERSON),
            "user_id": json_values | st.just(ANN),
            "context": json_values,
            "subscribed": st.booleans(),
            "message": st.fixed_dictionaries(
                {"type": st.sampled_from(["text", "location", "contact", "picture"]) | json_values},
                optional={
                    "text": json_values,
                    "location": json_values,
                    "contact": json_values,
                    "tracking_data": json_values | st.just(ASKED_CONTACT),
                },
            ),
        },
    )
)
def test_nothing_of_any_shape_breaks_us(fields: dict[str, Any]) -> None:
    for event in events_of(read_event(json.dumps(fields).encode()), "main", TOKEN):
        assert load_event(dump_event(event)) == event
        assert len(event.key) <= 180
