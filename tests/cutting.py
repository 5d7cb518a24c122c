"""Cuts one guard out of a module for the length of a test, by its very line.

The module's source is changed in memory and compiled; what its functions and methods then do replaces what
they did, for everybody who holds them. Nothing on the disk changes, and the test's end puts all of it back.
"""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from types import FunctionType, ModuleType
from typing import Any

import pytest


@dataclass(frozen=True, slots=True)
class Cut:
    """One guard and what is left without it.

    Attributes:
        line: the source of the guard, exactly as it stands.
        left: what stands there instead.
        nth: which of several such lines, from 0; None = there is only one.
    """

    module: ModuleType
    line: str
    left: str = "pass"
    nth: int | None = None

    def __str__(self) -> str:
        number = "" if self.nth is None else f" #{self.nth + 1}"
        return f"{self.module.__name__}: {' '.join(self.line.split())}{number}"


def cut_out(cut: Cut, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the guard out until the test ends; fails where the module has no such line."""
    source = inspect.getsource(cut.module)
    parts, after = source.split(cut.line), (cut.nth or 0) + 1
    assert len(parts) > after, f"no such guard any more: {cut}"
    assert cut.nth is not None or len(parts) == 2, f"more than one such guard: {cut}"
    changed = cut.line.join(parts[:after]) + cut.left + cut.line.join(parts[after:])
    without = ModuleType(cut.module.__name__)
    without.__file__ = cut.module.__file__
    exec(compile(changed, str(cut.module.__file__), "exec"), without.__dict__)  # noqa: S102 - our own source
    swapped = 0
    for now, then in _pairs(vars(cut.module), vars(without)):
        if now.__code__ != then.__code__:
            monkeypatch.setattr(now, "__code__", then.__code__)
            swapped += 1
    assert swapped, f"nothing changed without it: {cut}"


def _pairs(now: Any, then: Any) -> Iterator[tuple[FunctionType, FunctionType]]:
    """Functions of both namespaces by name, those of classes defined there included."""
    for name, new in list(then.items()):
        old = now.get(name)
        if isinstance(new, type) and isinstance(old, type) and new.__module__ == then.get("__name__"):
            inner = {"__name__": None}
            yield from _pairs({**vars(old), **inner}, {**vars(new), **inner})
        mine, theirs = _function(old), _function(new)
        if mine is not None and theirs is not None and mine.__module__ == theirs.__module__:
            yield mine, theirs


def _function(value: Any) -> FunctionType | None:
    if isinstance(value, property | cached_property):
        value = getattr(value, "fget", None) or getattr(value, "func", None)
    if isinstance(value, staticmethod | classmethod):
        value = value.__func__
    value = inspect.unwrap(value) if callable(value) else value
    return value if isinstance(value, FunctionType) else None
