"""The templates we ship: fit to be submitted, in every language; the documentation shows the very same."""

import json
import re
from dataclasses import replace

import pytest

from bot.gateways.twilio.whatsapp_rendering import content, knock
from bot.gateways.twilio.whatsapp_templates import SLOTS, Purpose
from bot.gateways.twilio.whatsapp_texts import contents
from bot.slots import FIXED_UNITS, LABEL_UNITS, LIMITS, Slot
from bot.words import utf16_units
from locales.catalog import Catalog
from simulator.twilio_content import Approval, Registry, refused, values_of
from tests.bot.gateways.twilio.test_whatsapp_gateway import template
from tests.bot.test_slots import FLOOD
from tests.conftest import ROOT

ALL = contents()
SUBMITTED = [key for key in ALL if key[0] is not Purpose.BUTTONS]
VARIABLE = re.compile(r"\{\{\d\}\}")
DOCUMENTATION = ROOT / "docs" / "channels" / "whatsapp.md"


def body_of(key: tuple[Purpose, str]) -> str:
    (shown,) = ALL[key]["types"].values()
    return str(shown["body"])


def test_every_language_of_ours_has_every_template() -> None:
    languages = Catalog.load().languages()
    wanted = {(purpose, tag) for purpose in Purpose if purpose is not Purpose.BUTTONS for tag in languages}
    assert set(SUBMITTED) == wanted


@pytest.mark.parametrize("key", SUBMITTED, ids=str)
def test_whatsapp_would_take_it(key: tuple[Purpose, str]) -> None:
    registry = Registry("AC")
    registry.make("HX1", ALL[key], 0.0)
    name = ALL[key]["friendly_name"]
    made = registry.submit("HX1", {"name": name, "category": "UTILITY"}, Approval.APPROVED, 0.0)
    assert (made.status, made.reason) == (Approval.APPROVED, "")
    words = VARIABLE.sub("", body_of(key)).split()
    assert len(words) >= 2 * len(SLOTS[key[0]]) + 1  # Meta refuses more variables than that
    assert utf16_units(VARIABLE.sub("", body_of(key))) <= FIXED_UNITS


@pytest.mark.parametrize("key", SUBMITTED, ids=str)
@pytest.mark.parametrize("mark", ["", "DRILL. 2nd notice"])
def test_what_we_fill_in_is_taken_even_at_its_longest(key: tuple[Purpose, str], mark: str) -> None:
    purpose, language = key
    registry = Registry("AC")
    made = registry.make("HX1", ALL[key], 0.0)
    registry.submit("HX1", {"name": "x", "category": "UTILITY"}, Approval.APPROVED, 0.0)
    longest = replace(
        FLOOD,
        mark=mark,
        hazard="h" * LIMITS[Slot.HAZARD],
        place="p" * LIMITS[Slot.PLACE],
        sender="s" * LIMITS[Slot.SENDER],
        time="t" * LIMITS[Slot.TIME],
        code="c" * 6,
    )
    ours = template(purpose, language)
    for notice in (FLOOD, longest):
        filled = content(ours, {}) if purpose is Purpose.WAITING else knock(notice, ours)
        values = values_of(filled.get("content_variables", ""))
        assert refused(made, values, open_window=False) == 0
        buttons = made.show(values).buttons
        assert all(button.split(":")[1] == notice.code for button in buttons)


@pytest.mark.parametrize("key", SUBMITTED, ids=str)
def test_the_buttons_say_what_they_say_everywhere(key: tuple[Purpose, str]) -> None:
    (shown,) = ALL[key]["types"].values()
    catalog, language = Catalog.load(), key[1]
    labels = {
        "safe": catalog.say(language, "alert.button.safe"),
        "help": catalog.say(language, "alert.button.help"),
        "full": catalog.say(language, "notice.full"),
    }
    for action in shown.get("actions", ()):
        assert action["title"] == labels[action["id"].split(":")[0]]
        assert utf16_units(action["title"]) <= LABEL_UNITS


@pytest.mark.parametrize("language", Catalog.load().languages())
def test_an_exercise_says_so_first_and_last(language: str) -> None:
    word = Catalog.load().say(language, "alert.drill.first").split(" –")[0]
    lines = body_of((Purpose.KNOCK_DRILL, language)).casefold().split("\n")
    assert lines[0].startswith(word.casefold())
    assert word.casefold() in lines[-1] or word.casefold().removeprefix("การ") in lines[-1]
    assert word.casefold() not in body_of((Purpose.KNOCK, language)).casefold()


def test_the_documentation_shows_the_texts_that_ship() -> None:
    page = DOCUMENTATION.read_text(encoding="utf-8")
    shown = {
        "\n".join(line.strip() for line in block.split("\n")).strip() for block in page.split("```")[1::2]
    }
    for key in SUBMITTED:
        assert body_of(key) in shown, key
    for _purpose, language in SUBMITTED:
        labels = [action["title"] for action in _actions(language)]
        assert all(f"`{label}`" in page for label in labels)


def _actions(language: str) -> list[dict[str, str]]:
    actions = ALL[Purpose.KNOCK, language]["types"]["twilio/quick-reply"]["actions"]
    return json.loads(json.dumps(actions))  # type: ignore[no-any-return]  # JSON of our own
