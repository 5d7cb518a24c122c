"""What WhatsApp users do, as Twilio posts it, in our words; and nothing of their profile."""

from collections.abc import Sequence
from dataclasses import asdict

import pytest

from bot.gateways.twilio.door import TwilioDoor
from bot.gateways.twilio.whatsapp_wire import button_data, read_whatsapp, whatsapp_event
from bot.messages import Address, Channel, Event, Failure, Inbound, InboundKind, Pin, Receipt, ReceiptState
from tests.bot.gateways.twilio.conftest import ANN, WHATSAPP_NUMBER, hook, message_form, settings_for, sid
from tests.bot.gateways.twilio.conftest import status_form as any_status

DOOR = TwilioDoor(settings_for(sms_from="", whatsapp_from=WHATSAPP_NUMBER), {Channel.WHATSAPP: read_whatsapp})
HERE = Address(Channel.WHATSAPP, "main", ANN)


def whatsapp_form(number: int = 1, body: str = "Hello", **more: str) -> dict[str, str]:
    addresses = {"From": f"whatsapp:{ANN}", "To": f"whatsapp:{WHATSAPP_NUMBER}"}
    extra = {"ProfileName": "canary-name", "WaId": ANN[1:], "MessageType": "text", "ChannelMetadata": "{}"}
    return message_form(number, body, **{**extra, **addresses, **more})


def status_form(status: str, number: int = 1, **more: str) -> dict[str, str]:
    addresses = {"From": f"whatsapp:{WHATSAPP_NUMBER}", "To": f"whatsapp:{ANN}", "ChannelPrefix": "whatsapp"}
    return any_status(status, number, **{**addresses, **more})


def take(path: str, form: dict[str, str]) -> Sequence[Event]:
    given = hook(path, form)
    DOOR.verify(given)
    return DOOR.parse(given)


def did(body: str = "", **more: str) -> Inbound:
    (event,) = take("/twilio/message", whatsapp_form(7, body, **more))
    assert isinstance(event, Inbound)
    assert "canary-name" not in str(asdict(event))
    return event


def test_typed_words() -> None:
    assert did("Tôi ổn") == Inbound(sid(7), HERE, InboundKind.TEXT, "Tôi ổn")


def test_a_position() -> None:
    pin = did(MessageType="location", Latitude="25.018766403198", Longitude="-77.395950317383", Label="Home")
    assert pin == Inbound(sid(7), HERE, InboundKind.PIN, pin=Pin(25.018766403198, -77.395950317383))


@pytest.mark.parametrize(("lat", "lon"), [("91", "0"), ("0", "181"), ("nan", "0"), ("x", "0"), ("1", "")])
def test_a_position_that_is_none(lat: str, lon: str) -> None:
    assert did(MessageType="location", Latitude=lat, Longitude=lon).kind is InboundKind.OTHER


def test_a_button_with_its_data() -> None:
    press = did("I am safe", MessageType="button", ButtonText="I am safe", ButtonPayload="safe:AB12CD")
    assert press == Inbound(sid(7), HERE, InboundKind.BUTTON, "I am safe", "safe:AB12CD")


def test_a_button_that_sends_its_label_only() -> None:
    assert did("", MessageType="button", ButtonText="Full text") == Inbound(
        sid(7), HERE, InboundKind.TEXT, "Full text"
    )


def test_a_row_of_a_list() -> None:
    row = did(MessageType="interactive", ListId="place:2", ListTitle="Bangkok")
    assert (row.kind, row.button, row.text) == (InboundKind.BUTTON, "place:2", "Bangkok")


@pytest.mark.parametrize(
    ("payload", "data"),
    [
        ("safe:AB12CD", "safe:AB12CD"),
        ("safe:{{5}}", "safe"),
        ("full", "full"),
        ("x" * 64, "x" * 64),
        ("x" * 65, ""),
        ("ก" * 22, ""),
        ("", ""),
    ],
)
def test_the_data_of_a_button(payload: str, data: str) -> None:
    assert button_data(payload) == data


def test_an_emoji_on_an_old_message_answers_nothing() -> None:
    assert did("\N{THUMBS UP SIGN}", MessageType="reaction").kind is InboundKind.OTHER


def test_a_photo_is_something_and_its_caption_is_words() -> None:
    assert did("", NumMedia="1", MessageType="image").kind is InboundKind.OTHER
    assert did("my street", NumMedia="1", MessageType="image").text == "my street"


def test_somebody_who_hides_their_number() -> None:
    someone = did("Hello", From="whatsapp:US.1234567890", WaId="", ExternalUserId="US.1234567890")
    assert someone.address == Address(Channel.WHATSAPP, "main", "US.1234567890")


def test_a_listed_message() -> None:
    (event,) = whatsapp_event(sid(3), f"whatsapp:{ANN}", "Hello", account="main")
    assert event == Inbound(sid(3), HERE, InboundKind.TEXT, "Hello")
    assert whatsapp_event(sid(3), ANN, "Hello", account="main") == ()


@pytest.mark.parametrize("sender", ["", "whatsapp:", "whatsapp: ", "messenger:1"])
def test_nobody_wrote(sender: str) -> None:
    to = f"whatsapp:{WHATSAPP_NUMBER}"
    assert take("/twilio/message", whatsapp_form(7, "x", From=sender, To=to)) == ()


def test_receipts_tell_of_reading_and_of_a_closed_window() -> None:
    read = take("/twilio/status/4711", status_form("read", EventType="READ"))
    assert read == (
        Receipt(f"{sid(1)}:read", Channel.WHATSAPP, "main", sid(1), ReceiptState.READ, delivery=4711),
    )
    (late,) = take("/twilio/status/4711", status_form("undelivered", ErrorCode="63016"))
    assert isinstance(late, Receipt)
    assert (late.state, late.failure) == (ReceiptState.FAILED, Failure.TEMPLATE)


def test_of_a_reply_only_failures_are_kept() -> None:
    path = "/twilio/status/failures"
    assert [take(path, status_form(status)) for status in ("queued", "sent", "delivered", "read")] == [()] * 4
    (late,) = take(path, status_form("failed", ErrorCode="63016"))
    assert isinstance(late, Receipt)
    assert (late.delivery, late.failure) == (None, Failure.TEMPLATE)
