"""Commands with a slash, without, and in each language's words."""

import re
from typing import Any

import pytest

from handlers.commands import WORDS, Asked, Command, read_command
from tests.conftest import ROOT


@pytest.mark.parametrize("command", list(Command))
@pytest.mark.parametrize("language", ["en", "vi", "th", "id"])
def test_every_documented_way(catalog: Any, command: Command, language: str) -> None:
    ways = [f"/{command}", f"/{command.upper()}", f"/{command}@muster_bot", f" /{command} "]
    if command is not Command.HELP:
        ways += [str(command), str(command).upper()]
    for text in [*ways, *catalog.words(language, WORDS[command])]:
        asked = read_command(catalog, language, text)
        assert asked is not None, text
        assert asked.command is command, text


@pytest.mark.parametrize(
    "text", ["", "/", "/unknown", "where is my passport", "stop?", "help", "/ start", "link me"]
)
def test_anything_else_is_none(catalog: Any, text: str) -> None:
    assert read_command(catalog, "en", text) is None


def test_what_stands_behind(catalog: Any) -> None:
    assert read_command(catalog, "en", "/link 1234 5678") == Asked(Command.LINK, "1234 5678")
    assert read_command(catalog, "en", "link 12345678") == Asked(Command.LINK, "12345678")
    assert read_command(catalog, "vi", "liên kết 12345678") == Asked(Command.LINK, "12345678")
    assert read_command(catalog, "en", "/start drill-x") == Asked(Command.START, "drill-x")


@pytest.mark.parametrize("language", ["en", "vi", "th", "id"])
def test_no_word_means_two_things(catalog: Any, language: str) -> None:
    keys = [*WORDS.values(), "words.safe", "words.help"]
    seen: dict[str, str] = {}
    for key in keys:
        for word in catalog.words(language, key):
            assert seen.setdefault(word, key) == key, word


def test_operators_are_told_to_give_telegram_every_command() -> None:
    text = (ROOT / "docs" / "channels" / "telegram.md").read_text("utf-8")
    listed = re.findall(r"^       ([a-z]+) - ", text, re.MULTILINE)
    assert sorted(listed) == sorted(Command)
