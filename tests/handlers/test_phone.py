"""One optional question: a number to call."""

from typing import Any

import pytest
from sqlalchemy import select

from bot.codec import load_address, load_outbound
from bot.messages import Channel, InboundKind
from bot.tables import outbox
from registry import addresses, phones
from storage.vault import Place


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
    assert "call you" in await asked.do(InboundKind.CONTACT, contact="+12025550123")
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


def texting(asked: Any) -> Any:
    """An account of ours can text American numbers, and they can answer."""
    asked.world.plugs["text_account"] = lambda number: "main" if number.startswith("+1") else None
    asked.world.plugs["one_way_account"] = lambda number: (
        "main" if number.startswith(("+1", "+353")) else None
    )
    return asked


async def texts(world: Any) -> list[tuple[str, str]]:
    """What waits to be sent: number and words."""
    async with world.database.read() as connection:
        rows = (await connection.execute(select(outbox).order_by(outbox.c.id))).all()
    return [
        (
            load_address(world.vault.open(row.address, Place("outbox", "address", row.key))).value,
            load_outbound(world.vault.open(row.body, Place("outbox", "body", row.key))).text,
        )
        for row in rows
    ]


async def test_a_number_is_an_address_only_after_it_answered_1(asked: Any) -> None:
    texting(asked)
    assert "Answer 1 to the text" in await asked.do(InboundKind.CONTACT, contact="+12025550123")
    ((number, words),) = await texts(asked.world)
    assert number == "+12025550123"
    assert "reply 1" in words
    mobile = type(asked)(asked.world, number, Channel.SMS)
    async with asked.world.database.read() as connection:
        assert len(await addresses.of_person(connection, (await asked.person()).id)) == 1
    assert "by text message" in await mobile.say("1")
    assert (await mobile.person()).id == (await asked.person()).id
    async with asked.world.database.read() as connection:
        rows = await addresses.of_person(connection, (await asked.person()).id)
    assert [row.channel for row in rows] == [Channel.TELEGRAM, Channel.SMS]
    assert "Answer 1" not in await asked.do(InboundKind.CONTACT, contact="+12025550123")
    assert len(await texts(asked.world)) == 1


async def test_other_words_from_a_given_number_are_a_stranger_s(asked: Any) -> None:
    texting(asked)
    await asked.do(InboundKind.CONTACT, contact="+12025550123")
    mobile = type(asked)(asked.world, "+12025550123", Channel.SMS)
    await mobile.say("who is this")
    assert (await mobile.person()).id != (await asked.person()).id
    other = type(asked)(asked.world, "+12025550199", Channel.SMS)
    await other.say("1")
    assert (await other.person()).id != (await asked.person()).id


async def test_nobody_is_texted_where_no_text_may_go_or_too_often(asked: Any) -> None:
    texting(asked)
    told = await asked.do(InboundKind.CONTACT, contact="+3546111234")
    assert "cannot warn you by text message" in told
    assert "call you" in told
    assert await number_of(asked) == "+3546111234", "officers can call it"
    for last in range(5):
        await asked.do(InboundKind.CONTACT, contact=f"+1202555012{last}")
        await asked.do(InboundKind.CONTACT, contact=f"+1202555012{last}")
    assert [number for number, _ in await texts(asked.world)] == [f"+1202555012{last}" for last in range(3)]
