"""One optional question: a number to call."""

from typing import Any

import pytest

from bot.messages import InboundKind
from registry import phones


async def number_of(citizen: Any) -> str | None:
    person = await citizen.person()
    async with citizen.world.database.read() as connection:
        kept = await phones.of_person(connection, person.unlocked(citizen.world.vault), person.id)
    return kept.number if kept else None


@pytest.fixture
async def asked(citizen: Any) -> Any:
    await citizen.start()
    await citizen.tap("consent:yes")
    await citizen.pin(64.14, -21.93)
    assert "phone:share" in citizen.choices
    return citizen


async def test_a_shared_contact_is_kept(asked: Any) -> None:
    assert "only to warn" in await asked.do(InboundKind.CONTACT, contact="+12025550123")
    assert await number_of(asked) == "+12025550123"
    assert (await asked.session()).step == ""


async def test_typed_after_the_button_in_any_digits(asked: Any) -> None:
    assert "+1 202 555 0123" in await asked.say("1")
    await asked.say("+๑ ๒๐๒ ๕๕๕ ๐๑๒๓")
    assert await number_of(asked) == "+12025550123"


async def test_an_unreadable_number_is_asked_again_and_can_be_skipped(asked: Any) -> None:
    await asked.tap("phone:share")
    assert "cannot read" in await asked.say("12345")
    assert "cannot read" in await asked.say("my number is secret")
    assert "Everything is ready" in await asked.say("skip")
    assert await number_of(asked) is None


async def test_other_words_are_answered_and_the_question_stays(asked: Any) -> None:
    assert "did not understand" in await asked.say("how long will this take")
    assert "Everything is ready" in await asked.tap("phone:skip")


async def test_somebody_stopped_gives_no_number(asked: Any) -> None:
    await asked.say("/stop")
    await asked.do(InboundKind.CONTACT, contact="+12025550123")
    assert await number_of(asked) is None
