"""How commands speak: tables or JSON on standard output, refusals on standard error. Touches both streams."""

import asyncio
import json
import sys
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table

from alerts.errors import AlertRefusedError, AlertsError
from app.embedded import EmbeddedRedisError
from app.loops import new_event_loop
from app.settings import Settings, SettingsError, environment, read
from bot.errors import HalfConfiguredError
from places.errors import PlaceError
from registry.errors import RegistryError
from staff.errors import StaffError
from storage.errors import StorageError

REFUSED = 2
T = TypeVar("T")


class RefusedError(Exception):
    """A command that will not be carried out; the text says why and what to do."""


def settings_now() -> Settings:
    """The settings of this process; raises `RefusedError`."""
    try:
        return read(environment())
    except SettingsError as error:
        raise RefusedError(str(error)) from error


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run one command's work; what our own folders refuse becomes `RefusedError`."""
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return runner.run(work)
    except AlertRefusedError as error:
        raise RefusedError("\n".join(f"{reason.code}: {reason.text}" for reason in error.reasons)) from error
    except (
        AlertsError,
        EmbeddedRedisError,
        HalfConfiguredError,
        PlaceError,
        RegistryError,
        SettingsError,
        StaffError,
        StorageError,
    ) as error:
        raise RefusedError(str(error)) from error


def say(words: str) -> None:
    """One line on standard output."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def show(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Rows as JSON, or as a table whose columns are the first row's keys."""
    if as_json:
        say(json.dumps(rows, ensure_ascii=False, default=str))
        return
    if not rows:
        say("nothing")
        return
    table = Table(*(str(name) for name in rows[0]))
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table)


def refuse(reason: RefusedError) -> int:
    """Say why on standard error; return the exit code."""
    sys.stderr.write(f"refused: {reason}\n")
    return REFUSED
