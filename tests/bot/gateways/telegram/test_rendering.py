"""Our messages become sendMessage parameters; nothing is dropped and Telegram would refuse none."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import RejectedError
from bot.gateways.telegram.rendering import TEXT_UNITS, render
from bot.messages import Ask, Button, Frame, Outbound
from bot.words import utf16_units

SAFE, HELP = Button("I am safe", "safe:ABC123"), Button("Need help", "help:ABC123")


def markups(outbound: Outbound) -> list[Any]:
    return [json.loads(part.get("reply_markup", "null")) for part in render(outbound).parts]


def test_buttons_are_an_inline_keyboard_side_by_side_when_they_are_short() -> None:
    alert = Outbound("Leave now", "en", (SAFE, HELP), frame=Frame.ALERT)
    keys = [{"text": "I am safe", "callback_data": "safe:ABC123"}]
    keys += [{"text": "Need help", "callback_data": "help:ABC123"}]
    assert markups(alert) == [{"inline_keyboard": [keys]}]
    long = Button("Reykjavík, Höfuðborgarsvæði, Iceland", "place:0")
    assert [len(row) for row in markups(Outbound("Where?", "en", (long, SAFE)))[0]["inline_keyboard"]] == [
        1,
        1,
    ]


@pytest.mark.parametrize(
    ("ask", "wish"), [(Ask.LOCATION, "request_location"), (Ask.CONTACT, "request_contact")]
)
def test_a_wish_is_a_reply_keyboard(ask: Ask, wish: str) -> None:
    outbound = Outbound("Where are you?", "en", ask=ask, ask_label="Share")
    assert markups(outbound) == [{"keyboard": [[{"text": "Share", wish: True}]], "resize_keyboard": True}]


def test_a_wish_beside_buttons_gets_a_message_of_its_own() -> None:
    outbound = Outbound("Your phone?", "en", (Button("Skip", "phone:skip"),), Ask.CONTACT, "Share my number")
    assert [part["text"] for part in render(outbound).parts] == ["Your phone?", "Share my number"]
    inline, reply = markups(outbound)
    assert inline["inline_keyboard"][0][0]["callback_data"] == "phone:skip"
    assert reply["keyboard"] == [[{"text": "Share my number", "request_contact": True}]]


def test_a_plain_reply_takes_an_old_keyboard_away_and_an_alert_does_not() -> None:
    assert markups(Outbound("Thanks", "en")) == [{"remove_keyboard": True}]
    assert markups(Outbound("DRILL", "en", frame=Frame.DRILL)) == [None]


def test_markup_is_never_read_into_words() -> None:
    (part,) = render(Outbound("<b>5 < 6</b> *_`", "en")).parts
    assert part["text"] == "<b>5 < 6</b> *_`"
    assert "parse_mode" not in part


@settings(deadline=None)
@given(
    st.text("aé🌊 .\n", min_size=1, max_size=200).map(lambda text: text * 60), st.booleans(), st.booleans()
)
def test_every_part_fits_and_no_word_is_lost(text: str, buttons: bool, ask: bool) -> None:
    outbound = Outbound(text, "en", (SAFE,) if buttons else (), Ask.LOCATION if ask else None, "Share")
    if not text.strip():
        with pytest.raises(RejectedError):
            render(outbound)
        return
    parts = render(outbound).parts
    texts = [part["text"] for part in parts]
    assert all(0 < utf16_units(words) <= TEXT_UNITS for words in texts)
    if buttons and ask:
        assert texts.pop() == "Share"
    assert "".join("".join(texts).split()) == "".join(text.split())
    assert ["reply_markup" in part for part in parts[:-2]] == [False] * len(parts[:-2])
    assert "reply_markup" in parts[-1]


@pytest.mark.parametrize("bad", [Button("x", ""), Button("", "x"), Button(" ", "x"), Button("x", "ệ" * 22)])
def test_buttons_telegram_would_refuse_are_rejected(bad: Button) -> None:
    with pytest.raises(RejectedError, match="button_data"):
        render(Outbound("hello", "en", (SAFE, bad)))
