"""What somebody writes while their request is open."""

from datetime import timedelta
from typing import Any

from bot.messages import InboundKind


async def test_the_answer_to_where_goes_to_the_request_exactly(citizen: Any, protected: Any) -> None:
    await protected(citizen)
    await citizen.say("help")
    code = (await citizen.cases())[0].code
    assert code in await citizen.pin(64.14659, -21.94262)
    assert await citizen.thread() == ["help", "64.14659,-21.94262"]
    assert (await citizen.place()).country == "IS"


async def test_a_pin_for_help_moves_the_request_to_its_country_not_the_person(
    citizen: Any, protected: Any
) -> None:
    await protected(citizen)
    await citizen.say("help")
    await citizen.pin(13.7563, 100.5018)
    assert (await citizen.cases())[0].country == "TH"
    assert (await citizen.place()).country == "IS"


async def test_more_words_are_added(citizen: Any, protected: Any) -> None:
    await protected(citizen)
    await citizen.say("help")
    await citizen.say("second floor, blue door")
    said = await citizen.say("my phone is at 5 %")
    assert (await citizen.cases())[0].code in said
    await citizen.do(InboundKind.OTHER)
    assert await citizen.thread() == [
        "help",
        "second floor, blue door",
        "my phone is at 5 %",
        "(The person sent a picture, a voice message or something else that we cannot show.)",
    ]


async def test_commands_still_work(citizen: Any, protected: Any) -> None:
    await protected(citizen)
    await citizen.say("help")
    said = await citizen.say("/help")
    assert "/where" in said
    assert "describe the place" in said
    assert "/where" not in await citizen.thread()


async def test_moving_during_a_request_stays_possible(citizen: Any, protected: Any) -> None:
    await protected(citizen)
    await citizen.say("help")
    await citizen.say("/where")
    await citizen.say("Bangkok")
    await citizen.say("1")
    assert (await citizen.place()).country == "TH"
    assert await citizen.thread() == ["help"]


async def test_whoever_was_never_registered_is_told_how(citizen: Any) -> None:
    await citizen.say("sos")
    assert "/start" in await citizen.say("in the harbour")
    await citizen.start()
    assert "consent:yes" in citizen.choices
    await citizen.tap("consent:yes")
    await citizen.say("Bangkok")
    await citizen.say("1")
    assert (await citizen.place()).country == "TH"
    assert await citizen.thread() == ["sos", "in the harbour"]


async def test_words_nobody_understood_can_go_to_an_officer(citizen: Any, protected: Any) -> None:
    await protected(citizen)
    assert "did not understand" in await citizen.say("my passport is lost")
    assert "112" in citizen.heard[0].text
    await citizen.tap("officer:send")
    assert (await citizen.thread())[0] == "my passport is lost"


async def test_what_was_said_before_agreeing_reaches_the_officer_later(citizen: Any) -> None:
    await citizen.say("my passport is lost in Bangkok, what now")
    await citizen.say("HELP")
    assert await citizen.thread() == ["my passport is lost in Bangkok, what now", "HELP"]


async def test_pressing_twice_opens_one_request(citizen: Any, protected: Any) -> None:
    await protected(citizen)
    await citizen.say("help")
    await citizen.say("HELP!")
    assert len(await citizen.cases()) == 1


async def test_old_words_are_not_sent_with_a_new_call(world: Any, citizen: Any, protected: Any) -> None:
    await protected(citizen)
    await citizen.say("my passport is lost")
    world.now += timedelta(days=2)
    await citizen.say("help")
    assert await citizen.thread() == ["help"]


async def test_a_typed_call_counts_in_the_event(world: Any, citizen: Any, protected: Any) -> None:
    await protected(citizen)
    await world.begin_event("ABC234", "Eruption")
    await citizen.say("we are trapped on the roof")
    assert await citizen.answer_in(1) == "NEED_HELP"
    assert (await citizen.cases())[0].event_id == 1
