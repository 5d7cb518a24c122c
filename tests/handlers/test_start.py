"""From the first message to being protected, in every language."""

from typing import Any

import pytest

from bot.messages import Ask, Channel, Frame, InboundKind
from registry.lifecycle import PersonState

LANGUAGES = ["en", "vi", "th", "id"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_pin_registers_in_four_messages(citizen: Any, catalog: Any, language: str) -> None:
    citizen.hint = language
    notice = await citizen.start()
    assert (
        catalog.say(
            language, "start.notice", ministry="Ministry of Foreign Affairs of Utopia", version="2026-01"
        )
        == notice
    )
    assert citizen.choices == ["consent:yes", "consent:no", "lang:menu"]
    assert await citizen.tap("consent:yes") == catalog.say(language, "place.ask")
    assert citizen.heard[0].ask is Ask.LOCATION
    await citizen.pin(64.14, -21.93)
    protected, sample, phone = citizen.heard
    place = catalog.say(language, "place.near", city="Reykjavik")
    assert protected.text.startswith(catalog.say(language, "protected.place", place=place))
    assert "112" in protected.text
    assert "+354 555 0100" in protected.text
    assert sample.frame is Frame.DRILL
    assert sample.text.startswith(catalog.say(language, "alert.drill.first"))
    assert sample.text.endswith(catalog.say(language, "alert.drill.last"))
    assert (phone.ask, [button.data for button in phone.buttons]) == (
        Ask.CONTACT,
        ["phone:share", "phone:skip"],
    )
    assert (await citizen.person()).state is PersonState.ACTIVE
    assert await citizen.tap("phone:skip") == catalog.say(language, "phone.skipped")
    assert all(reply.language == language for reply in citizen.heard)
    assert (await citizen.session()).step == ""


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_typed_city_is_confirmed_by_number_without_any_button(
    citizen: Any, catalog: Any, language: str
) -> None:
    citizen.hint = language
    await citizen.say("hi")
    await citizen.say("1")
    await citizen.say("Bangkok")
    assert citizen.choices == ["place:0", "place:none"]
    digits = {"th": "๑"}
    await citizen.say(digits.get(language, "1"))
    assert catalog.say(language, "protected.place", place="Bangkok, Thailand") in citizen.heard[0].text
    assert "191, 1669" in citizen.heard[0].text
    assert (await citizen.place()).country == "TH"
    assert await citizen.say("2") == catalog.say(language, "phone.skipped")


async def test_agreeing_is_needed_before_anything_is_kept(citizen: Any) -> None:
    await citizen.start()
    await citizen.say("what is this?")
    assert citizen.heard[0].text.startswith("To warn you")
    assert citizen.choices == ["consent:yes", "consent:no", "lang:menu"]
    await citizen.do(InboundKind.CONTACT, contact="+12025550123")
    assert (await citizen.person()).consent_version is None
    assert "not be warned" in await citizen.tap("consent:no")
    assert (await citizen.person()).state is PersonState.NEW
    assert await citizen.place() is None


@pytest.mark.parametrize(
    ("language", "yes"), [("en", "Yes!"), ("vi", "Đồng ý"), ("th", "ยินยอม"), ("id", "ya")]
)
async def test_yes_can_be_typed(citizen: Any, language: str, yes: str) -> None:
    citizen.hint = language
    await citizen.start()
    await citizen.say(yes)
    assert (await citizen.person()).consent_version == "2026-01"


async def test_a_pin_sent_before_the_notice_is_used_once_agreed(citizen: Any) -> None:
    await citizen.pin(64.1466, -21.9426)
    assert "Do you agree?" in citizen.heard[0].text
    assert await citizen.place() is None
    await citizen.tap("consent:yes")
    assert "near Reykjavik" in citizen.heard[0].text
    place = await citizen.place()
    assert place.cell is not None
    assert place.country == "IS"


async def test_an_invitation_makes_a_drill_person_and_never_of_a_real_one(world: Any, citizen: Any) -> None:
    await citizen.start("drill-good-token")
    assert citizen.heard[0].text.startswith("EXERCISE")
    assert (await citizen.person()).drill
    other = type(citizen)(world, "other")
    await other.start()
    assert "was not used" in await other.start("drill-good-token")
    assert not (await other.person()).drill
    forged = type(citizen)(world, "forged")
    assert "was not used" in await forged.say("/start drill-wrong")
    assert not (await forged.person()).drill


async def test_in_a_demonstration_everybody_is_in_the_drill(world: Any, citizen: Any) -> None:
    world.demo = True
    assert (await citizen.start()).startswith("EXERCISE")
    assert (await citizen.person()).drill


async def test_the_web_chat_says_that_it_wakes_nobody(world: Any, citizen: Any) -> None:
    web = type(citizen)(world, "browser", Channel.WEBCHAT)
    await web.start()
    await web.tap("consent:yes")
    said = await web.pin(64.14, -21.93)
    assert "cannot wake you" in said
    assert "do:link" in web.choices
    assert "@muster_utopia_bot" in await web.tap("do:link")
    assert web.heard[-1].text.startswith("If you wish, add your phone")


async def test_blocked_and_back(citizen: Any, protected: Any) -> None:
    await protected(citizen)
    assert await citizen.do(InboundKind.STOPPED) == ""
    assert "Welcome back" in await citizen.start()
    assert (await citizen.person()).state is PersonState.ACTIVE
