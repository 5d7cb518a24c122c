"""Many rows at once, as fast as each database takes them. Touches SQLAlchemy and the drivers.

SQLite: one prepared statement for all rows, with what is the same in all of them written into it: the driver
binds value after value, and for a row of fourteen that takes a third of the time. PostgreSQL: binary COPY
where nothing can be there already, else one statement over arrays.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

import asyncpg
from sqlalchemy import Float, Table, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import AWAY_STATES
from storage.errors import StorageUnavailableError

ENOUGH_ROWS = 50  # for a statement that is worded for them


async def insert_columns(
    connection: AsyncConnection,
    table: Table,
    columns: Mapping[str, Sequence[Any]],
    constants: Mapping[str, Any],
    *,
    unless: Sequence[str] = (),
) -> None:
    """Insert rows given by column, in the caller's transaction; at most 5,000 at a time on SQLite.

    Args:
        columns: values by name, all of one length; at least one.
        constants: values that are the same in every row.
        unless: columns of a unique constraint; rows that it forbids are left out. () = none can be there.

    Raises:
        IntegrityError: a constraint forbids one of them and `unless` does not name it; nothing is written.
        StorageUnavailableError: the connection broke (elsewhere the transaction itself says so).
    """
    names = [*columns, *constants]
    size = len(next(iter(columns.values())))
    if not size:
        return
    bind = {name: table.c[name].type.dialect_impl(connection.dialect) for name in names}
    to_driver = {
        name: None
        if isinstance(kind, Float)
        else kind.bind_processor(connection.dialect)  # floats come as such
        for name, kind in bind.items()
    }
    values = [_converted(column, to_driver[name]) for name, column in columns.items()]
    fixed = [_converted([value], to_driver[name])[0] for name, value in constants.items()]
    if connection.dialect.name != "postgresql":
        marks, bound = _worded(values, fixed, size)
        rows = list(zip(*bound, strict=True)) if bound else [()] * size
        await connection.exec_driver_sql(_statement(table, names, f"VALUES ({marks})", unless), rows)
    elif unless:
        kinds = [table.c[name].type.compile(connection.dialect) for name in names]
        arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(kinds, 1))
        parameters = (*map(list, values), *([value] * size for value in fixed))
        source = f"SELECT * FROM unnest({arrays})"  # noqa: S608 - numbered parameters and our own types
        await connection.exec_driver_sql(_statement(table, names, source, unless), parameters)
    else:
        rows = list(zip(*values, *(repeat(value, size) for value in fixed), strict=True))
        await _copy(connection, table, names, rows)


async def _copy(
    connection: AsyncConnection, table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    driver = (await connection.get_raw_connection()).driver_connection
    if not isinstance(driver, asyncpg.Connection):
        raise TypeError("PostgreSQL is spoken to through asyncpg")
    if not driver.is_in_transaction():  # SQLAlchemy begins one with its first statement only
        await connection.execute(select(1))
    try:
        await driver.copy_records_to_table(table.name, records=rows, columns=names)
    except asyncpg.IntegrityConstraintViolationError as error:
        raise IntegrityError(f"COPY {table.name}", None, error) from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
        if not _is_away(driver, error):
            raise
        await connection.invalidate(error)  # or its rollback would break again, as nobody expects
        raise StorageUnavailableError("the connection to the database broke") from error


def _is_away(driver: asyncpg.Connection, error: Exception) -> bool:
    """Whether a COPY failed because the connection did; asyncpg's own state machine may say so oddly."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "").startswith(AWAY_STATES)
    return driver.is_closed() or not isinstance(error, ValueError)  # a ValueError: our rows are wrong


def _worded(
    columns: Sequence[Sequence[Any]], constants: Sequence[Any], size: int
) -> tuple[str, list[Iterable[Any]]]:
    """What stands for each column in SQLite's statement, and the columns that are bound to it.

    An error quotes its statement: nothing of a single person is ever written into one.
    """
    marks, bound = list[str](), list[Iterable[Any]]()
    for column in columns:
        alike = size >= ENOUGH_ROWS and column.count(column[0]) == size
        literal = _literal(column[0]) if alike else None
        marks.append(literal or "?")
        if literal is None:
            bound.append(column)
    for value in constants:
        literal = _literal(value)
        marks.append(literal or "?")
        if literal is None:
            bound.append(repeat(value, size))
    return ", ".join(marks), bound


def _literal(value: object) -> str | None:
    """A value as SQLite reads it in a statement; None = it is to be bound."""
    match value:
        case None:
            return "NULL"
        case bool() | int():
            return str(int(value))
        case str() if "\0" not in value:
            return "'" + value.replace("'", "''") + "'"
    return None


def _converted(column: Sequence[Any], process: Callable[[Any], Any] | None) -> Sequence[Any]:
    """A column as the driver takes it; each different value is converted once."""
    if process is None:
        return column
    known = {value: process(value) for value in set(column)}
    return [known[value] for value in column]


def _statement(table: Table, names: Sequence[str], source: str, unless: Sequence[str]) -> str:
    unless_there = f" ON CONFLICT ({', '.join(unless)}) DO NOTHING" if unless else ""
    into = f"{table.name} ({', '.join(names)})"
    return f"INSERT INTO {into} {source}{unless_there}"
