"""A shell with an installation of its own: a migrated database, the gazetteer, no Redis."""

import os
import shutil
from pathlib import Path

import pytest

from tests.app.shell import Shell


@pytest.fixture
def shell(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    sqlite_template: Path,
    gazetteer: Path,
    tmp_path: Path,
) -> Shell:
    for name in [name for name in os.environ if name.startswith("MUSTER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("MUSTER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MUSTER_GAZETTEER", str(gazetteer))
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    return Shell(monkeypatch, capsys, tmp_path)
