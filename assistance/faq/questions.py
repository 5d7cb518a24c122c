"""What was asked, and what became of it. Touches `faq_question`; words are sealed with the asker's own key.

Kept: the words, the language, the country, what was answered. Kept for 90 days, or until the person is
erased.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Integer, case, cast, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from assistance.faq.errors import EntryUnknownError
from assistance.tables import faq_question
from bot.naming import short_key
from registry.merging import Merged
from storage.vault import PersonVault, Place

KEEP = timedelta(days=90)
MOST_OPEN = 300  # looked at at once, the newest


class QuestionState(StrEnum):
    """What became of something that was asked."""

    OFFERED = "offered"  # buttons were shown, none was pressed yet
    ANSWERED = "answered"
    REFUSED = "refused"  # "Not this?" or "None of these": an officer looks
    UNANSWERED = "unanswered"  # nothing was near enough: an officer looks
    SETTLED = "settled"  # an officer answered, or looked and put it aside


OPEN_QUESTIONS = (QuestionState.REFUSED, QuestionState.UNANSWERED)


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question. `entry_id`: what was shown as its answer; `country`: where the asker was."""

    id: int
    key: str
    person_id: int
    country: str
    language: str
    drill: bool
    state: QuestionState
    entry_id: int | None
    direct: bool
    score: float
    case_id: int | None
    at: datetime
    body: bytes = field(repr=False)

    def text(self, person_vault: PersonVault) -> str:
        """The words; raises `SealError` once the person was erased."""
        return person_vault.open_text(self.body, _place(self.key))


@dataclass(frozen=True, slots=True)
class Usefulness:
    """How often an entry was shown as the answer, without asking back, and refused."""

    shown: int
    direct: int
    refused: int


async def add(
    connection: AsyncConnection,
    person_vault: PersonVault,
    text: str,
    *,
    key: str,
    person_id: int,
    country: str,
    language: str,
    drill: bool,
    state: QuestionState,
    score: float,
    now: datetime,
    entry_id: int | None = None,
    direct: bool = False,
    case_id: int | None = None,
) -> int:
    """Write down a question; return its id. `key` names the event that brought it."""
    key = short_key(key)
    values = {
        "key": key,
        "person_id": person_id,
        "country": country,
        "language": language,
        "drill": drill,
        "body": person_vault.seal_text(text, _place(key)),
        "state": state.value,
        "entry_id": entry_id,
        "direct": direct,
        "score": score,
        "case_id": case_id,
        "at": now,
    }
    made = await connection.execute(insert(faq_question).values(values).returning(faq_question.c.id))
    return int(made.scalar_one())


async def of_person(connection: AsyncConnection, question_id: int, person_id: int) -> QuestionRow:
    """One question of this person; raises `EntryUnknownError`, whoever else's it may be."""
    query = select(faq_question).where(
        faq_question.c.id == question_id, faq_question.c.person_id == person_id
    )
    row = (await connection.execute(query)).first()
    if row is None:
        raise EntryUnknownError
    return _row_of(row)


async def change(connection: AsyncConnection, question_id: int, **values: Any) -> None:
    """Set columns of a question."""
    await connection.execute(update(faq_question).where(faq_question.c.id == question_id).values(**values))


async def settle(connection: AsyncConnection, question_ids: Collection[int], **values: Any) -> None:
    """An officer dealt with these."""
    settled = {"state": QuestionState.SETTLED.value, **values}
    await connection.execute(
        update(faq_question).where(faq_question.c.id.in_(list(question_ids))).values(**settled)
    )


async def by_ids(connection: AsyncConnection, question_ids: Sequence[int]) -> list[QuestionRow]:
    """Several questions that still wait for an officer, oldest first."""
    query = select(faq_question).where(
        faq_question.c.id.in_(list(question_ids)),
        faq_question.c.state.in_([state.value for state in OPEN_QUESTIONS]),
    )
    return [_row_of(row) for row in await connection.execute(query.order_by(faq_question.c.id))]


async def waiting(
    connection: AsyncConnection, countries: Collection[str] | None, limit: int = MOST_OPEN
) -> list[QuestionRow]:
    """Questions that wait for an officer of these countries (None = all), newest first."""
    query = select(faq_question).where(faq_question.c.state.in_([state.value for state in OPEN_QUESTIONS]))
    if countries is not None:
        query = query.where(faq_question.c.country.in_(sorted(countries)))
    query = query.order_by(faq_question.c.id.desc()).limit(limit)
    return [_row_of(row) for row in await connection.execute(query)]


async def opened(connection: AsyncConnection, case_id: int) -> bool:
    """Whether a request for help is one that a question opened."""
    query = select(faq_question.c.id).where(faq_question.c.case_id == case_id).limit(1)
    return (await connection.execute(query)).first() is not None


async def usefulness(connection: AsyncConnection, since: datetime) -> dict[int, Usefulness]:
    """By entry, of what was asked since then."""
    refused = func.sum(case((faq_question.c.state.in_([s.value for s in OPEN_QUESTIONS]), 1), else_=0))
    query = (
        select(faq_question.c.entry_id, func.count(), func.sum(cast(faq_question.c.direct, Integer)), refused)
        .where(faq_question.c.entry_id.is_not(None), faq_question.c.at >= since)
        .group_by(faq_question.c.entry_id)
    )
    return {
        row[0]: Usefulness(int(row[1]), int(row[2] or 0), int(row[3] or 0))
        for row in await connection.execute(query)
    }


async def purge(connection: AsyncConnection, now: datetime) -> int:
    """Delete what was asked 90 days ago; return how many."""
    return (await connection.execute(delete(faq_question).where(faq_question.c.at < now - KEEP))).rowcount


async def forget(connection: AsyncConnection, person_id: int) -> None:
    """Delete every question of a person who is being erased (a `registry.erasure.Forget`)."""
    await connection.execute(delete(faq_question).where(faq_question.c.person_id == person_id))


async def carry(connection: AsyncConnection, merged: Merged) -> None:
    """Take the questions of an absorbed registration to the survivor (a `registry.merging.Carry`)."""
    query = select(faq_question).where(faq_question.c.person_id == merged.absorbed_id)
    for row in [_row_of(found) for found in await connection.execute(query)]:
        body = merged.survivor_vault.seal_text(row.text(merged.absorbed_vault), _place(row.key))
        await change(connection, row.id, person_id=merged.survivor_id, body=body)


def _place(key: str) -> Place:
    return Place("faq_question", "body", key)


def _row_of(row: Any) -> QuestionRow:
    values = {name: getattr(row, name) for name in QuestionRow.__slots__}
    return QuestionRow(**{**values, "state": QuestionState(row.state), "drill": bool(row.drill)})
