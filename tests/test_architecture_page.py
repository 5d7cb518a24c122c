"""The page about the architecture names every table, in its folder, and every way in which sending fails."""

import re
from collections.abc import Iterator
from importlib import import_module

from bot import errors
from bot.errors import SendError
from storage.metadata import metadata
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def rows(head: str) -> Iterator[list[str]]:
    """The cells of each row below a table's head."""
    for line in PAGE.split(f"{head}\n", 1)[1].splitlines()[1:]:
        if not line.startswith("| "):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


def test_every_table_is_named_beside_the_file_that_defines_it() -> None:
    told = {
        name: file.strip("`")
        for tables, file, _ in rows("| tables | folder | what |")
        for name in re.findall(r"`([a-z_]+)`", tables)
    }
    defined: dict[str, str] = {}
    for path in sorted(ROOT.glob("*/tables.py")):
        module = import_module(f"{path.parent.name}.tables")
        for name, table in metadata.tables.items():
            if any(value is table for value in vars(module).values()):
                defined[name] = f"{path.parent.name}/tables.py"
    assert set(defined) == set(metadata.tables)
    assert told == defined


def test_every_error_of_a_provider_is_told() -> None:
    families = {
        name.removesuffix("Error")
        for name, one in vars(errors).items()
        if isinstance(one, type) and issubclass(one, SendError) and one is not SendError
    }
    assert {cells[0] for cells in rows("| class | a broadcast | a reply |")} == families
