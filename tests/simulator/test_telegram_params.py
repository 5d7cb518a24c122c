"""Parameters: keyboards and words as the Bot API takes and refuses them."""

import json
from typing import Any

import pytest

from simulator.telegram_errors import ApiError
from simulator.telegram_params import (
    chat_of,
    flag_of,
    form_fields,
    int_of,
    keyboard_of,
    message_text,
)


def inline(data: str) -> dict[str, Any]:
    return {"reply_markup": json.dumps({"inline_keyboard": [[{"text": "Safe", "callback_data": data}]]})}


def test_form_fields_are_unescaped() -> None:
    assert dict(form_fields("chat_id=42&text=hi+%3Cb%3E%0A%E0%B8%99&empty=")) == {
        "chat_id": "42",
        "text": "hi <b>\nน",
        "empty": "",
    }


@pytest.mark.parametrize("data", ["s", "x" * 64, "ư" * 32])
def test_button_data_of_1_to_64_bytes_passes(data: str) -> None:
    assert keyboard_of(inline(data), private=True).buttons == (data,)


@pytest.mark.parametrize("data", ["", "x" * 65, "ư" * 33])
def test_other_button_data_is_refused(data: str) -> None:
    with pytest.raises(ApiError, match="BUTTON_DATA_INVALID"):
        keyboard_of(inline(data), private=True)


def test_reply_keys_that_share_something_are_an_ask() -> None:
    keys = [[{"text": "Here", "request_location": True}], ["Skip"]]
    found = keyboard_of({"reply_markup": {"keyboard": keys}}, private=True)
    assert (found.ask, found.keys, found.inline) == ("location", ("Skip",), None)
    with pytest.raises(ApiError, match="private chats only"):
        keyboard_of({"reply_markup": {"keyboard": keys}}, private=False)


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("[1]", "object expected as reply markup"),
        ("{", "can't parse reply markup JSON object"),
        ('{"inline_keyboard": [{"text": "a"}]}', "must be an Array of Arrays"),
        ('{"inline_keyboard": [[{"text": ""}]]}', "text must be non-empty"),
        ('{"inline_keyboard": [[{"text": "a"}]]}', "Text buttons are unallowed"),
        ('{"inline_keyboard": [[{"text": "a", "url": "nowhere"}]]}', "Wrong HTTP URL specified"),
        (
            json.dumps({"inline_keyboard": [[{"text": "x" * 10_001, "callback_data": "a"}]]}),
            "reply markup is too long",
        ),
    ],
)
def test_broken_keyboards_are_refused(markup: str, words: str) -> None:
    with pytest.raises(ApiError, match=words):
        keyboard_of({"reply_markup": markup}, private=True)


def test_removing_a_keyboard_is_no_keyboard() -> None:
    assert keyboard_of({"reply_markup": {"remove_keyboard": True}}, private=True).buttons == ()


@pytest.mark.parametrize(
    ("text", "fits"), [("x" * 4096, True), ("x" * 4097, False), ("🌊" * 2048, True), ("🌊" * 2049, False)]
)
def test_length_is_counted_in_utf16_after_parsing(text: str, fits: bool) -> None:
    params = {"text": f"<b>{text}</b>", "parse_mode": "HTML"}
    if fits:
        assert message_text(params).text == text
    else:
        with pytest.raises(ApiError, match="message is too long"):
            message_text(params)


@pytest.mark.parametrize(
    "params", [{}, {"text": ""}, {"text": " \n"}, {"text": "<b> </b>", "parse_mode": "html"}]
)
def test_nothing_to_say_is_refused(params: dict[str, str]) -> None:
    with pytest.raises(ApiError, match="message text is empty"):
        message_text(params)


def test_markdown_is_said_not_to_be_there() -> None:
    with pytest.raises(ApiError, match="unsupported parse_mode"):
        message_text({"text": "x", "parse_mode": "MarkdownV2"})


def test_numbers_names_and_flags() -> None:
    assert int_of({"limit": "5"}, "limit") == 5
    assert int_of({}, "limit", 7) == 7
    assert flag_of({"a": "true"}, "a")
    assert not flag_of({"a": "false"}, "a")
    assert chat_of({"chat_id": "-100123"}) == -100123
    for params, words in (({"chat_id": "@name"}, "chat not found"), ({}, "chat_id is empty")):
        with pytest.raises(ApiError, match=words):
            chat_of(params)
    with pytest.raises(ApiError, match="invalid limit specified"):
        int_of({"limit": "many"}, "limit")
