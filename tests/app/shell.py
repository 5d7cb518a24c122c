"""The `muster` command as a shell runs it: arguments, standard input, both outputs, exit code."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app import cli
from tests.conftest import ROOT


@dataclass(frozen=True)
class Ran:
    """One command that came to its end."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def refused(self, *words: str) -> "Ran":
        """The same, having checked that it was refused for a reason that holds `words`."""
        assert self.code == 2, self
        assert self.err.startswith("refused: "), self
        for word in words:
            assert word in self.err, self
        return self

    def done(self) -> "Ran":
        """The same, having checked that it was carried out without a complaint."""
        assert (self.code, self.err) == (0, ""), self
        return self


@dataclass(frozen=True)
class Shell:
    """Runs commands in this process, with variables of their own."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    folder: Path

    def muster(self, *arguments: object, stdin: str | bytes = "") -> Ran:
        """`muster ARGUMENTS`."""
        raw = stdin.encode() if isinstance(stdin, str) else stdin
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8"))
        self.monkeypatch.setattr(sys, "argv", ["muster", *map(str, arguments)])
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = self.capsys.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else 0, told.out, told.err)


def process(*arguments: str, variables: Mapping[str, str], seconds: float = 60.0) -> Ran:
    """`muster ARGUMENTS` as a process, with no other variables of ours than these."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
    ended = subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT, env={**others, **variables}, capture_output=True, text=True, timeout=seconds, check=False,
    )  # fmt: skip
    return Ran(ended.returncode, ended.stdout, ended.stderr)
