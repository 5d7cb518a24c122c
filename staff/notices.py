"""Notices to the people who run Muster: a refused account, held rungs, a call for help. Touches SQL only.

A notice says what happened and what to do; it never holds anything of a citizen. The same thing is told
once: while a notice of one kind and subject is open, another of the same is only made newer (and urgent,
if it is).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from staff.tables import notice

TEXT_MAX = 300


class NoticeKind(StrEnum):
    """What happened; docs/runbook.md says of each what to do."""

    CASE_HELP = "case.help"
    CASE_DANGER = "case.danger"
    CASE_QUESTION = "case.question"
    CHECKIN_CONTRADICTS = "checkin.contradicts"
    ANSWER_UNHEARD = "answer.unheard"
    TEMPLATE_REFUSED = "template.refused"
    ACCOUNT_CLOSED = "account.closed"
    ACCOUNT_LIMITED = "account.limited"
    ACCOUNT_REMOVED = "account.removed"
    ACCOUNT_FAILING = "account.failing"
    BUDGET_CAP = "budget.cap"
    RUNGS_HELD = "rungs.held"
    RUNGS_RELEASED = "rungs.released"
    RUNGS_PASSED = "rungs.passed"  # never open: from here on an earlier release counts no more
    INBOX_FAILED = "inbox.failed"
    PLAN_REFUSED = "plan.refused"
    PLAN_BROKEN = "plan.broken"
    RUNGS_BROKEN = "rungs.broken"
    PLANNER_BROKEN = "planner.broken"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something an operator must see."""

    id: int
    kind: str
    subject: str
    text: str
    urgent: bool
    at: datetime


async def post(
    connection: AsyncConnection, *, kind: NoticeKind, subject: str, text: str, urgent: bool, at: datetime
) -> None:
    """Tell the operators; `text` beyond 300 characters is cut."""
    words = text[:TEXT_MAX]
    same = (notice.c.kind == kind) & (notice.c.subject == subject) & notice.c.closed_at.is_(None)
    renewed = await connection.execute(
        update(notice).where(same).values(text=words, at=at, urgent=or_(notice.c.urgent, literal(urgent)))
    )
    if renewed.rowcount == 0:
        await connection.execute(
            insert(notice).values(kind=kind, subject=subject, text=words, urgent=urgent, at=at)
        )


async def open_notices(connection: AsyncConnection, *, limit: int = 200) -> list[Notice]:
    """Read what is open, urgent first, then newest first."""
    query = (
        select(notice.c.id, notice.c.kind, notice.c.subject, notice.c.text, notice.c.urgent, notice.c.at)
        .where(notice.c.closed_at.is_(None))
        .order_by(notice.c.urgent.desc(), notice.c.at.desc(), notice.c.id.desc())
        .limit(limit)
    )
    return [Notice(*row) for row in await connection.execute(query)]


async def close(connection: AsyncConnection, notice_id: int, *, at: datetime) -> bool:
    """Mark a notice as dealt with; False when it already was or never existed."""
    done = await connection.execute(
        update(notice).where(notice.c.id == notice_id, notice.c.closed_at.is_(None)).values(closed_at=at)
    )
    return done.rowcount == 1


async def resolve(connection: AsyncConnection, *, kind: NoticeKind, subject: str, at: datetime) -> None:
    """Close what the machine sees has passed (an account opens again, receipts come in)."""
    await connection.execute(
        update(notice)
        .where(notice.c.kind == kind, notice.c.subject == subject, notice.c.closed_at.is_(None))
        .values(closed_at=at)
    )


async def open_of(
    connection: AsyncConnection, kinds: Collection[NoticeKind], *, begins: str = ""
) -> list[Notice]:
    """Open notices of some kinds whose subject begins so, oldest first."""
    query = select(
        notice.c.id, notice.c.kind, notice.c.subject, notice.c.text, notice.c.urgent, notice.c.at
    ).where(notice.c.kind.in_(sorted(kinds)), notice.c.closed_at.is_(None))
    if begins:
        query = query.where(notice.c.subject.startswith(begins, autoescape=True))
    return [Notice(*row) for row in await connection.execute(query.order_by(notice.c.id))]


async def newest_kind(
    connection: AsyncConnection, kinds: Collection[NoticeKind], *, subject: str
) -> str | None:
    """Of which of these kinds the last notice of this subject was, open or closed; None = there was none."""
    query = (
        select(notice.c.kind)
        .where(notice.c.kind.in_(sorted(kinds)), notice.c.subject == subject)
        .order_by(notice.c.id.desc())
        .limit(1)
    )
    return (await connection.execute(query)).scalar_one_or_none()
