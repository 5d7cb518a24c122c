"""Joining a second chat."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.codec import load_address, load_outbound
from bot.messages import Address, Channel, Outbound
from bot.tables import outbox
from registry import addresses
from registry.lifecycle import PersonState
from storage.vault import Place


@pytest.fixture
async def code(citizen: Any, protected: Any) -> str:
    await protected(citizen)
    said = await citizen.say("/link")
    assert "10 minutes" in said
    found = re.search(r"/link (\d{8})", said)
    assert found is not None
    return found[1]


async def sent(world: Any) -> list[tuple[Outbound, Address]]:
    """What was sent to chats that did not just write, oldest first."""
    async with world.database.read() as connection:
        rows = (await connection.execute(select(outbox).order_by(outbox.c.id))).all()
    return [
        (
            load_outbound(world.vault.open(row.body, Place("outbox", "body", row.key))),
            load_address(world.vault.open(row.address, Place("outbox", "address", row.key))),
        )
        for row in rows
    ]


@pytest.mark.parametrize(
    ("form", "answer"), [("/link {}", "1"), ("link {}", "yes"), ("LINK {}", "Link"), ("link {}", "๑")]
)
async def test_a_code_typed_on_the_other_chat_and_confirmed_on_the_first(
    world: Any, citizen: Any, code: str, form: str, answer: str
) -> None:
    web = type(citizen)(world, "browser", Channel.WEBCHAT, hint="vi")
    await web.say(form.format(code))
    assert web.choices == ["link:yes", "link:no"]
    assert "cuộc trò chuyện kia" in await web.say("1")
    assert (await web.person()).id != (await citizen.person()).id, "the first chat has the last word"
    ((asked, to),) = await sent(world)
    assert to == citizen.address
    assert "the web chat" in asked.text
    assert [re.sub(r":\d+$", "", button.data) for button in asked.buttons] == ["link:yes", "link:no"]
    assert "Linked" in await citizen.say(answer)
    assert (await web.person()).id == (await citizen.person()).id
    async with world.database.read() as connection:
        rows = await addresses.of_person(connection, (await citizen.person()).id)
    assert [row.channel for row in rows] == [Channel.TELEGRAM, Channel.WEBCHAT]
    await web.say("stop")
    assert (await citizen.person()).state is PersonState.STOPPED


async def test_the_code_can_be_refused_and_runs_out(world: Any, citizen: Any, code: str) -> None:
    web = type(citizen)(world, "browser", Channel.WEBCHAT)
    await web.say(f"/link {code}")
    assert "Nothing was linked" in await web.tap("link:no")
    assert "not right" in await web.tap("link:yes")
    assert await sent(world) == []
    world.now += timedelta(minutes=11)
    assert "not right" in await web.say(f"/link {code}")
    assert (await web.person()).id != (await citizen.person()).id


async def test_the_first_chat_can_refuse_and_both_are_told(world: Any, citizen: Any, code: str) -> None:
    web = type(citizen)(world, "browser", Channel.WEBCHAT, hint="en")
    await web.say(f"/link {code}")
    await web.tap("link:yes")
    assert "Nothing was linked" in await citizen.say("2")
    assert (await web.person()).id != (await citizen.person()).id
    assert [(to, one.text) for one, to in await sent(world)][1:] == [(web.address, "Nothing was linked.")]
    assert "not right" in await citizen.tap("link:yes")
    assert "not right" in await web.say(f"/link {code}")


@pytest.mark.parametrize("pressing", [True, False], ids=["its button", "typed"])
async def test_a_yes_joins_the_chat_that_was_asked_about_and_no_other(
    world: Any, citizen: Any, code: str, pressing: bool
) -> None:
    stranger = type(citizen)(world, "over the shoulder", Channel.WEBCHAT, hint="en")
    await stranger.say(f"/link {code}")
    await stranger.tap("link:yes")
    own = type(citizen)(world, "own", Channel.WEBCHAT, hint="en")
    again = re.search(r"/link (\d{8})", await citizen.say("/link"))
    assert again is not None
    world.now += timedelta(seconds=5)
    await own.say(f"/link {again[1]}")
    await own.tap("link:yes")
    first, second = await sent(world)
    assert "Linked" in await (citizen.tap(second[0].buttons[0].data) if pressing else citizen.say("1"))
    assert (await own.person()).id == (await citizen.person()).id
    assert (await stranger.person()).id != (await citizen.person()).id
    assert "Nothing was linked" in await citizen.tap(first[0].buttons[1].data)
    assert "not right" in await citizen.tap(first[0].buttons[0].data)
    assert (await stranger.person()).id != (await citizen.person()).id


async def test_both_chats_hear_that_they_are_one(world: Any, citizen: Any, code: str) -> None:
    web = type(citizen)(world, "browser", Channel.WEBCHAT)
    await web.say(f"/link {code}")
    await web.tap("link:yes")
    await citizen.tap("link:yes")
    asked, done = await sent(world)
    assert (asked[1], done[1]) == (citizen.address, web.address)
    assert "Linked" in done[0].text


async def test_the_word_of_the_first_chat_runs_out_with_the_code(world: Any, citizen: Any, code: str) -> None:
    web = type(citizen)(world, "browser", Channel.WEBCHAT)
    await web.say(f"/link {code}")
    await web.tap("link:yes")
    world.now += timedelta(minutes=11)
    assert "not right" in await citizen.tap("link:yes")
    assert (await web.person()).id != (await citizen.person()).id


async def test_a_number_after_a_newer_warning_is_the_answer_to_the_warning(
    world: Any, citizen: Any, code: str
) -> None:
    web = type(citizen)(world, "browser", Channel.WEBCHAT)
    await web.say(f"/link {code}")
    await web.tap("link:yes")
    await world.begin_event("GALE22", "Gale")
    await citizen.say("1")
    assert (await web.person()).id != (await citizen.person()).id


async def test_a_brand_new_chat_joins_an_exercise(world: Any, citizen: Any) -> None:
    drill = type(citizen)(world, "trainee")
    await drill.start("drill-good-token")
    await drill.tap("consent:yes")
    await drill.pin(64.14, -21.93)
    found = re.search(r"/link (\d{8})", await drill.say("/link"))
    assert found is not None
    web = type(citizen)(world, "browser", Channel.WEBCHAT)
    await web.say(f"/link {found[1]}")
    await web.tap("link:yes")
    await drill.tap("link:yes")
    assert (await web.person()).id == (await drill.person()).id
    async with world.database.read() as connection:
        rows = await addresses.of_person(connection, (await drill.person()).id)
    assert [row.drill for row in rows] == [True, True]


async def test_guessing_is_stopped(world: Any, citizen: Any, code: str) -> None:
    web = type(citizen)(world, "browser", Channel.WEBCHAT)
    for number in range(5):
        assert "not right" in await web.say(f"/link 0000000{number}")
    assert "Too many" in await web.say(f"/link {code}")


async def test_the_own_code_links_nothing(citizen: Any, code: str) -> None:
    assert "linked already" in await citizen.say(f"/link {code}")


async def test_whoever_is_not_protected_has_nothing_to_link(citizen: Any) -> None:
    await citizen.start()
    said = await citizen.say("/link")
    assert "Send /start" in said
    assert "Do you agree?" in said


async def test_a_drill_and_a_real_registration_stay_apart(world: Any, citizen: Any, code: str) -> None:
    drill = type(citizen)(world, "trainee")
    await drill.start("drill-good-token")
    assert "exercise only" in await drill.say(f"/link {code}")


async def test_a_real_registration_never_joins_an_exercise(world: Any, citizen: Any, protected: Any) -> None:
    drill = type(citizen)(world, "trainee")
    await drill.start("drill-good-token")
    await drill.tap("consent:yes")
    await drill.pin(64.14, -21.93)
    found = re.search(r"/link (\d{8})", await drill.say("/link"))
    assert found is not None
    await protected(citizen)
    assert "exercise only" in await citizen.say(f"/link {found[1]}")


async def test_who_agreed_meanwhile_is_no_newcomer_any_more(world: Any, citizen: Any) -> None:
    drill = type(citizen)(world, "trainee")
    await drill.start("drill-good-token")
    await drill.tap("consent:yes")
    await drill.pin(64.14, -21.93)
    found = re.search(r"/link (\d{8})", await drill.say("/link"))
    assert found is not None
    web = type(citizen)(world, "browser", Channel.WEBCHAT)
    await web.say(f"/link {found[1]}")
    await web.tap("link:yes")
    await web.tap("consent:yes")
    assert "exercise only" in await drill.tap("link:yes")
    assert not (await web.person()).drill


async def test_an_open_request_goes_along(world: Any, citizen: Any, code: str) -> None:
    web = type(citizen)(world, "browser", Channel.WEBCHAT)
    await web.say("help")
    await web.say(f"/link {code}")
    await web.tap("link:yes")
    await citizen.tap("link:yes")
    assert await citizen.thread() == ["help"]


async def test_a_code_whose_number_was_given_before_is_asked_about_too(
    world: Any, citizen: Any, code: str
) -> None:
    """SQLite gives the id of a deleted row again; the outbox remembers its keys for days."""
    web = type(citizen)(world, "browser", Channel.WEBCHAT, hint="en")
    await web.say(f"/link {code}")
    await web.tap("link:yes")
    await citizen.say("2")
    world.now += timedelta(minutes=11)  # the first code is deleted when the next one is made
    again = re.search(r"/link (\d{8})", await citizen.say("/link"))
    assert again is not None
    before = await sent(world)
    await web.say(f"/link {again[1]}")
    await web.tap("link:yes")
    (asked, to) = (await sent(world))[-1]
    assert len(await sent(world)) == len(before) + 1, "the first chat is asked again"
    assert to == citizen.address
    assert asked.buttons[0].data == before[0][0].buttons[0].data, "by the same number, or this shows nothing"
    assert "Linked" in await citizen.tap(asked.buttons[0].data)
