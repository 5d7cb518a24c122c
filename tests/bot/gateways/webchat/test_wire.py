"""The shapes between browser and server, hostile ones included."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.codec import dump_outbound
from bot.errors import MalformedHookError
from bot.gateways.webchat.store import Message
from bot.gateways.webchat.wire import event_key, inbound_of, own_body, read_acks, read_said, render
from bot.messages import Address, Ask, Button, Channel, Frame, InboundKind, Outbound, Pin

ME = Address(Channel.WEBCHAT, "main", "0" * 32)
NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def body(**fields: object) -> bytes:
    return json.dumps({"id": "m-1", **fields}).encode()


@given(some.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for read in (read_said, read_acks):
        with suppress(MalformedHookError):
            read(data)


json_values = some.recursive(
    some.none() | some.booleans() | some.floats() | some.integers() | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
known = some.sampled_from(["id", "text", "button", "location", "contact", "start", "label"])


@given(some.dictionaries(known, json_values))
def test_any_fields_give_one_event_or_a_refusal(fields: dict[str, object]) -> None:
    try:
        said = read_said(json.dumps(fields).encode())
        inbound = inbound_of(said, ME, "vi")
    except MalformedHookError:
        return
    if inbound is not None:
        assert len(inbound.button.encode()) <= 64
        assert len(inbound.text) <= 4_000
        assert inbound.key == event_key(ME.value, said.id)


def test_each_thing_becomes_its_kind() -> None:
    cases: dict[InboundKind, dict[str, object]] = {
        InboundKind.TEXT: {"text": " Xin cha\u0300o "},
        InboundKind.BUTTON: {"button": "consent:yes", "label": "Tôi đồng ý"},
        InboundKind.PIN: {"location": {"lat": 64.1, "lon": -21.9}},
        InboundKind.CONTACT: {"contact": "+354 555 0199"},
        InboundKind.START: {"start": "drill-abc.DEF_1=~"},
    }
    got = {kind: inbound_of(read_said(body(**fields)), ME, "vi") for kind, fields in cases.items()}
    assert {kind for kind, inbound in got.items() if inbound is not None and inbound.kind is kind} == set(
        cases
    )
    text, button, pin = got[InboundKind.TEXT], got[InboundKind.BUTTON], got[InboundKind.PIN]
    assert text is not None
    assert text.text == "Xin chào"
    assert text.language == "vi"
    assert button is not None
    assert (button.button, button.text) == ("consent:yes", "Tôi đồng ý")
    assert pin is not None
    assert pin.pin == Pin(64.1, -21.9)


@pytest.mark.parametrize(("typed", "payload"), [("/start", ""), ("/start drill-abc", "drill-abc")])
def test_a_typed_start_is_a_start(typed: str, payload: str) -> None:
    inbound = inbound_of(read_said(body(text=typed)), ME, "")
    assert inbound is not None
    assert (inbound.kind, inbound.text) == (InboundKind.START, payload)


def test_the_key_of_an_event_tells_nothing_and_differs_by_chat() -> None:
    keys = {event_key(chat, client) for chat in ("a", "b") for client in ("1", "2")}
    assert len(keys) == 4
    assert all(len(key) == 40 and key.isalnum() for key in keys)


def test_the_history_keeps_no_position_and_no_number() -> None:
    for fields in ({"location": {"lat": 64.123456, "lon": -21.5}}, {"contact": "+354 555 0199"}):
        inbound = inbound_of(read_said(body(**fields)), ME, "")
        assert inbound is not None
        kept = own_body(inbound, "m-1")
        assert kept is not None
        assert json.loads(kept) == {"what": inbound.kind, "text": "", "button": "", "client": "m-1"}
    start = inbound_of(read_said(body(start="")), ME, "")
    assert start is not None
    assert own_body(start, "m-1") is None


def stored(sealed: bytes = b"", *, mine: bool = False, acked: bool = False) -> Message:
    return Message(42, "0" * 32, "k", sealed, mine, NOON, acked)


def test_a_message_is_one_event_whatever_its_words() -> None:
    text = 'line\nline\r\n\ndata: {"x": 1}\nevent: evil\u2028 <script>alert(1)</script>'
    outbound = Outbound(text, "ar", (Button("Yes", "yes"),), Ask.LOCATION, "Here", Frame.ALERT)
    lines = render(stored(), dump_outbound(outbound)).split("\n")
    assert lines[:2] == ["id: 42", "event: message"]
    assert lines[3:] == ["", ""]
    assert json.loads(lines[2].removeprefix("data: ")) == {
        "id": "42",
        "text": text,
        "buttons": [{"label": "Yes", "data": "yes"}],
        "ask": "location",
        "ask_label": "Here",
        "kind": "alert",
        "lang": "ar",
        "dir": "rtl",
        "at": "2026-11-22T12:00:00+00:00",
    }


@given(some.text(min_size=1))
def test_no_text_breaks_out_of_its_event(text: str) -> None:
    lines = render(stored(), dump_outbound(Outbound(text, "en"))).split("\n")
    assert [line.partition(":")[0] for line in lines] == ["id", "event", "data", "", ""]
    assert "\r" not in lines[2]


def test_an_acknowledged_message_says_so_and_an_own_one_is_mine() -> None:
    seen = render(stored(acked=True), dump_outbound(Outbound("x", "en")))
    assert json.loads(seen.split("\n")[2].removeprefix("data: "))["seen"] is True
    inbound = inbound_of(read_said(body(button="consent:yes", label="Yes")), ME, "")
    assert inbound is not None
    mine = render(stored(mine=True), own_body(inbound, "m-1") or b"")
    fields = json.loads(mine.split("\n")[2].removeprefix("data: "))
    assert (fields["from"], fields["text"], fields["button"]) == ("you", "Yes", "consent:yes")
