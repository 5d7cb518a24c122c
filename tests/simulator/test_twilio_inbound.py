"""What people with phones do: words, the operator's keywords, positions, buttons, and what they cannot do."""

from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest

from simulator.config import SimulatorConfig
from simulator.incoming import Action, ActionKind, Incoming
from simulator.server import Simulator
from simulator.twilio_people import PhoneState
from tests.simulator.targets import FAST, ICELAND, SMS_FROM, VIETNAM, WHATSAPP_FROM, Line, Target, quick


@pytest.fixture
def config() -> SimulatorConfig:
    return quick()


@pytest.fixture
async def target(sim: Simulator) -> AsyncIterator[Target]:
    async with Target() as one:
        sim.twilio.point(f"{one.url}/message")
        yield one


@pytest.fixture
async def line(sim: Simulator) -> AsyncIterator[Line]:
    async with aiohttp.ClientSession() as session:
        yield Line(sim, session)


@pytest.fixture
def heard(sim: Simulator) -> list[Incoming]:
    messages: list[Incoming] = []
    sim.twilio.listen(lambda _sender, _number, message: messages.append(message))
    return messages


def say(sim: Simulator, words: str, channel: str = "sms", number: str = ICELAND) -> bool:
    return sim.twilio.act(channel, number, Action(ActionKind.TEXT, words))


async def test_the_form_of_a_text_message(sim: Simulator, target: Target) -> None:
    say(sim, "ệ" * 71)
    await sim.drain()
    (form,) = target.messages()
    assert (form["From"], form["To"], form["Body"]) == (ICELAND, SMS_FROM, "ệ" * 71)
    assert (form["NumSegments"], form["FromCountry"], form["ToCountry"]) == ("2", "IS", "US")
    assert (form["SmsStatus"], form["NumMedia"], form["FromCity"]) == ("received", "0", "")
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"]
    assert "WaId" not in form
    assert "OptOutType" not in form


@pytest.mark.parametrize("word", ["STOP", "stop", " Unsubscribe ", "END", "quit", "CANCEL", "optout"])
async def test_stop_is_answered_and_kept_by_the_operator(
    sim: Simulator, target: Target, line: Line, heard: list[Incoming], word: str
) -> None:
    assert (await line.sms())[0] == 201
    say(sim, word)
    assert (await line.sms())[1]["code"] == 21610
    await sim.drain()
    (form,) = target.messages()
    assert (form["Body"], form["OptOutType"]) == (word, "STOP")
    assert [one.text[:20] for one in heard if one.kind == "carrier"] == ["You have successfull"]
    assert [one.value for one in sim.ledger.acts("carrier")] == ["STOP"]
    assert (await line.whatsapp(Body="x"))[0] == 201  # another channel, another list
    say(sim, "START")
    assert (await line.sms())[0] == 201
    await sim.drain()
    assert [one.value for one in sim.ledger.acts("carrier")] == ["STOP", "START"]


@pytest.mark.parametrize("word", ["STOP it", "please stop", "dừng", "YES", "START"])
async def test_other_words_are_no_keywords(
    sim: Simulator, target: Target, line: Line, heard: list[Incoming], word: str
) -> None:
    say(sim, word)
    await sim.drain()
    assert "OptOutType" not in target.messages()[0]
    assert not heard
    assert (await line.sms())[0] == 201


async def test_help_is_answered_and_still_posted(
    sim: Simulator, target: Target, heard: list[Incoming]
) -> None:
    say(sim, "help")
    await sim.drain()
    assert target.messages()[0]["OptOutType"] == "HELP"
    assert [one.kind for one in heard] == ["carrier"]
    assert sim.ledger.cost("sms") == 70  # the operator's words are charged


async def test_keywords_can_be_plain_or_off(sim: Simulator, target: Target, line: Line) -> None:
    account = sim.twilio.account()
    account.change_sender(SMS_FROM, advanced=False)
    say(sim, "STOP")
    assert (await line.sms())[1]["code"] == 21610
    account.change_sender(SMS_FROM, keywords=False)
    say(sim, "START")
    await sim.drain()
    assert all("OptOutType" not in form for form in target.messages())
    assert (await line.sms())[1]["code"] == 21610


