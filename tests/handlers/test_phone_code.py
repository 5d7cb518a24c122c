"""A number that can be texted and cannot answer: proven by a code that is typed in the chat that gave it."""

import re
from datetime import timedelta
from typing import Any

import pytest

from bot.messages import Channel, InboundKind
from handlers.phone_code import GOOD_FOR, TRIES
from registry import addresses, people
from registry.addresses import AddressState
from tests.handlers.test_phone import number_of, texts

IRISH, OTHER_IRISH, LANDLINE = "+353871234567", "+353871234568", "+35312345678"


@pytest.fixture
async def asked(citizen: Any) -> Any:
    """Somebody protected, on Telegram, in a world that can text Irish numbers one way."""
    await citizen.start()
    await citizen.tap("consent:yes")
    await citizen.pin(64.14, -21.93)
    citizen.world.plugs["one_way_account"] = lambda number: "main" if number.startswith("+353") else None
    return citizen


async def shared(asked: Any, number: str = IRISH) -> str:
    """Share a number; returns the code that was texted to it last."""
    told = await asked.do(InboundKind.CONTACT, contact=number)
    assert "code with six digits" in told
    assert "cannot answer" in told
    to, words = (await texts(asked.world))[-1]
    assert to == number
    assert "reply" not in words.casefold(), "nobody can reply there"
    found = re.search(r"\d{6}", words)
    assert found
    return found.group()


async def ways(asked: Any) -> list[tuple[Channel, AddressState]]:
    async with asked.world.database.read() as connection:
        rows = await addresses.of_person(connection, (await asked.person()).id)
    return [(row.channel, row.state) for row in rows]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


ACTIVE, GONE = AddressState.ACTIVE, AddressState.GONE


async def test_the_code_makes_the_number_the_last_way_for_warnings(asked: Any) -> None:
    code = await shared(asked)
    assert await ways(asked) == [(Channel.TELEGRAM, ACTIVE)], "not before it is typed"
    told = await asked.say(f"{code[:3]} {code[3:]}")
    assert "warn you by text message" in told
    assert "cannot answer there" in told
    assert await ways(asked) == [(Channel.TELEGRAM, ACTIVE), (Channel.SMS, ACTIVE)]
    assert (await asked.session()).step == ""
    async with asked.world.database.read() as connection:
        newest = await addresses.newest(connection, (await asked.person()).id)
    assert newest is not None
    assert newest.channel is Channel.TELEGRAM, "answers go where somebody writes"
    assert await asked.say(code) != told, "once"
    assert len(await ways(asked)) == 2


async def test_a_code_in_other_digits_counts(asked: Any) -> None:
    code = await shared(asked)
    thai = "".join(chr(ord("๐") + int(digit)) for digit in code)
    assert "warn you by text message" in await asked.say(thai)


async def test_a_wrong_code_is_asked_again_and_after_five_it_is_over(asked: Any) -> None:
    code = await shared(asked)
    for _ in range(TRIES - 1):
        assert "not the code" in await asked.say(wrong(code))
    assert "no longer works" in await asked.say(wrong(code))
    await asked.say(code)
    assert await ways(asked) == [(Channel.TELEGRAM, ACTIVE)]
    assert await number_of(asked) == IRISH, "it is kept for calls"


async def test_a_code_that_is_typed_too_late_is_over(asked: Any) -> None:
    code = await shared(asked)
    asked.world.now += GOOD_FOR + timedelta(minutes=1)
    assert "no longer works" in await asked.say(code)
    assert await ways(asked) == [(Channel.TELEGRAM, ACTIVE)]


async def test_other_words_are_answered_and_the_code_is_asked_for_again(asked: Any) -> None:
    code = await shared(asked)
    assert "phone:skip" in asked.choices
    await asked.say("/help")
    assert "did not understand" in await asked.say("how long will this take")
    assert "warn you by text message" in await asked.say(code)


async def test_it_can_be_left_out(asked: Any) -> None:
    code = await shared(asked)
    assert "Everything is ready" in await asked.tap("phone:skip")
    await asked.say(code)
    assert await ways(asked) == [(Channel.TELEGRAM, ACTIVE)]


async def test_danger_and_a_live_warning_come_first(asked: Any) -> None:
    code = await shared(asked)
    await asked.world.begin_event("AB2CD3", "Flood")
    await asked.say("1")
    assert await asked.answer_in(1) is None, "not certain what the 1 answers: it is asked back"
    await asked.tap("safe:AB2CD3")
    assert await asked.answer_in(1) == "SAFE"
    assert "warn you by text message" in await asked.say(code)
    await shared(asked, OTHER_IRISH)
    await asked.say("help me, I am trapped")
    assert await asked.cases()
    await asked.say("third floor")
    assert "third floor" in await asked.thread()


async def test_a_new_number_takes_the_place_of_the_former_one(asked: Any) -> None:
    await asked.say(await shared(asked))
    await asked.say(await shared(asked, OTHER_IRISH))
    assert await ways(asked) == [
        (Channel.TELEGRAM, ACTIVE), (Channel.SMS, GONE), (Channel.SMS, ACTIVE),
    ]  # fmt: skip


async def test_a_number_of_somebody_else_is_not_taken(asked: Any) -> None:
    await asked.say(await shared(asked))
    stranger = type(asked)(asked.world, "777")
    await stranger.start()
    await stranger.tap("consent:yes")
    await stranger.pin(64.14, -21.93)
    before = len(await texts(asked.world))
    told = await stranger.do(InboundKind.CONTACT, contact=IRISH)
    assert "code" not in told
    assert len(await texts(asked.world)) == before
    assert await ways(stranger) == [(Channel.TELEGRAM, ACTIVE)]


async def test_a_landline_is_for_calls(asked: Any) -> None:
    told = await asked.do(InboundKind.CONTACT, contact=LANDLINE)
    assert "cannot warn you by text message" in told
    assert await texts(asked.world) == []
    assert await number_of(asked) == LANDLINE


async def test_a_day_has_three_codes(asked: Any) -> None:
    for last in range(3):
        await shared(asked, f"+35387123457{last}")
    told = await asked.do(InboundKind.CONTACT, contact="+353871234579")
    assert "cannot warn you by text message" in told
    assert (await asked.session()).step == ""
    assert len(await texts(asked.world)) == 3


async def test_who_stopped_gets_no_text_on_that_number(asked: Any) -> None:
    await asked.say(await shared(asked))
    await asked.say("/stop")
    person = await asked.person()
    async with asked.world.database.read() as connection:
        found = await people.get(connection, person.id)
    assert found is not None
    assert found.state == "stopped", "one word stops every channel"
