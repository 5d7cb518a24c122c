"""Updates have the field names of real ones."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from simulator.config import UNLIMITED, BotRules
from simulator.incoming import Action, ActionKind
from simulator.telegram_bots import Bot, Sent, new_bot
from simulator.telegram_updates import from_action, membership

WHO = 10_000_000_001


@pytest.fixture
def bot() -> Bot:
    made = new_bot(BotRules("7:x"), UNLIMITED, lambda: 0.0, random.Random(1))
    made.meet(WHO).language_code = "vi"
    return made


def shape(value: Any, path: str = "") -> set[str]:
    """Paths of all fields of a JSON value."""
    if not isinstance(value, dict):
        return {path}
    return {path} | {one for key, inner in value.items() for one in shape(inner, f"{path}.{key}")}


@pytest.mark.parametrize(
    ("sample", "action"),
    [
        ("aiogram_L68_message_text.json", Action(ActionKind.TEXT, "test")),
        ("opsdroid_L125_message_text.json", Action(ActionKind.TEXT, "test")),
        ("opsdroid_L761_message_location.json", Action(ActionKind.LOCATION, lat=1.0, lon=2.0)),
        ("opsdroid_L855_message_contact.json", Action(ActionKind.CONTACT, "+15550100")),
    ],
)
def test_field_names_of_real_updates(shared_data: Path, bot: Bot, sample: str, action: Action) -> None:
    real = json.loads((shared_data / "webhooks" / "telegram" / sample).read_text(encoding="utf-8"))
    made, _ = from_action(bot, bot.meet(WHO), action, 1_700_000_000, random.Random(1))
    wanted = shape(real)
    # What only groups and bots' own accounts have is not part of a private chat.
    wanted -= {one for one in wanted if one.endswith((".username", ".title", ".last_name"))}
    assert wanted <= shape({"update_id": 1, **made})


def test_a_pressed_button_shows_its_message(bot: Bot) -> None:
    bot.remember(WHO, 5, Sent("words", {"inline_keyboard": []}, 1))
    made, query = from_action(
        bot, bot.meet(WHO), Action(ActionKind.BUTTON, "safe:ABCDEF", message_id="5"), 9, random.Random(1)
    )
    assert made["callback_query"]["id"] == query
    assert made["callback_query"]["message"]["text"] == "words"
    lost, _ = from_action(bot, bot.meet(WHO), Action(ActionKind.BUTTON, "x"), 9, random.Random(1))
    assert "message" not in lost["callback_query"]


def test_a_contact_is_the_persons_own(bot: Bot) -> None:
    made, _ = from_action(bot, bot.meet(WHO), Action(ActionKind.CONTACT, "+15550100"), 9, random.Random(1))
    assert made["message"]["contact"]["user_id"] == made["message"]["from"]["id"] == WHO
    assert made["message"]["from"]["language_code"] == "vi"


def test_membership_both_ways(bot: Bot) -> None:
    gone = membership(bot, bot.meet(WHO), 9, blocked=True)["my_chat_member"]
    back = membership(bot, bot.meet(WHO), 9, blocked=False)["my_chat_member"]
    assert (gone["new_chat_member"]["status"], back["new_chat_member"]["status"]) == ("kicked", "member")
    assert gone["chat"]["type"] == "private"
