"""A whole table by column, a million rows a second or so. Touches SQLAlchemy only.

A row handed over as an object costs more than reading it. Here the database writes each column of a page into
one text, and numpy reads that.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, ColumnElement, Select, String, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

PAGE = 50_000
APART = "\n"


@dataclass(frozen=True, slots=True)
class Words:
    """A column of few different words: `names[codes[row]]`."""

    codes: NDArray[np.int32]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """What was read, row by row in the order of the key."""

    numbers: tuple[NDArray[np.int64], ...]
    words: tuple[Words, ...]


async def scan(
    connection: AsyncConnection,
    key: Column[int],
    numbers: Sequence[ColumnElement[Any]],
    words: Sequence[ColumnElement[str]] = (),
    *conditions: ColumnElement[bool],
) -> Columns:
    """Read whole numbers and words (never null) of the rows that meet the conditions, by the table's key.

    Raises:
        ValueError: a word holds a line break.
    """
    known: list[dict[str, int]] = [{} for _ in words]
    pages: list[list[NDArray[Any]]] = []
    after: int | None = None
    while True:
        query = _page(key, [*numbers, *words], conditions, after)
        size, last, *texts = (await connection.execute(query)).one()
        if not size:
            break
        pages.append(await asyncio.to_thread(_read, texts, size, known))
        if size < PAGE:
            break
        after = last
    joined = (
        [np.concatenate(column) for column in zip(*pages, strict=True)] if pages else _nothing(numbers, words)
    )
    found = (Words(codes, tuple(names)) for codes, names in zip(joined[len(numbers) :], known, strict=True))
    return Columns(tuple(joined[: len(numbers)]), tuple(found))


def _page(
    key: Column[int],
    wanted: Sequence[ColumnElement[Any]],
    conditions: Sequence[ColumnElement[bool]],
    after: int | None,
) -> Select[*tuple[Any, ...]]:
    columns = [column.label(f"c{number}") for number, column in enumerate(wanted)]
    rows = select(key.label("key"), *columns).where(*conditions).order_by(key).limit(PAGE)
    if after is not None:
        rows = rows.where(key > after)
    page = rows.subquery()
    texts = [func.aggregate_strings(cast(page.c[column.name], String), APART) for column in columns]
    return select(func.count(), func.max(page.c.key), *texts)


def _read(texts: Sequence[str], size: int, known: Sequence[dict[str, int]]) -> list[NDArray[Any]]:
    plain = len(texts) - len(known)
    columns: list[NDArray[Any]] = [np.fromstring(text, dtype=np.int64, sep=APART) for text in texts[:plain]]
    for text, names in zip(texts[plain:], known, strict=True):
        said = text.split(APART)
        for word in set(said):
            names.setdefault(word, len(names))
        columns.append(np.fromiter(map(names.__getitem__, said), dtype=np.int32, count=len(said)))
    if any(column.size != size for column in columns):
        raise ValueError("a column does not hold one value for each row")
    return columns


def _nothing(numbers: Sequence[object], words: Sequence[object]) -> list[NDArray[Any]]:
    return [np.empty(0, dtype=np.int64) for _ in numbers] + [np.empty(0, dtype=np.int32) for _ in words]
