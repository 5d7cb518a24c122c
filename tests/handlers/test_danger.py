"""Words of danger and calls for help reach an officer, whatever is being asked."""

from typing import Any

import pytest

CALLS = [
    ("en", "HELP"),
    ("en", "help?"),
    ("vi", "Cứu tôi"),
    ("th", "ช่วยด้วย"),
    ("id", "tolong!"),
    ("en", "tolong"),  # in the words of a language that is not the person's
]
DANGERS = [
    ("en", "we are trapped under the roof"),
    ("en", "My husband is bleeding a lot"),
    ("vi", "gia đình tôi bị kẹt trong nhà"),
    ("vi", "toi khong tho duoc"),
    ("th", "บ้านถล่ม มีคนติดอยู่ใต้ตึก"),
    ("id", "anak saya terjebak di lantai dua"),
    ("en", "kami terjebak"),
    ("th", "I can’t breathe"),
]
PATHS = {
    "first": [],
    "consent": ["/start"],
    "place": ["/start", "1"],
    "pick": ["/start", "1", "Bangkok"],
    "phone": ["/start", "1", "Bangkok", "1"],
    "number": ["/start", "1", "Bangkok", "1", "1"],
    "protected": ["/start", "1", "Bangkok", "1", "2"],
    "stopped": ["/start", "/stop"],
}


@pytest.mark.parametrize(("language", "words"), CALLS)
async def test_a_call_opens_a_request_at_once(world: Any, citizen: Any, language: str, words: str) -> None:
    citizen.hint = language
    said = await citizen.say(words)
    case = (await citizen.cases())[0]
    assert case.code in said
    assert world.pages == [("help", case.code)]
    assert await citizen.thread() == [words]


@pytest.mark.parametrize(("said_in", "step"), list(zip(DANGERS, PATHS, strict=True)))
async def test_danger_in_any_flow(world: Any, citizen: Any, said_in: tuple[str, str], step: str) -> None:
    language, words = said_in
    citizen.hint = language
    for message in PATHS[step]:
        await citizen.say(message)
    said = await citizen.say(words)
    case = (await citizen.cases())[0]
    assert case.code in said
    assert world.pages == [("danger", case.code)]
    assert words in await citizen.thread()
    assert citizen.choices == ["case:no"]


async def test_no_help_needed_tells_the_officer_and_closes_nothing(citizen: Any, protected: Any) -> None:
    await protected(citizen)
    await citizen.say("there was a shooting on television")
    assert "need no help" in await citizen.tap("case:no")
    assert len(await citizen.cases()) == 1
    assert any("no help is needed" in line for line in await citizen.thread())


async def test_danger_during_a_request_calls_again_but_not_every_minute(
    world: Any, citizen: Any, protected: Any
) -> None:
    await protected(citizen)
    await citizen.say("help")
    await citizen.say("he is bleeding")
    await citizen.say("still bleeding")
    assert len(world.pages) == 1
    world.now = world.now.replace(hour=world.now.hour + 1)
    await citizen.say("he is unconscious")
    assert [kind for kind, _code in world.pages] == ["help", "danger"]
    assert len(await citizen.cases()) == 1
    assert "he is unconscious" in await citizen.thread()


@pytest.mark.parametrize(
    "words", ["I am safe and sound in my hotel", "What is the weather?", "tôi bận", "con trai tôi"]
)
async def test_ordinary_words_open_nothing(citizen: Any, protected: Any, words: str) -> None:
    await protected(citizen)
    await citizen.say(words)
    assert await citizen.cases() == []
