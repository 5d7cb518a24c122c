"""Many ids or keys as one bound value, so that a statement is worded once however many there are. Touches
SQLAlchemy only.

`IN (?, ?, ...)` is spelled anew for every number of ids, each id is a parameter of its own, and only so many
fit into one statement: for a hundred of them that takes longer than the reading. Here PostgreSQL gets one
array and SQLite one JSON list.
"""

import json
from collections.abc import Sequence
from typing import Any, Self

from sqlalchemy import BigInteger, Boolean, ColumnElement, Dialect, String, Text, TypeDecorator, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType


class IdList(TypeDecorator[Sequence[int]]):
    """A list of 64-bit ids as one value."""

    impl = Text
    cache_ok = True
    of: type[BigInteger] | type[Text] = BigInteger

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(ARRAY(self.of) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        ids = list(value or ())
        return ids if dialect.name == "postgresql" else json.dumps(ids)


class KeyList(IdList):
    """A list of texts as one value."""

    cache_ok = True
    of = Text


class _Listed(FunctionElement[bool]):
    """A column, and the list that its value must be in."""

    name = "listed"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> Self:
        """As it is: SQLite has no booleans, and `... = 1` after it would make SQLite read the whole table."""
        return self


@compiles(_Listed, "sqlite")
def _on_sqlite(element: _Listed, compiler: SQLCompiler, **more: Any) -> str:
    column, ids = element.clauses
    found = f"(SELECT value FROM json_each({compiler.process(ids, **more)}))"  # noqa: S608 - a parameter
    return f"{compiler.process(column, **more)} IN {found}"


@compiles(_Listed, "postgresql")
def _on_postgresql(element: _Listed, compiler: SQLCompiler, **more: Any) -> str:
    column, ids = element.clauses
    return f"{compiler.process(column, **more)} = ANY ({compiler.process(ids, **more)})"


def listed(column: ColumnElement[int] | ColumnElement[str], name: str = "ids") -> ColumnElement[bool]:
    """The condition that `column`, of ids or of texts, is one of what is bound to `name` when the statement
    is executed."""
    values = KeyList() if isinstance(column.type, String) else IdList()
    return _Listed(column, bindparam(name, type_=values))
