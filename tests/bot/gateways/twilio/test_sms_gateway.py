"""SMS as it leaves: which words, from which number, for how long, and what news comes back where."""

from collections import Counter
from dataclasses import replace

import pytest

from bot.errors import RejectedError, StoppedError
from bot.gateways.twilio.client import TwilioClient
from bot.gateways.twilio.door import TwilioDoor
from bot.gateways.twilio.sms_countries import read_countries
from bot.gateways.twilio.sms_gateway import SmsGateway
from bot.gateways.twilio.sms_segments import segments
from bot.gateways.twilio.sms_wire import read_sms
from bot.messages import Accepted, Address, Button, Channel, Frame, Outbound, Receipt, ReceiptState
from storage.clock import SystemClock
from tests.bot.gateway_contract import send_all
from tests.bot.gateways.twilio.conftest import PUBLIC_URL, SMS_NUMBER, hook, settings_for, status_form
from tests.bot.gateways.twilio.notices import ENGLISH, VIETNAMESE
from tests.bot.gateways.twilio.small_twilio import SmallTwilio, refusal

GERMAN, THAI, NOWHERE, IRISH = "+4915112345678", "+66812345678", "+290212345", "+353871234567"
WARNING = Outbound("the long text", "en", frame=Frame.ALERT, notice=ENGLISH)


def gateway_at(twilio: SmallTwilio, **changes: object) -> SmsGateway:
    return SmsGateway(TwilioClient(settings_for(twilio.base, **changes)), read_countries(), SystemClock())


def to(number: str, account: str = "main") -> Address:
    return Address(Channel.SMS, account, number)


def last(twilio: SmallTwilio) -> dict[str, str]:
    return {name: values[0] for name, values in twilio.sent[-1].form.items()}


async def test_a_warning_to_somebody_who_can_answer(twilio: SmallTwilio) -> None:
    gateway = gateway_at(twilio)
    accepted = await gateway.send(to(GERMAN), gateway.prepare(WARNING), delivery=77)
    assert accepted == Accepted(f"SM{1001:032x}")
    sent = last(twilio)
    assert sent["Body"].startswith(ENGLISH.action)
    assert ENGLISH.reply in sent["Body"]
    assert ENGLISH.link in sent["Body"]
    assert sent["From"] == SMS_NUMBER
    assert sent["ValidityPeriod"] == "14400"
    assert sent["StatusCallback"] == f"{PUBLIC_URL}/hooks/twilio/status/77"
    await gateway.close()


@pytest.mark.parametrize(("number", "iso2"), [(GERMAN, "DE"), (THAI, "TH"), (NOWHERE, "")])
async def test_the_segments_of_a_country_are_those_that_leave(
    twilio: SmallTwilio, number: str, iso2: str
) -> None:
    gateway = gateway_at(twilio)
    notice = replace(ENGLISH, action="Go up to the higher floors and keep away from the river.")
    warning = gateway.prepare(replace(WARNING, notice=notice))
    await gateway.send(to(number), warning, delivery=77)
    assert gateway.segments_in(warning, iso2) == segments(last(twilio)["Body"]) <= warning.weight
    await gateway.close()


@pytest.mark.parametrize("number", [THAI, NOWHERE, "+999123456789"])
async def test_a_warning_to_somebody_who_cannot(twilio: SmallTwilio, number: str) -> None:
    gateway = gateway_at(twilio)
    await gateway.send(to(number), gateway.prepare(WARNING), delivery=77)
    body = last(twilio)["Body"]
    assert ENGLISH.call in body
    assert "Reply" not in body
    assert "http" not in body
    await gateway.close()


async def test_an_answer_says_no_news_and_lives_as_long_as_twilio_keeps_it(twilio: SmallTwilio) -> None:
    gateway = gateway_at(twilio)
    reply = Outbound("Do you agree?", "en", (Button("Yes", "consent:yes"), Button("No", "consent:no")))
    await gateway.send(to(GERMAN), gateway.prepare(reply), key="in:1:0")
    assert last(twilio) == {"To": GERMAN, "From": SMS_NUMBER, "Body": "Do you agree?\n1 Yes\n2 No"}
    await gateway.close()


async def test_a_name_warns_and_a_number_answers(twilio: SmallTwilio) -> None:
    gateway = gateway_at(twilio, sms_from=f"{SMS_NUMBER},UtopiaMFA")
    await gateway.send(to(THAI), gateway.prepare(WARNING), delivery=1)
    await gateway.send(to(THAI), gateway.prepare(Outbound("Thank you.", "en")))
    await gateway.send(to(THAI), gateway.prepare(Outbound("123456 is your code.", "en", frame=Frame.CODE)))
    senders = [request.form["From"][0] for request in twilio.sent]
    assert senders == ["UtopiaMFA", SMS_NUMBER, "UtopiaMFA"], "a code takes the way that warnings will take"
    await gateway.close()


