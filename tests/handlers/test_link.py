"""Joining a second chat."""

import re
from datetime import timedelta
from typing import Any

import pytest

from bot.messages import Channel
from registry import addresses
from registry.lifecycle import PersonState


@pytest.fixture
async def code(citizen: Any, protected: Any) -> str:
    await protected(citizen)
    said = await citizen.say("/link")
    assert "10 minutes" in said
    found = re.search(r"/link (\d{8})", said)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("form", ["/link {}", "link {}", "LINK {}"])
async def test_a_code_typed_on_the_other_chat_and_confirmed(
    world: Any, citizen: Any, code: str, form: str
) -> None:
    web = type(citizen)(world, "browser", Channel.WEBCHAT, hint="vi")
    await web.say(form.format(code))
    assert web.choices == ["link:yes", "link:no"]
    await web.say("1")
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
    world.now += timedelta(minutes=11)
    assert "not right" in await web.say(f"/link {code}")
    assert (await web.person()).id != (await citizen.person()).id


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


async def test_an_open_request_goes_along(world: Any, citizen: Any, code: str) -> None:
    web = type(citizen)(world, "browser", Channel.WEBCHAT)
    await web.say("help")
    await web.say(f"/link {code}")
    await web.tap("link:yes")
    assert await citizen.thread() == ["help"]
