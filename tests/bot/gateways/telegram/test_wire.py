"""Telegram's updates, real and made up, become what somebody did."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import MalformedHookError
from bot.gateways.telegram.wire import events_of, read_update
from bot.messages import Address, Channel, Inbound, InboundKind, Pin

ANN = {"id": 42, "is_bot": False, "first_name": "Ann", "language_code": "vi"}
CHAT = {"id": 42, "type": "private", "first_name": "Ann"}
WHO = Address(Channel.TELEGRAM, "main", "42")


def message(**content: object) -> dict[str, Any]:
    return {
        "update_id": 7,
        "message": {"message_id": 1, "date": 1, "chat": CHAT, "from": ANN, **content},
    }


def press(data: str, chat: object = CHAT, **more: object) -> dict[str, Any]:
    shown = {"message_id": 1, "date": 1, "chat": chat, "from": {**ANN, "is_bot": True}, **more}
    return {
        "update_id": 7,
        "callback_query": {
            "id": "4382",
            "from": ANN,
            "message": shown,
            "chat_instance": "1",
            "data": data,
        },
    }


def membership(status: str, chat: object = CHAT) -> dict[str, Any]:
    def member(state: str) -> dict[str, object]:
        return {"user": {**ANN, "is_bot": True}, "status": state, "until_date": 0}

    change = {"chat": chat, "from": ANN, "date": 1, "old_chat_member": member("member")}
    return {"update_id": 7, "my_chat_member": {**change, "new_chat_member": member(status)}}


def did(kind: InboundKind, **what: object) -> Inbound:
    return Inbound("7", WHO, kind, language="vi", **what)  # type: ignore[arg-type] # fields of one test


KEYBOARD = {"inline_keyboard": [[{"text": "Tôi an toàn", "callback_data": "safe:ABC123"}]]}
CARD = {"phone_number": "+84901234567", "first_name": "Ann"}
PLACE = {"latitude": 64.14, "longitude": -21.94}
VENUE = {"location": PLACE, "title": "canary hotel", "address": "canary street 1"}


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        (message(text="Xin chào"), did(InboundKind.TEXT, text="Xin chào")),
        (message(text="Ha\u0300 Nội\r\n"), did(InboundKind.TEXT, text="Hà Nội")),
        (message(text="\ud83d"), did(InboundKind.TEXT, text="\ufffd")),
        (message(text="   "), did(InboundKind.OTHER)),
        (message(text="x" * 5_000), did(InboundKind.TEXT, text="x" * 4_000)),
        (message(text="/start"), did(InboundKind.START)),
        (message(text="/start EMB-PAR"), did(InboundKind.START, text="EMB-PAR")),
        (message(text="/START@muster_bot drill-x"), did(InboundKind.START, text="drill-x")),
        (message(text="/stop@muster_bot"), did(InboundKind.TEXT, text="/stop")),
        (message(text="/link 12345678"), did(InboundKind.TEXT, text="/link 12345678")),
        (message(text="/starting over"), did(InboundKind.TEXT, text="/starting over")),
        (message(location=PLACE), did(InboundKind.PIN, pin=Pin(64.14, -21.94))),
        (message(location={**PLACE, "live_period": 60}), did(InboundKind.PIN, pin=Pin(64.14, -21.94))),
        (message(location=PLACE, venue=VENUE), did(InboundKind.PIN, pin=Pin(64.14, -21.94))),
        (message(venue=VENUE), did(InboundKind.PIN, pin=Pin(64.14, -21.94))),
        (message(location={"latitude": 95, "longitude": 0}), did(InboundKind.OTHER)),
        (message(location={"latitude": float("nan"), "longitude": 0}), did(InboundKind.OTHER)),
        (message(contact={**CARD, "user_id": 42}), did(InboundKind.CONTACT, contact="+84901234567")),
        (message(contact={**CARD, "user_id": 43}), did(InboundKind.OTHER)),
        (message(contact=CARD), did(InboundKind.OTHER)),
        (message(photo=[], caption="we are trapped"), did(InboundKind.TEXT, text="we are trapped")),
        (message(dice={"emoji": "🎲", "value": 3}), did(InboundKind.OTHER)),
        (message(something_new={"a": 1}), did(InboundKind.OTHER)),
        (
            press("safe:ABC123", reply_markup=KEYBOARD),
            did(InboundKind.BUTTON, button="safe:ABC123", text="Tôi an toàn", callback="4382"),
        ),
        (press("place:1"), did(InboundKind.BUTTON, button="place:1", callback="4382")),
        (press("x" * 65), did(InboundKind.OTHER, callback="4382")),
        (membership("kicked"), did(InboundKind.STOPPED)),
        (membership("member"), did(InboundKind.START)),
    ],
)
def test_what_somebody_did(update: dict[str, Any], expected: Inbound) -> None:
    assert list(events_of(update, "main")) == [expected]


GROUP = {"id": -1001, "type": "supergroup", "title": "Group"}


@pytest.mark.parametrize(
    "update",
    [
        {"update_id": 7},
        {"update_id": 7, "something_new": {}},
        {"update_id": 7, "edited_message": message(text="hi")["message"]},
        {"update_id": 7, "edited_message": message(location={**PLACE, "live_period": 60})["message"]},
        {"update_id": 7, "channel_post": {"message_id": 1, "date": 1, "chat": GROUP, "text": "hi"}},
        {"update_id": 7, "message": {**message(text="hi")["message"], "chat": GROUP}},
        {"update_id": 7, "message": {**message(text="hi")["message"], "from": {**ANN, "is_bot": True}}},
        {"update_id": 7, "message": {"message_id": 1, "date": 1, "chat": CHAT, "text": "from nobody"}},
        press("safe:ABC123", GROUP),
        membership("kicked", GROUP),
        membership("restricted"),
        {"update_id": 7, "message": {"text": 5}},
        {"update_id": 7, "message": {"message_id": 1, "date": "never", "chat": CHAT, "from": ANN}},
        {"update_id": 7, "callback_query": {"id": "1", "from": ANN, "chat_instance": "1", "data": "x"}},
    ],
)
def test_what_is_left_alone(update: dict[str, Any]) -> None:
    assert list(events_of(update, "main")) == []


@pytest.mark.parametrize("body", [b"", b"{", b"7", b'"x"', b"[]", b"{}", b'{"update_id":true}', b"\x00"])
def test_what_is_no_update(body: bytes) -> None:
    with pytest.raises(MalformedHookError):
        read_update(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(
    ["message_id", "date", "chat", "from", "text", "location", "contact", "venue", "photo", "id", "data"]
)


@settings(deadline=None)
@given(
    st.sampled_from(["message", "callback_query", "my_chat_member", "edited_message"]),
    st.dictionaries(fields, json_values | st.just(CHAT) | st.just(ANN), max_size=8),
)
def test_nothing_authentic_breaks_the_door(kind: str, content: dict[str, Any]) -> None:
    for event in events_of({"update_id": 7, kind: content}, "main"):
        assert event.address.channel is Channel.TELEGRAM


EXPECTED = {
    "aiogram_L68_message_text.json": (InboundKind.TEXT, "test"),
    "opsdroid_L580_message_edit_date_new_chat_member.json": (InboundKind.OTHER, ""),
    "opsdroid_L620_message_edit_date_left_chat_member.json": (InboundKind.OTHER, ""),
    "opsdroid_L660_message_edit_date_pinned_message.json": (InboundKind.OTHER, ""),
    "opsdroid_L700_message_reply_to_message_text.json": (InboundKind.TEXT, "This is a reply"),
    "opsdroid_L882_message_sticker.json": (InboundKind.OTHER, ""),
}


def test_real_updates(shared_data: Path) -> None:
    found = {}
    for path in sorted((shared_data / "webhooks" / "telegram").glob("*.json")):
        for event in events_of(read_update(path.read_bytes()), "main"):
            found[path.name] = (event.kind, event.text)
            assert event.key == str(json.loads(path.read_bytes())["update_id"])
    assert found == EXPECTED