async def test_stop_is_nothing_special_on_whatsapp(
    sim: Simulator, target: Target, line: Line, heard: list[Incoming]
) -> None:
    sim.twilio.account().change_sender(WHATSAPP_FROM, keywords=True)
    say(sim, "STOP", "whatsapp")
    await sim.drain()
    assert "OptOutType" not in target.messages()[0]
    assert not heard
    assert (await line.whatsapp(Body="x"))[0] == 201


async def test_nobody_answers_a_name_or_from_a_one_way_country(
    sim: Simulator, target: Target, line: Line
) -> None:
    assert not say(sim, "hello", number=VIETNAM)
    assert say(sim, "hello", "whatsapp", VIETNAM)
    assert (await line.sms(From="CONSULATE"))[0] == 201
    await sim.drain()
    assert not say(sim, "hello")  # the last message came from a name
    assert sim.twilio.act("sms", ICELAND, Action(ActionKind.TEXT, "hello"), SMS_FROM)
    await sim.drain()
    assert len(target.messages()) == 2
    assert [one.chat for one in sim.ledger.acts("unreachable")] == [VIETNAM, ICELAND]


async def test_a_position_comes_over_whatsapp_only(sim: Simulator, target: Target) -> None:
    where = Action(ActionKind.LOCATION, lat=64.147, lon=-21.94)
    sim.twilio.act("whatsapp", ICELAND, where)
    await sim.drain()
    (form,) = target.messages()
    assert (form["Latitude"], form["Longitude"], form["MessageType"]) == ("64.147", "-21.94", "location")
    assert (form["Body"], form["WaId"], form["From"]) == ("", ICELAND[1:], f"whatsapp:{ICELAND}")
    for action in (where, Action(ActionKind.BUTTON, "x"), Action(ActionKind.CONTACT, "x")):
        with pytest.raises(ValueError, match="over sms"):
            sim.twilio.act("sms", ICELAND, action)
    with pytest.raises(KeyError):
        sim.twilio.act("sms", ICELAND, Action(ActionKind.TEXT, "x"), "+15005559999")


async def test_a_pressed_button_names_its_message(
    sim: Simulator, target: Target, line: Line, heard: list[Incoming]
) -> None:
    sid = sim.twilio.add_template(
        "knock", "en", "Warning for {{1}}. Answer.", buttons=(("safe:{{2}}", "Safe"), ("help:{{2}}", "Help"))
    )
    values = '{"1": "Reykjavik", "2": "AB12"}'
    _, told = await line.whatsapp(ContentSid=sid, ContentVariables=values)
    await sim.drain()
    (message,) = heard
    assert (message.text, message.labels) == ("Warning for Reykjavik. Answer.", ("Safe", "Help"))
    assert message.buttons == ("safe:AB12", "help:AB12")
    press = Action(ActionKind.BUTTON, "help:AB12", message_id=message.message_id)
    assert sim.twilio.act("whatsapp", ICELAND, press)
    await sim.drain()
    form = target.messages()[0]
    assert (form["MessageType"], form["ButtonText"], form["ButtonPayload"]) == ("button", "Help", "help:AB12")
    assert (form["Body"], form["OriginalRepliedMessageSid"]) == ("Help", told["sid"])
    assert form["OriginalRepliedMessageSender"] == f"whatsapp:{WHATSAPP_FROM}"
    for wrong in (replace(press, value="other"), replace(press, message_id="SM0")):
        with pytest.raises(ValueError, match="no such button"):
            sim.twilio.act("whatsapp", ICELAND, wrong)


async def test_writing_makes_somebody_reachable(sim: Simulator) -> None:
    sim.twilio.set_state("whatsapp", ICELAND, PhoneState.BLOCKED)
    say(sim, "hello", "whatsapp")
    assert sim.twilio.meet("whatsapp", ICELAND).state is PhoneState.ACTIVE
    assert FAST.delivery.window_s == 86_400
