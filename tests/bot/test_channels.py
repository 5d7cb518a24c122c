"""Every channel has its row of facts, and nobody above asks which channel it is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.channels import CHANNEL_ORDER, FACTS
from bot.messages import Channel

ROOT = Path(__file__).parents[2]
FOLDERS = ("alerts", "console", "handlers", "registry")

MEANT = {
    "handlers/link.py": "TELEGRAM",  # the sentence names our chat there
    "handlers/phone.py": "SMS",  # a number is texted
    "handlers/phone_code.py": "SMS",  # a number that was texted becomes an address
    "handlers/who.py": "SMS",  # a number that was texted answers
    "registry/erasure.py": "WEBCHAT",  # its messages lie with us
}
"""Modules that mean one channel and no other."""


def named(source: str) -> Iterator[str]:
    """The members of `Channel` that a module names, as such or by their value."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "Channel"
        ):
            if node.attr in Channel.__members__:
                yield node.attr
        elif isinstance(node, ast.Constant) and node.value in set(Channel):
            yield Channel(node.value).name


def test_every_channel_has_its_row() -> None:
    assert set(FACTS) == set(Channel)
    assert set(CHANNEL_ORDER) == set(Channel)


def test_the_orders_leave_no_doubt() -> None:
    for places in ([facts.to_warn for facts in FACTS.values()], [facts.to_ask for facts in FACTS.values()]):
        assert sorted(places) == list(range(len(FACTS)))


def test_names_differ() -> None:
    assert len({facts.name for facts in FACTS.values()}) == len(FACTS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_nobody_asks_which_channel_it_is(folder: str) -> None:
    found = {
        (path.relative_to(ROOT).as_posix(), member)
        for path in (ROOT / folder).rglob("*.py")
        for member in named(path.read_text())
    }
    assert found == {(path, member) for path, member in MEANT.items() if path.startswith(folder)}


@pytest.mark.parametrize("source", ["x = row.channel is Channel.VIBER", "x = row.channel == 'viber'"])
def test_a_module_that_asks_is_seen(source: str) -> None:
    assert list(named(source)) == ["VIBER"]