async def test_where_texts_may_arrive_and_where_they_can_be_answered(twilio: SmallTwilio) -> None:
    gateway = gateway_at(twilio)
    known = {GERMAN: (True, True), IRISH: (True, False), THAI: (False, False), NOWHERE: (True, False)}
    for number, (reached, heard) in known.items():
        assert (gateway.can_reach(number), gateway.can_hear(number)) == (reached, heard), number
    assert not gateway.can_reach("+870773111632"), "a ship: no country's rules"
    await gateway.close()


async def test_the_news_of_a_long_message_are_those_of_its_last_part(twilio: SmallTwilio) -> None:
    gateway = gateway_at(twilio)
    long = gateway.prepare(Outbound("Leave the river bank now. " * 60, "en", frame=Frame.ALERT))
    assert len(long.parts) > 1
    accepted = (await send_all(gateway, to(GERMAN), long, delivery=5))[-1]
    assert accepted.provider_id == f"SM{1000 + len(twilio.sent):032x}"
    callbacks = ["StatusCallback" in request.form for request in twilio.sent]
    assert callbacks == [False] * (len(long.parts) - 1) + [True]
    await gateway.close()


async def test_another_account_has_its_own_addresses(twilio: SmallTwilio) -> None:
    gateway = gateway_at(twilio, account="asia")
    await gateway.send(to(GERMAN, "asia"), gateway.prepare(WARNING), delivery=5)
    assert last(twilio)["StatusCallback"] == f"{PUBLIC_URL}/hooks/twilio/status/5/asia"
    await gateway.close()


async def test_several_numbers_share_the_work_and_stick(twilio: SmallTwilio) -> None:
    gateway = gateway_at(twilio, sms_from="+12025550100,+12025550101")
    assert gateway.limits.per_second == 2.0
    people = [f"+49151123456{number:02d}" for number in range(30)]
    for _round in range(2):
        for number in people:
            await gateway.send(to(number), gateway.prepare(WARNING))
    seen = [(request.form["To"][0], request.form["From"][0]) for request in twilio.sent]
    assert Counter(Counter(seen).values()) == {2: 30}
    assert len({sender for _number, sender in seen}) == 2
    await gateway.close()


def test_a_warning_weighs_its_most_expensive_variant() -> None:
    gateway = SmsGateway(TwilioClient(settings_for()), read_countries(), SystemClock())
    for notice, most in ((ENGLISH, 2), (VIETNAMESE, 3)):
        prepared = gateway.prepare(replace(WARNING, notice=notice))
        (variants,) = prepared.parts
        assert set(variants) == {"two_way", "two_way_url", "one_way", "one_way_url"}
        assert prepared.weight == max(map(segments, variants.values())) <= most
    reply = gateway.prepare(Outbound("Sao vậy? " * 100, "vi"))
    assert reply.weight == sum(segments(part["text"]) for part in reply.parts)


def test_a_drill_without_its_mark_is_refused_before_anybody_gets_it() -> None:
    gateway = SmsGateway(TwilioClient(settings_for()), read_countries(), SystemClock())
    with pytest.raises(RejectedError, match="no_drill_mark"):
        gateway.prepare(replace(WARNING, frame=Frame.DRILL))


async def test_who_wrote_stop_is_known_as_stopped(twilio: SmallTwilio) -> None:
    gateway = gateway_at(twilio)
    twilio.planned = [refusal(21610)]
    with pytest.raises(StoppedError, match="twilio_21610"):
        await gateway.send(to(GERMAN), gateway.prepare(WARNING), delivery=1)
    await gateway.close()


async def test_a_callback_comes_back_to_the_address_it_was_given(twilio: SmallTwilio) -> None:
    """What we asked Twilio to call is what our door takes, for an account of any name."""
    for account in ("main", "asia"):
        gateway = gateway_at(twilio, account=account)
        await gateway.send(to(GERMAN, account), gateway.prepare(WARNING), delivery=12)
        path = last(twilio)["StatusCallback"].removeprefix(f"{PUBLIC_URL}/hooks")
        door = TwilioDoor(settings_for(account=account), {Channel.SMS: read_sms})
        given = hook(path, status_form("delivered"))
        door.verify(given)
        (receipt,) = door.parse(given)
        assert isinstance(receipt, Receipt)
        assert (receipt.delivery, receipt.account, receipt.state) == (12, account, ReceiptState.DELIVERED)
        await gateway.close()


async def test_it_says_what_it_can_promise() -> None:
    gateway = SmsGateway(
        TwilioClient(settings_for(segments_per_second=100.0)), read_countries(), SystemClock()
    )
    assert gateway.confirms
    assert gateway.channel is Channel.SMS
    assert (gateway.limits.per_second, gateway.limits.batch) == (100.0, 50)
    assert gateway.limits.last_verified
    await gateway.acknowledge(Receipt("k", Channel.SMS, "main", "SM1", ReceiptState.DELIVERED))
    await gateway.close()
