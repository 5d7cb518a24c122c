"""STOP: always honoured, never guessed."""

from typing import Any

import pytest

from registry.lifecycle import PersonState

STOPS = {
    "en": ["STOP", "stop!", "/stop", "Unsubscribe"],
    "vi": ["Dừng", "DỪNG LẠI.", "ngừng", "stop", "hủy đăng ký"],
    "th": ["หยุด", "ยกเลิก"],
    "id": ["Berhenti", "stop"],
}
UNCLEAR = {"en": ["stop?"], "vi": ["dung", "Dung lai", "Dừng?"]}
OTHERS = {
    "en": ["the bus stop is closed"],
    "vi": ["đúng", "dùng"],
    "th": ["รถหยุดวิ่ง"],
    "id": ["jangan berhenti di sini"],
}


@pytest.mark.parametrize("language", STOPS)
async def test_the_word_as_the_whole_message_stops_at_once(
    citizen: Any, protected: Any, catalog: Any, language: str
) -> None:
    citizen.hint = language
    await protected(citizen)
    for word in STOPS[language]:
        assert await citizen.say(word) == catalog.say(language, "stop.done")
        assert (await citizen.person()).state is PersonState.STOPPED, word
        await citizen.start()
        assert (await citizen.person()).state is PersonState.ACTIVE


@pytest.mark.parametrize("language", UNCLEAR)
async def test_what_may_mean_stop_is_asked_back(
    citizen: Any, protected: Any, catalog: Any, language: str
) -> None:
    citizen.hint = language
    await protected(citizen)
    for word in UNCLEAR[language]:
        assert await citizen.say(word) == catalog.say(language, "stop.ask"), word
        assert (await citizen.person()).state is PersonState.ACTIVE, word
    assert await citizen.say("2") == catalog.say(language, "stop.kept")
    await citizen.say(UNCLEAR[language][0])
    assert await citizen.say("1") == catalog.say(language, "stop.done")
    assert (await citizen.person()).state is PersonState.STOPPED


@pytest.mark.parametrize("language", OTHERS)
async def test_other_words_do_not_stop(citizen: Any, protected: Any, language: str) -> None:
    citizen.hint = language
    await protected(citizen)
    for word in OTHERS[language]:
        await citizen.say(word)
        assert (await citizen.person()).state is PersonState.ACTIVE, word


async def test_inside_a_live_warning_it_asks_once(world: Any, citizen: Any, protected: Any) -> None:
    await protected(citizen)
    await world.begin_event("ABC234", "Eruption near Grindavik")
    assert "Eruption near Grindavik" in await citizen.say("STOP")
    assert citizen.choices == ["stop:yes", "stop:no"]
    assert (await citizen.person()).state is PersonState.ACTIVE
    await citizen.say("stop")
    assert (await citizen.person()).state is PersonState.STOPPED


async def test_it_closes_no_request_and_pins_still_reach_the_officer(citizen: Any, protected: Any) -> None:
    await protected(citizen)
    await citizen.say("help")
    code = (await citizen.cases())[0].code
    assert code in await citizen.say("/stop")
    assert [case.code for case in await citizen.cases()] == [code]
    assert code in await citizen.pin(64.14659, -21.94262)
    assert "64.14659,-21.94262" in await citizen.thread()


async def test_whoever_stopped_is_told_how_to_come_back(citizen: Any, protected: Any) -> None:
    await protected(citizen)
    await citizen.say("/stop")
    assert "You have stopped our warnings" in await citizen.say("hello again")
    assert (await citizen.person()).state is PersonState.STOPPED
    await citizen.pin(13.75, 100.5)
    assert (await citizen.place()).country == "IS"
    assert "Welcome back" in await citizen.tap("do:start")
    assert (await citizen.person()).state is PersonState.ACTIVE


async def test_somebody_new_can_stop_too(citizen: Any) -> None:
    await citizen.start()
    await citizen.say("stop")
    assert (await citizen.person()).state is PersonState.STOPPED
    await citizen.start()
    assert "consent:yes" in citizen.choices


async def test_taking_consent_back_stops(citizen: Any, protected: Any) -> None:
    await protected(citizen)
    await citizen.tap("consent:no")
    assert (await citizen.person()).state is PersonState.STOPPED
