"""The language: guessed, shown, changed at any time."""

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("hint", "text", "language"),
    [
        ("vi-VN", "hello", "vi"),
        ("in", "", "en"),
        ("", "tôi đang ở Bangkok, cho hỏi", "vi"),
        ("", "สวัสดีค่ะ", "th"),
        ("", "saya ada di Bangkok sekarang", "id"),
        ("fr", "hi", "en"),
        ("", "Reykjavik", "en"),
    ],
)
async def test_it_is_guessed_on_first_contact(citizen: Any, hint: str, text: str, language: str) -> None:
    citizen.hint = hint
    await citizen.say(text or "hi")
    person = await citizen.person()
    assert (person.language, person.language_chosen) == (language, False)


@pytest.mark.parametrize("way", ["tap", "number", "name", "word", "code"])
async def test_it_can_be_chosen(citizen: Any, protected: Any, catalog: Any, way: str) -> None:
    await protected(citizen)
    if way == "tap":
        await citizen.say("/language")
        await citizen.tap("lang:th")
    elif way == "number":
        await citizen.say("language")
        assert citizen.choices == ["lang:en", "lang:id", "lang:th", "lang:vi"]
        await citizen.say("3")
    elif way == "name":
        await citizen.say("ภาษาไทย")
    elif way == "word":
        await citizen.say("/language ภาษาไทย")
    else:
        await citizen.say("/language th")
    person = await citizen.person()
    assert (person.language, person.language_chosen) == ("th", True)
    assert citizen.heard[0].text == catalog.say("th", "language.changed")


async def test_it_can_be_chosen_on_the_notice_and_the_notice_comes_again(citizen: Any, catalog: Any) -> None:
    await citizen.start()
    await citizen.tap("lang:menu")
    await citizen.tap("lang:vi")
    assert citizen.heard[-1].text.startswith("Đây là dịch vụ cảnh báo")
    assert citizen.choices == ["consent:yes", "consent:no", "lang:menu"]


async def test_the_notice_comes_to_whoever_first_saw_it_before_anybody_knew_them(citizen: Any) -> None:
    await citizen.tap("lang:menu")  # under the welcome of a channel that speaks first
    await citizen.tap("lang:vi")
    assert citizen.heard[-1].text.startswith("Đây là dịch vụ cảnh báo")
    assert citizen.choices == ["consent:yes", "consent:no", "lang:menu"]


async def test_an_unknown_language_shows_the_list(citizen: Any, protected: Any) -> None:
    await protected(citizen)
    await citizen.tap("lang:xx")
    assert len(citizen.choices) == 4


async def test_a_short_word_that_is_also_a_code_changes_nothing(citizen: Any, protected: Any) -> None:
    await protected(citizen)
    await citizen.say("id")
    assert (await citizen.person()).language == "en"
