"""Every table is on the page that says what is kept of people, and every table on that page is there."""

import re
from importlib import import_module

from storage.metadata import metadata
from tests.conftest import ROOT

NAME = re.compile(r"`([a-z_]+)")


def test_the_privacy_page_names_every_table_and_no_other() -> None:
    for path in ROOT.glob("*/tables.py"):
        import_module(f"{path.parent.name}.tables")
    page = (ROOT / "docs" / "privacy.md").read_text()
    rows = [line.split(" | ")[2] for line in page.splitlines() if line.startswith("| ")]
    kept = {name for where in rows for name in NAME.findall(where)}
    nothing = set(NAME.findall(re.findall(r"Nothing of anybody is kept in (.+?)\n\n", page, re.DOTALL)[0]))
    assert kept | nothing == set(metadata.tables)
    assert not kept & nothing
