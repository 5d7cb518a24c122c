"""Safe or in need: never guessed, and need help never waits."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from assistance import store as case_store
from bot.messages import Ask, InboundKind

CODE = "ABC234"


@pytest.fixture
async def warned(world: Any, citizen: Any, protected: Any) -> Any:
    await protected(citizen)
    await world.begin_event(CODE, "Eruption")
    return citizen


@pytest.mark.parametrize("language", ["en", "vi", "th", "id"])
async def test_the_buttons(world: Any, citizen: Any, protected: Any, catalog: Any, language: str) -> None:
    citizen.hint = language
    await protected(citizen)
    await world.begin_event(CODE, "Eruption")
    assert await citizen.tap(f"safe:{CODE}") == catalog.say(language, "checkin.thanks")
    assert await citizen.answer_in(1) == "SAFE"
    said = await citizen.tap(f"help:{CODE}")
    assert await citizen.answer_in(1) == "NEED_HELP"
    case = (await citizen.cases())[0]
    assert case.event_id == 1
    assert case.code in said
    assert "112" in said
    assert said.endswith(catalog.say(language, "case.where"))
    assert citizen.heard[-1].ask is Ask.LOCATION
    assert world.pages == [("help", case.code)]


SAFE = {
    "en": ["I'm safe", "I’m safe.", "SAFE!"],
    "vi": ["Tôi an toàn", "tôi không sao", "safe"],
    "th": ["ปลอดภัยครับ"],
    "id": ["Saya selamat", "aman"],
}
UNCLEAR = {
    "en": ["I am not safe", "safe?", "Is it safe here?", "safe but my house is gone"],
    "vi": ["tôi không an toàn", "an toan", "ở đây có an toàn không?"],
    "th": ["ไม่ปลอดภัย", "ที่นี่ปลอดภัยไหม"],
    "id": ["saya tidak aman", "apakah aman?"],
}


@pytest.mark.parametrize("language", SAFE)
async def test_a_whole_message_of_the_list_means_safe(
    world: Any, citizen: Any, protected: Any, language: str
) -> None:
    citizen.hint = language
    await protected(citizen)
    for words in SAFE[language]:
        world.live.clear()
        await world.begin_event(f"EVENT{world.events + 2}", "Eruption")
        await citizen.say(words)
        assert await citizen.answer_in(world.events) == "SAFE", words


@pytest.mark.parametrize("language", UNCLEAR)
async def test_negated_mixed_and_asked_words_are_asked_back(
    world: Any, citizen: Any, protected: Any, language: str
) -> None:
    citizen.hint = language
    await protected(citizen)
    await world.begin_event(CODE, "Eruption")
    for words in UNCLEAR[language]:
        assert "Eruption" in await citizen.say(words)
        assert citizen.choices == [f"safe:{CODE}", f"help:{CODE}"]
        assert await citizen.answer_in(1) is None, words
    await citizen.say("2")
    assert await citizen.answer_in(1) == "NEED_HELP"
    assert len(await citizen.cases()) == 1


async def test_a_number_answers_the_only_warning_after_which_nothing_was_asked(warned: Any) -> None:
    await warned.say("1")
    assert await warned.answer_in(1) == "SAFE"


async def test_a_number_that_may_answer_an_older_question_is_asked_back(
    world: Any, citizen: Any, protected: Any
) -> None:
    await protected(citizen)
    await citizen.say("/language")
    await world.begin_event(CODE, "Eruption")
    language = (await citizen.person()).language
    assert "Eruption" in await citizen.say("2")
    assert await citizen.answer_in(1) is None
    assert (await citizen.person()).language == language
    await citizen.say("1")
    assert await citizen.answer_in(1) == "SAFE"


async def test_what_may_answer_an_older_warning_is_asked_back_once(world: Any, warned: Any) -> None:
    uncertain = replace(world.live[CODE], certain=False)
    world.live = {CODE: uncertain}
    for words in ("1", "safe"):
        assert "Eruption" in await warned.say(words)
        assert await warned.answer_in(1) is None, words
    world.now += timedelta(minutes=1)
    world.live = {CODE: replace(uncertain, at=world.now)}  # nobody knows yet when it left
    await warned.say("1")
    assert await warned.answer_in(1) == "SAFE", "it was asked by name"


async def test_a_number_a_day_later_is_asked_back(world: Any, citizen: Any, protected: Any) -> None:
    await protected(citizen)
    await citizen.say("/language")
    world.now = world.now.replace(day=world.now.day + 2)
    assert "not sure which question" in await citizen.say("2")
    assert (await citizen.person()).language == "en"
    await citizen.say("2")
    assert (await citizen.person()).language == "id"


async def test_several_warnings_are_told_apart(world: Any, warned: Any) -> None:
    await world.begin_event("XYZ789", "Flood")
    await warned.say("safe")
    assert warned.labels == ["Flood", "Eruption"]
    await warned.say("2")
    await warned.say("1")
    assert await warned.answer_in(1) == "SAFE"
    assert await warned.answer_in(2) is None


async def test_help_on_an_unknown_warning_still_opens_a_request(citizen: Any) -> None:
    await citizen.tap("help:ZZZ999")
    assert len(await citizen.cases()) == 1


async def test_safe_on_an_unknown_warning_says_so(citizen: Any, protected: Any) -> None:
    await protected(citizen)
    assert "is over" in await citizen.tap("safe:ZZZ999")
    assert "no warning for you" in await citizen.say("I am safe")


async def test_safe_leaves_a_request_open_and_tells_the_officer(warned: Any) -> None:
    await warned.tap(f"help:{CODE}")
    said = await warned.say("I am safe")
    case = (await warned.cases())[0]
    assert f"{case.code} stays open" in said
    assert await warned.answer_in(1) == "SAFE"
    assert any("I am safe" in line for line in await warned.thread())


async def test_a_sticker_is_no_answer(warned: Any) -> None:
    assert "only text" in await warned.do(InboundKind.OTHER)
    assert await warned.answer_in(1) is None


async def test_a_changed_mind_typed_as_a_number_counts(warned: Any) -> None:
    await warned.say("1")
    await warned.say("2")
    assert await warned.answer_in(1) == "NEED_HELP"
    assert len(await warned.cases()) == 1


async def test_a_number_for_the_officer_goes_to_the_officer(world: Any, warned: Any) -> None:
    await warned.say("we are trapped")
    assert warned.choices == ["case:no"]
    case = (await warned.cases())[0]
    world.now += timedelta(minutes=5)
    async with world.database.durable() as connection:
        await case_store.change(connection, case.id, state="answered", changed_at=world.now)
    await warned.say("1")
    assert await warned.thread() == ["we are trapped", "1"]
