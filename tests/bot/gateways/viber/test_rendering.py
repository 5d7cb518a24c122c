"""Our messages in Viber's shapes: limits of text and bytes, keyboards, and the plainer twin."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import RejectedError
from bot.gateway import Prepared
from bot.gateways.viber.pressing import action_body, data_of
from bot.gateways.viber.rendering import ASKED_CONTACT, MAX_BYTES, TEXT_UNITS, render
from bot.messages import MAX_BUTTON_DATA, Ask, Button, Outbound
from bot.words import utf16_units
from tests.bot.gateways.viber.conftest import TOKEN

SAFE, HELP = Button("Tôi an toàn", "safe:ABC123"), Button("Cần giúp", "help:ABC123")


def rendered(outbound: Outbound) -> Prepared:
    return render(outbound, sender="Ministry", token=TOKEN)


def shapes(outbound: Outbound, kind: str = "rich") -> list[dict[str, Any]]:
    return [json.loads(part[kind]) for part in rendered(outbound).parts]


def test_plain_words() -> None:
    (shape,) = shapes(Outbound("Nước <dâng> & 5%", "vi"))
    assert shape == {"type": "text", "text": "Nước <dâng> & 5%", "sender": {"name": "Ministry"}}
    (part,) = rendered(Outbound("x", "vi")).parts
    assert part["rich"] == part["plain"], "nothing plainer is left to try"


def test_an_alert_with_its_two_answers() -> None:
    (shape,) = shapes(Outbound("Nước dâng", "vi", (SAFE, HELP)))
    assert "min_api_version" not in shape, "every app shows these"
    assert shape["keyboard"] == {
        "Type": "keyboard",
        "DefaultHeight": False,
        "Buttons": [
            {
                "ActionType": "reply",
                "ActionBody": action_body(TOKEN, button.data),
                "Text": button.label,
                "TextSize": "regular",
                "Columns": 3,
                "Rows": 1,
                "Silent": True,
            }
            for button in (SAFE, HELP)
        ],
    }
    (plain,) = shapes(Outbound("Nước dâng", "vi", (SAFE, HELP)), "plain")
    assert plain["text"] == "Nước dâng\n\n1. Tôi an toàn\n2. Cần giúp"
    assert "keyboard" not in plain


def test_labels_are_no_markup() -> None:
    (shape,) = shapes(Outbound("x", "en", (Button("<b>A & B</b>", "a"),)))
    assert shape["keyboard"]["Buttons"][0]["Text"] == "&lt;b&gt;A &amp; B&lt;/b&gt;"


@pytest.mark.parametrize(
    ("labels", "columns"),
    [
        (["Yes"], [6]),
        (["Yes", "No"], [3, 3]),
        (["Yes", "No", "Language"], [3, 3, 6]),
        (["Yes", "A label that is too long for half a row"], [6, 6]),
    ],
)
def test_short_buttons_share_a_row(labels: list[str], columns: list[int]) -> None:
    buttons = tuple(Button(label, f"b:{number}") for number, label in enumerate(labels))
    (shape,) = shapes(Outbound("x", "en", buttons))
    assert [key["Columns"] for key in shape["keyboard"]["Buttons"]] == columns


@pytest.mark.parametrize(("ask", "action"), [(Ask.LOCATION, "location-picker"), (Ask.CONTACT, "share-phone")])
def test_a_wish_needs_a_newer_app_and_an_older_one_gets_words(ask: Ask, action: str) -> None:
    outbound = Outbound("Where are you?", "en", (Button("Skip", "skip"),), ask, "Share it")
    (shape,) = shapes(outbound)
    assert shape["min_api_version"] == 3
    assert [key["ActionType"] for key in shape["keyboard"]["Buttons"]] == ["reply", action]
    assert shape["keyboard"]["Buttons"][1]["Text"] == "Share it"
    assert shape.get("tracking_data") == (ASKED_CONTACT if ask is Ask.CONTACT else None)
    (plain,) = shapes(outbound, "plain")
    assert plain == {
        "type": "text", "text": "Where are you?\n\n1. Skip", "sender": {"name": "Ministry"}
    }  # fmt: skip


def test_a_long_text_is_cut_and_its_buttons_stand_at_the_end() -> None:
    prepared = rendered(Outbound("Leave the river bank now. " * 600, "en", (SAFE,), Ask.LOCATION, "Share"))
    assert prepared.weight == len(prepared.parts) == 3
    assert ["keyboard" in json.loads(part["rich"]) for part in prepared.parts] == [False, False, True]


WIDE = ("ก", "\u1000", "あ", "é", "🌊", '"', "\\", "a")


@given(st.lists(st.sampled_from(WIDE), min_size=1, max_size=8), st.integers(1, 9_000))
@settings(max_examples=40, deadline=None)
def test_whatever_the_script_300_recipients_fit_beside_it(letters: list[str], length: int) -> None:
    text = " ".join(["".join(letters)] * (length // len(letters) + 1))
    prepared = rendered(Outbound(text, "th", (SAFE, HELP)))
    receivers = len(json.dumps(["x" * 24] * 300, separators=(",", ":"))) + len('{"broadcast_list":}')
    for part in prepared.parts:
        for body in part.values():
            assert len(body.encode()) + receivers <= MAX_BYTES
            assert utf16_units(json.loads(body)["text"]) <= TEXT_UNITS
    words = "".join(json.loads(part["rich"])["text"] for part in prepared.parts)
    assert "".join(words.split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("outbound", "code"),
    [
        (Outbound("", "en"), "empty_text"),
        (Outbound(" \n", "en", (SAFE,)), "empty_text"),
        (Outbound("x", "en", (Button("A", "d" * (MAX_BUTTON_DATA + 1)),)), "button_data"),
        (Outbound("x", "en", (Button("A", ""),)), "button_data"),
        (Outbound("x", "en", (Button(" ", "a"),)), "button_data"),
        (Outbound("x", "en", tuple(Button("A" * 20, f"{n}") for n in range(13))), "too_many_buttons"),
        (Outbound("x", "en", tuple(Button("A" * 700, f"{n}") for n in range(10))), "buttons_too_long"),
    ],
)
def test_what_can_never_be_shown_is_refused_at_once(outbound: Outbound, code: str) -> None:
    with pytest.raises(RejectedError) as caught:
        rendered(outbound)
    assert caught.value.code == code


def test_two_dozen_short_buttons_fit() -> None:
    buttons = tuple(Button(f"City {number}", f"place:{number}") for number in range(24))
    (shape,) = shapes(Outbound("Which?", "en", buttons))
    bodies = [key["ActionBody"] for key in shape["keyboard"]["Buttons"]]
    assert [data_of(TOKEN, body) for body in bodies] == [button.data for button in buttons]
