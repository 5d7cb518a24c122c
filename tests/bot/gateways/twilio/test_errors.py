"""Every code of Twilio, driven through a real server both ways it may come, and shown as a table."""

import pytest

from alerts.failures import WORDS, in_words
from bot.errors import (
    BrokenServerError,
    ClosedError,
    GoneError,
    QuotaError,
    RejectedError,
    RetryAfterError,
    SendError,
    StoppedError,
    TemplateError,
    TransientError,
    UnknownOutcomeError,
)
from bot.gateways.twilio.client import TwilioClient
from bot.gateways.twilio.door import TwilioDoor
from bot.gateways.twilio.errors import CODES, TEMPLATE_FAULTS, code_name, failure_of
from bot.gateways.twilio.receipts import STATES
from bot.gateways.twilio.sms_wire import read_sms
from bot.messages import Channel, Failure, Receipt, ReceiptState
from tests.bot.gateways.twilio.conftest import ANN, SMS_NUMBER, hook, settings_for, status_form
from tests.bot.gateways.twilio.small_twilio import SmallTwilio, answer, refusal

# Codes by class as the channel facts list them, written down apart from the table under test.
EXPECTED: dict[type[SendError], set[int]] = {
    ClosedError: {
        20003, 20403, 45003, 20404, 30002, 63020, 63001,
        21212, 21606, 21609, 21703, 21704, 21705, 63007, 63008,
    },
    GoneError: {21211, 21614, 21612, 21214, 30005, 30006, 63003, 63024, 63014, 63033},
    StoppedError: {21610},
    RejectedError: {
        63031, 21408, 21608, 63015, 63032,
        30007, 30019, 21617, 21619, 21620, 21623, 63005, 63006, 63013, 63019, 63021, 63026,
        21654, 21655, 21656, 63027, 63028, 63029, 63030, 63040, 63041,
    },
    TemplateError: {63016},
    QuotaError: {30023, 30027, 63038, 63018},
    RetryAfterError: {20429, 14107, 30022},
    TransientError: {
        30001, 30003, 30004, 30008, 30009, 30017, 30410, 30036, 21611, 63009, 63010, 63012, 63017,
    },
}  # fmt: skip
FAILURES = {
    ClosedError: Failure.CLOSED,
    GoneError: Failure.GONE,
    StoppedError: Failure.STOPPED,
    RejectedError: Failure.REJECTED,
    TemplateError: Failure.TEMPLATE,
    QuotaError: Failure.QUOTA,
    RetryAfterError: Failure.TRANSIENT,
    TransientError: Failure.TRANSIENT,
}
DOOR = TwilioDoor(settings_for(), {Channel.SMS: read_sms})


async def refused(client: TwilioClient) -> SendError:
    with pytest.raises(SendError) as caught:
        await client.create(ANN, from_=SMS_NUMBER, body="Leave now")
    return caught.value


def told_later(code: str) -> Receipt:
    given = hook("/twilio/status/5", status_form("undelivered", ErrorCode=code))
    DOOR.verify(given)
    (receipt,) = DOOR.parse(given)
    assert isinstance(receipt, Receipt)
    return receipt


async def test_every_code_both_ways(twilio: SmallTwilio) -> None:
    client = TwilioClient(settings_for(twilio.base))
    rows = []
    for expected, codes in EXPECTED.items():
        for code in sorted(codes):
            twilio.planned = [refusal(code)]
            error = await refused(client)
            receipt = told_later(str(code))
            assert type(error) is expected, code
            assert receipt.failure is FAILURES[expected], code
            assert error.code == receipt.error == code_name(code)
            rows.append(f"{code}  {type(error).__name__:<16} {receipt.failure:<10} {in_words(error.code)}")
    print("\n" + "\n".join(rows))  # noqa: T201 - the table is what this test shows
    assert len(rows) == len(CODES)
    await client.close()


def test_every_code_has_words_for_an_officer() -> None:
    assert {code_name(code) for code in CODES} <= WORDS.keys()
    assert "twilio_no_reason" in WORDS
    ours = {word for word in WORDS if word.startswith("twilio_")} - {"twilio_no_reason"}
    assert ours == {code_name(code) for code in CODES}


@pytest.mark.parametrize("code", [99999, 1, 10_000_000])
async def test_a_code_nobody_knows_is_counted_and_breaks_nothing(twilio: SmallTwilio, code: int) -> None:
    client = TwilioClient(settings_for(twilio.base))
    twilio.planned = [refusal(code)]
    error = await refused(client)
    assert isinstance(error, RejectedError)
    assert error.code == (code_name(code) if code > 999 else "bad_request")
    receipt = told_later(str(code))
    assert (receipt.error, receipt.failure) == (code_name(code), Failure.UNKNOWN)
    assert in_words(receipt.error)
    await client.close()


@pytest.mark.parametrize("code", ["", "0", "none", "-1", "21610x", "١", "9" * 5_000])
def test_a_failure_without_a_code_is_of_this_try_only(code: str) -> None:
    receipt = told_later(code)
    assert receipt.state is ReceiptState.FAILED
    assert receipt.failure is Failure.UNKNOWN
    assert failure_of(None) == ("twilio_no_reason", Failure.UNKNOWN)


@pytest.mark.parametrize(
    ("status", "family", "code"),
    [
        (302, TransientError, "http_other"),
        (400, RejectedError, "bad_request"),
        (401, ClosedError, "unauthorized"),
        (403, ClosedError, "unauthorized"),
        (404, RejectedError, "bad_request"),
        (408, UnknownOutcomeError, "http_504"),
        (429, RetryAfterError, "flood"),
        (500, BrokenServerError, "http_500"),
        (502, BrokenServerError, "http_502"),
        (503, TransientError, "http_503"),
        (504, UnknownOutcomeError, "http_504"),
        (599, TransientError, "http_other"),
    ],
)
async def test_a_page_of_a_proxy_is_told_by_its_status(
    twilio: SmallTwilio, status: int, family: type[SendError], code: str
) -> None:
    client = TwilioClient(settings_for(twilio.base))
    twilio.planned = [answer(status, b"<html><h1>canary</h1></html>")]
    error = await refused(client)
    assert type(error) is family
    assert error.code == code
    assert code in WORDS
    await client.close()


def test_faults_of_a_template_are_rejections_not_a_closed_window() -> None:
    assert all(CODES[code].failure is Failure.REJECTED for code in TEMPLATE_FAULTS)
    assert 63016 not in TEMPLATE_FAULTS


def test_every_status_of_twilio_has_a_meaning_or_is_of_the_other_direction() -> None:
    assert set(STATES) | {"receiving", "received"} == {
        "queued", "sending", "sent", "failed", "delivered", "undelivered", "receiving", "received",
        "accepted", "scheduled", "read", "partially_delivered", "canceled",
    }  # fmt: skip
