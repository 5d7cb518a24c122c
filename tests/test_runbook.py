"""The runbook tells an operator of everything that can be found, told and set."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from app.settings import Settings
from staff.notices import NoticeKind

ROOT = Path(__file__).parent.parent
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")


def named(heading: str) -> set[str]:
    """What stands in code type in the first column of the table below a heading."""
    part = RUNBOOK.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| (`.*?) \|", part, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def shape(node: ast.expr) -> str:
    """A text, or the pattern of a text that is put together, as `fnmatch` has it."""
    if isinstance(node, ast.JoinedStr):
        return "".join(shape(part) for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else "*"


def findings() -> Iterator[str]:
    """The ids of all findings that `app/` makes."""
    for path in (ROOT / "app").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
                yield shape(node.args[0])


def test_every_finding_stands_in_the_runbook_and_no_other() -> None:
    ids, told = set(findings()), named("What `muster check` finds")
    assert len(ids) > 20
    assert [one for one in ids if not any(fnmatchcase(name, one) for name in told)] == []
    assert [name for name in told if not any(fnmatchcase(name, one) for one in ids)] == []


def test_every_notice_stands_in_the_runbook_and_no_other() -> None:
    assert named("Notices") == {kind.value for kind in NoticeKind}


@pytest.mark.parametrize("setting", sorted(name.upper() for name in Settings.model_fields))
def test_every_setting_stands_in_the_runbook(setting: str) -> None:
    assert any(fnmatchcase(setting, name) for name in named("Settings"))


def test_no_setting_of_the_runbook_is_made_up() -> None:
    known = [name.upper() for name in Settings.model_fields]
    assert [name for name in named("Settings") if not any(fnmatchcase(one, name) for one in known)] == []
