"""Messages and receipts of one account, for both channels that Twilio serves."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from twilio.request_validator import RequestValidator

from bot.errors import ForgedHookError, MalformedHookError
from bot.gateway import Hook
from bot.gateways.twilio.door import TwilioDoor
from bot.gateways.twilio.form import Form
from bot.gateways.twilio.sms_wire import read_sms
from bot.messages import (
    Address,
    CarrierWord,
    Channel,
    Event,
    Failure,
    Inbound,
    InboundKind,
    Receipt,
    ReceiptState,
)
from tests.bot.gateways.twilio.conftest import (
    ANN,
    PUBLIC_URL,
    TOKEN,
    hook,
    message_form,
    settings_for,
    sid,
    status_form,
)


def read_whatsapp(form: Form, account: str) -> Sequence[Inbound]:
    sender = Address(Channel.WHATSAPP, account, form.get("From"))
    return (Inbound(form.get("MessageSid"), sender, InboundKind.TEXT, form.get("Body")),)


DOOR = TwilioDoor(settings_for(), {Channel.SMS: read_sms, Channel.WHATSAPP: read_whatsapp})


def take(given: Hook, door: TwilioDoor = DOOR) -> Sequence[Event]:
    door.verify(given)
    return door.parse(given)


def inbound(body: str, **more: str) -> Inbound:
    (event,) = take(hook("/twilio/message", message_form(7, body, **more)))
    assert isinstance(event, Inbound)
    return event


def test_a_text_message() -> None:
    assert inbound("Tôi ổn") == Inbound(sid(7), Address(Channel.SMS, "main", ANN), InboundKind.TEXT, "Tôi ổn")


@pytest.mark.parametrize("digits", ["1", "๑", "١", "१", " 2 ", "２"])
def test_digits_of_every_script_arrive_as_they_are(digits: str) -> None:
    event = inbound(digits)
    assert (event.kind, event.text, event.carrier) == (InboundKind.TEXT, digits.strip(), None)


@pytest.mark.parametrize("body", ["STOP", "stop", " Stop ", "UNSUBSCRIBE", "end", "CANCEL", "quit", "OptOut"])
def test_a_word_that_stops_at_the_carrier_is_a_stop(body: str) -> None:
    event = inbound(body)
    assert (event.kind, event.carrier) == (InboundKind.STOPPED, CarrierWord.STOP)


def test_what_advanced_opt_out_says_counts_more_than_the_words() -> None:
    assert inbound("NGỪNG TIN", OptOutType="STOP").kind is InboundKind.STOPPED
    assert inbound("MỞ LẠI", OptOutType="START").kind is InboundKind.START
    assert inbound("GIÚP", OptOutType="HELP").carrier is CarrierWord.HELP


@pytest.mark.parametrize("body", ["please stop", "STOP it", "dừng", "dung", "the end", "stop?"])
def test_a_sentence_with_such_a_word_is_a_sentence(body: str) -> None:
    assert inbound(body).kind is InboundKind.TEXT


@pytest.mark.parametrize("body", ["START", "unstop"])
def test_a_word_that_starts_again(body: str) -> None:
    event = inbound(body)
    assert (event.kind, event.carrier) == (InboundKind.START, CarrierWord.START)


def test_yes_reaches_whoever_asked_and_says_what_the_carrier_made_of_it() -> None:
    event = inbound("Yes")
    assert (event.kind, event.text, event.carrier) == (InboundKind.TEXT, "Yes", CarrierWord.START)
    assert inbound("YES", OptOutType="START").kind is InboundKind.TEXT


@pytest.mark.parametrize("body", ["HELP", "help", "Info"])
def test_a_call_to_which_the_carrier_answered_is_words_and_a_call(body: str) -> None:
    event = inbound(body)
    assert (event.kind, event.text, event.carrier) == (InboundKind.TEXT, body, CarrierWord.HELP)


def test_a_picture_without_words_is_somebody_writing() -> None:
    assert inbound("", NumMedia="1").kind is InboundKind.OTHER


def test_a_name_that_cannot_be_answered_is_nobody() -> None:
    assert take(hook("/twilio/message", message_form(1, "Win a prize", From="PRIZES"))) == ()


def test_whatsapp_goes_to_its_own_reader() -> None:
    form = message_form(7, "Hi", From=f"whatsapp:{ANN}", To="whatsapp:+12025550199")
    (event,) = take(hook("/twilio/message", form))
    assert isinstance(event, Inbound)
    assert event.address.channel is Channel.WHATSAPP


def test_a_channel_that_is_off_is_answered_and_forgotten() -> None:
    door = TwilioDoor(settings_for(), {Channel.SMS: read_sms})
    form = message_form(7, "Hi", From=f"whatsapp:{ANN}", To="whatsapp:+12025550199")
    assert take(hook("/twilio/message", form), door) == ()


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("accepted", ReceiptState.ACCEPTED),
        ("queued", ReceiptState.ACCEPTED),
        ("sending", ReceiptState.ACCEPTED),
        ("sent", ReceiptState.ACCEPTED),
        ("delivered", ReceiptState.DELIVERED),
        ("read", ReceiptState.READ),
    ],
)
def test_a_status_is_a_receipt_with_our_delivery(status: str, state: ReceiptState) -> None:
    (receipt,) = take(hook("/twilio/status/1234567890123456789", status_form(status)))
    assert receipt == Receipt(
        f"{sid(1)}:{status}", Channel.SMS, "main", sid(1), state, delivery=1234567890123456789
    )


@pytest.mark.parametrize("status", ["undelivered", "failed"])
def test_a_failure_has_its_code_and_what_it_means(status: str) -> None:
    (receipt,) = take(hook("/twilio/status/5", status_form(status, ErrorCode="21610")))
    assert isinstance(receipt, Receipt)
    assert (receipt.state, receipt.error, receipt.failure) == (
        ReceiptState.FAILED,
        "twilio_21610",
        Failure.STOPPED,
    )


def test_a_failure_of_whatsapp_belongs_to_whatsapp() -> None:
    form = status_form("failed", ErrorCode="63016", From="whatsapp:+12025550199", To=f"whatsapp:{ANN}")
    (receipt,) = take(hook("/twilio/status/5", form))
    assert isinstance(receipt, Receipt)
    assert (receipt.channel, receipt.failure) == (Channel.WHATSAPP, Failure.TEMPLATE)


@pytest.mark.parametrize("word", ["reply", "0x1", "-1", "9" * 20, "9" * 19, "١"])
def test_a_path_without_our_id_leaves_the_receipt_to_the_message_id(word: str) -> None:
    (receipt,) = take(hook(f"/twilio/status/{word}", status_form("delivered")))
    assert isinstance(receipt, Receipt)
    assert receipt.delivery is None


@pytest.mark.parametrize("status", ["received", "receiving", "dreaming", ""])
def test_a_status_we_do_not_know_proves_nothing(status: str) -> None:
    assert take(hook("/twilio/status/5", status_form(status))) == ()


def test_another_accounts_message_is_forged_however_well_signed() -> None:
    with pytest.raises(ForgedHookError):
        take(hook("/twilio/message", message_form(1, AccountSid="AC" + "f" * 32)))


@pytest.mark.parametrize("missing", ["MessageSid", "AccountSid"])
def test_a_form_without_what_names_it_is_malformed(missing: str) -> None:
    form = {**message_form(1), "SmsSid": "", missing: ""}
    with pytest.raises(MalformedHookError):
        take(hook("/twilio/message", form))


def test_signed_for_one_path_it_opens_no_other() -> None:
    genuine = hook("/twilio/status/5", status_form("delivered"))
    with pytest.raises(ForgedHookError):
        take(replace(genuine, url=f"{PUBLIC_URL}/hooks/twilio/status/6"))


def test_json_is_believed_and_means_nothing_yet() -> None:
    url = f"{PUBLIC_URL}/hooks/twilio/message?bodySHA256="
    body = b'{"type":"com.twilio.something"}'
    url += "7b" * 32
    headers = {
        "x-twilio-signature": RequestValidator(TOKEN).compute_signature(url, {}),
        "content-type": "application/json",
    }
    with pytest.raises(ForgedHookError):
        take(Hook(body, headers, url))


def test_the_answer_says_nothing_to_the_citizen() -> None:
    said = DOOR.answer(hook("/twilio/message", message_form(1)))
    assert said.body == '<?xml version="1.0" encoding="UTF-8"?><Response/>'
    assert said.content_type == "text/xml"
