"""The audit chain: every act, each row sealed to the one before. Touches SQL through the caller's connection.

A row is written in the transaction of the act it tells of, so neither exists without the other. Each hash
covers every column of its row and the hash before it: changing, removing or swapping rows breaks the chain.
What a chain cannot see is its own end being cut off, so `AuditReport.head` is what an operator writes down
elsewhere.
Details hold random ids, codes, counts and states only: never words, names, numbers or places of citizens.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from staff.tables import audit

GENESIS = bytes(32)
APPEND_LOCK = 0x4D75_7374_6572  # PostgreSQL advisory lock: one append at a time ("Muster")
PAGE = 2_000

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act as it was recorded."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Json]
    previous: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The outcome of a check of the whole chain.

    Attributes:
        entries: rows that are proven good, from the first on.
        head: hex hash of the last good row; write it down elsewhere, and a chain cut short will show.
        broken_at: `seq` of the first row that does not fit, or None.
        problem: what is wrong with that row, in words.
    """

    entries: int
    head: str
    broken_at: int | None = None
    problem: str = ""

    @property
    def intact(self) -> bool:
        return self.broken_at is None


async def append(
    connection: AsyncConnection,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, Json],
) -> None:
    """Record one act in the caller's writing transaction; appends stand in line until it ends."""
    if connection.dialect.name == "postgresql":  # SQLite's BEGIN IMMEDIATE has one writer already
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": APPEND_LOCK})
    last = (
        await connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1))
    ).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, GENESIS)
    moment = at.astimezone(UTC)
    await connection.execute(
        insert(audit).values(
            seq=seq,
            at=moment,
            actor=actor,
            action=action,
            subject=subject,
            detail=dict(detail),
            previous=previous,
            hash=_digest(seq, moment, actor, action, subject, detail, previous),
        )
    )


async def verify(connection: AsyncConnection) -> AuditReport:
    """Walk the whole chain and report the first row that does not fit."""
    previous, expected = GENESIS, 1
    while True:
        page = await connection.execute(
            select(audit).where(audit.c.seq >= expected).order_by(audit.c.seq).limit(PAGE)
        )
        rows = page.all()
        for row in rows:
            problem = _problem(_entry(row), expected, previous)
            if problem:
                return AuditReport(expected - 1, previous.hex(), expected, problem)
            previous, expected = row.hash, expected + 1
        if len(rows) < PAGE:
            break
    stray = (await connection.execute(select(audit.c.seq).where(audit.c.seq < 1).limit(1))).first()
    if stray:
        return AuditReport(expected - 1, previous.hex(), stray.seq, "a row stands before the first one")
    return AuditReport(expected - 1, previous.hex())


async def newest(
    connection: AsyncConnection, *, limit: int = 50, before: int | None = None, subject: str | None = None
) -> list[AuditEntry]:
    """Read the newest entries first, those with `seq` below `before`, of one `subject` if given."""
    query = select(audit).order_by(audit.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.seq < before)
    if subject is not None:
        query = query.where(audit.c.subject == subject)
    return [_entry(row) for row in await connection.execute(query)]


def _entry(row: object) -> AuditEntry:
    return AuditEntry(**{name: getattr(row, name) for name in AuditEntry.__slots__})


def _problem(entry: AuditEntry, expected: int, previous: bytes) -> str:
    if entry.seq != expected:
        return "a row is missing"
    if not hmac.compare_digest(entry.previous, previous):
        return "the row does not follow the one before it"
    digest = _digest(
        entry.seq, entry.at, entry.actor, entry.action, entry.subject, entry.detail, entry.previous
    )
    if not hmac.compare_digest(entry.hash, digest):
        return "the row was changed after it was written"
    return ""


def _digest(
    seq: int,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, Json],
    previous: bytes,
) -> bytes:
    fields = [seq, at.astimezone(UTC).isoformat(timespec="microseconds"), actor, action, subject, detail]
    body = json.dumps(fields, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=dict)
    return sha256(previous + body.encode()).digest()
