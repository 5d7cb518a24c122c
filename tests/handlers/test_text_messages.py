"""The whole conversation by text message, with typed digits and words only, in every language; and its price.

`pytest -s` prints what goes both ways, with the segments of each message.
"""

from dataclasses import replace
from typing import Any

import pytest

from bot.gateways.twilio.sms_segments import is_gsm, segments
from bot.gateways.twilio.sms_text import compose, render_reply
from bot.gateways.twilio.sms_wire import sms_event
from bot.messages import Channel, Frame
from registry.lifecycle import PersonState
from tests.alerts.test_pieces import notice

NUMBER = "+84912345678"
HELLO = {"en": "hello", "vi": "xin chào", "th": "สวัสดี", "id": "halo"}
CITY, ROOM = "Reykjavik", {"en": "room 4", "vi": "phòng 4", "th": "ห้อง ๔", "id": "kamar 4"}
ONE = {"en": "1", "vi": "1", "th": "๑", "id": "１"}
TWO = {"en": "2", "vi": "2", "th": "๒", "id": "２"}


class Telephone:
    """Somebody who has text messages only; keeps what went both ways."""

    def __init__(self, citizen: Any, language: str) -> None:
        self.citizen = replace(citizen, value=NUMBER, channel=Channel.SMS, hint=language)
        self.lines: list[str] = []
        self.sent = self.received = self.parts = 0

    async def text(self, body: str) -> str:
        (event,) = sms_event("SM1", NUMBER, body, account="main")
        await self.citizen.do(event.kind, text=event.text, carrier=event.carrier)
        messages = [message for reply in self.citizen.heard for message in render_reply(reply)]
        self.sent += 1
        self.lines.append(f"> {body}")
        for message in messages:
            self.show(message)
        return "\n".join(messages)

    def show(self, message: str) -> None:
        parts = segments(message)
        self.received += 1
        self.parts += parts
        alphabet = "GSM-7" if is_gsm(message) else "UCS-2"
        self.lines.append(f"< [{parts} {alphabet}] " + message.replace("\n", "\n  "))


@pytest.mark.parametrize("language", HELLO)
async def test_registered_warned_and_helped_by_text_messages_alone(
    world: Any, citizen: Any, catalog: Any, language: str
) -> None:
    phone = Telephone(citizen, language)
    await phone.text(HELLO[language])
    await phone.text(ONE[language])  # agree
    await phone.text(CITY)
    await phone.text(ONE[language])  # the first place
    person = await phone.citizen.person()
    assert (person.state, person.language) == (PersonState.ACTIVE, language)
    to_protected = (phone.sent, phone.received, phone.parts)

    await world.begin_event("AB2CD3", "Flood")
    warning = compose(notice(language), Frame.ALERT, two_way=True, url=False)
    assert segments(warning) <= (2 if is_gsm(warning) else 3)
    phone.show(warning)
    thanks = await phone.text(ONE[language])
    assert catalog.say(language, "checkin.thanks") in thanks
    assert await phone.citizen.answer_in(1) == "SAFE"

    world.live = {}  # over; with two at once a number is asked back
    await world.begin_event("EF4GH5", "Storm")
    asked = await phone.text(TWO[language])
    (case,) = await phone.citizen.cases()
    assert case.code in asked
    assert await phone.citizen.answer_in(2) == "NEED_HELP"
    await phone.text(ROOM[language])
    assert ROOM[language] in await phone.citizen.thread()

    theirs, ours, parts = to_protected
    head = f"--- {language}: protected after {theirs} messages of theirs, {ours} of ours in {parts} segments"
    print("\n".join(["", head, *phone.lines]))  # noqa: T201 - the transcript is what this test shows
    assert theirs == 4


async def test_who_writes_text_messages_is_not_asked_for_a_number(citizen: Any, catalog: Any) -> None:
    phone = Telephone(citizen, "en")
    for words in ("hello", "1", CITY, "1"):
        said = await phone.text(words)
    assert catalog.say("en", "phone.ask") not in said
