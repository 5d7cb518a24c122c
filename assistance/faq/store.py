"""Rows of entries and their revisions. Touches SQL only; every rule is `assistance.faq.desk`'s."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from assistance.faq.content import FACTS, Facts, Wording, subject_of
from assistance.faq.errors import EntryUnknownError
from assistance.faq.lifecycle import WAITING, RevisionState
from assistance.tables import faq_entry, faq_revision
from storage.listed import listed


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry; what it says is in its revisions."""

    id: int
    slug: str
    subject: str
    created_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """One version of one part of an entry.

    Attributes:
        part: a language, or `facts`.
        authors: officers who wrote or adopted any of it since the last approval.
        origin: starter, import, officer or learned.
    """

    id: int
    entry_id: int
    part: str
    number: int
    content: Mapping[str, Any]
    state: RevisionState
    authors: tuple[int, ...]
    approver_id: int | None
    origin: str
    created_at: datetime
    decided_at: datetime | None

    @property
    def wording(self) -> Wording:
        """The words, of a part that is a language."""
        return Wording.from_json(self.content)

    @property
    def facts(self) -> Facts:
        """The facts, of the part that is none."""
        return Facts.from_json(self.content)


async def make_entry(connection: AsyncConnection, slug: str, now: datetime) -> int:
    """The id of the entry `slug`, made if there is none.

    Raises:
        ContentRefusedError: it is no slug.
    """
    subject = subject_of(slug)
    row = (await connection.execute(select(faq_entry.c.id).where(faq_entry.c.slug == slug))).first()
    if row is not None:
        return int(row.id)
    values = {"slug": slug, "subject": subject, "created_at": now}
    made = await connection.execute(insert(faq_entry).values(values).returning(faq_entry.c.id))
    return int(made.scalar_one())


async def entry(connection: AsyncConnection, entry_id: int) -> EntryRow:
    """One entry; raises `EntryUnknownError`."""
    row = (await connection.execute(select(faq_entry).where(faq_entry.c.id == entry_id))).first()
    if row is None:
        raise EntryUnknownError
    return _entry_of(row)


async def locked(connection: AsyncConnection, entry_id: int) -> EntryRow:
    """As `entry`, holding it until the caller's transaction ends."""
    query = select(faq_entry).where(faq_entry.c.id == entry_id).with_for_update()
    row = (await connection.execute(query)).first()
    if row is None:
        raise EntryUnknownError
    return _entry_of(row)


async def entries(connection: AsyncConnection, *, retired: bool = False) -> list[EntryRow]:
    """Every entry by slug; those that were retired only when asked for."""
    query = select(faq_entry).order_by(faq_entry.c.slug)
    if not retired:
        query = query.where(faq_entry.c.retired_at.is_(None))
    return [_entry_of(row) for row in await connection.execute(query)]


async def set_entry(connection: AsyncConnection, entry_id: int, **values: Any) -> None:
    """Set columns of an entry."""
    await connection.execute(update(faq_entry).where(faq_entry.c.id == entry_id).values(**values))


async def revision(connection: AsyncConnection, revision_id: int) -> RevisionRow:
    """One revision; raises `EntryUnknownError`."""
    row = (await connection.execute(select(faq_revision).where(faq_revision.c.id == revision_id))).first()
    if row is None:
        raise EntryUnknownError
    return _revision_of(row)


async def history(connection: AsyncConnection, entry_id: int) -> list[RevisionRow]:
    """Every revision of an entry, newest first."""
    query = select(faq_revision).where(faq_revision.c.entry_id == entry_id)
    return await _revisions(connection, query.order_by(faq_revision.c.id.desc()))


async def in_state(
    connection: AsyncConnection, states: Collection[RevisionState], entry_ids: Collection[int] | None = None
) -> list[RevisionRow]:
    """Revisions of entries in use that stand in one of `states`, by entry and part."""
    query = (
        select(faq_revision)
        .join(faq_entry, faq_entry.c.id == faq_revision.c.entry_id)
        .where(faq_revision.c.state.in_([state.value for state in states]), faq_entry.c.retired_at.is_(None))
        .order_by(faq_revision.c.entry_id, faq_revision.c.part)
    )
    if entry_ids is not None:
        query = query.where(faq_revision.c.entry_id.in_(list(entry_ids)))
    return await _revisions(connection, query)


async def by_ids(connection: AsyncConnection, ids: Sequence[int]) -> list[RevisionRow]:
    """The revisions of a publication, retired entries left out."""
    query = (
        select(faq_revision)
        .join(faq_entry, faq_entry.c.id == faq_revision.c.entry_id)
        .where(listed(faq_revision.c.id), faq_entry.c.retired_at.is_(None))
        .order_by(faq_revision.c.id)
    )
    return await _revisions(connection, query.params(ids=ids))


async def waiting(connection: AsyncConnection, entry_id: int, part: str) -> RevisionRow | None:
    """The version of a part that nobody has decided on yet."""
    query = select(faq_revision).where(
        faq_revision.c.entry_id == entry_id,
        faq_revision.c.part == part,
        faq_revision.c.state.in_([state.value for state in WAITING]),
    )
    found = await _revisions(connection, query.order_by(faq_revision.c.id.desc()))
    return found[0] if found else None


async def approved(connection: AsyncConnection, entry_id: int, part: str) -> RevisionRow | None:
    """The version of a part that is in force."""
    query = select(faq_revision).where(
        faq_revision.c.entry_id == entry_id,
        faq_revision.c.part == part,
        faq_revision.c.state == RevisionState.APPROVED.value,
    )
    found = await _revisions(connection, query.order_by(faq_revision.c.id.desc()))
    return found[0] if found else None


async def add_revision(
    connection: AsyncConnection,
    entry_id: int,
    part: str,
    content: Wording | Facts,
    *,
    state: RevisionState,
    authors: Collection[int],
    origin: str,
    now: datetime,
) -> int:
    """Write the next version of a part; return its id."""
    newest = select(func.max(faq_revision.c.number)).where(
        faq_revision.c.entry_id == entry_id, faq_revision.c.part == part
    )
    number = ((await connection.execute(newest)).scalar_one_or_none() or 0) + 1
    if isinstance(content, Facts) is not (part == FACTS):
        raise ValueError("facts and words are kept in parts of their own")
    values = {
        "entry_id": entry_id,
        "part": part,
        "number": number,
        "content": content.to_json(),
        "state": state.value,
        "authors": sorted(set(authors)),
        "origin": origin,
        "created_at": now,
    }
    made = await connection.execute(insert(faq_revision).values(values).returning(faq_revision.c.id))
    return int(made.scalar_one())


async def set_revision(connection: AsyncConnection, revision_id: int, **values: Any) -> None:
    """Set columns of a revision."""
    await connection.execute(update(faq_revision).where(faq_revision.c.id == revision_id).values(**values))


async def _revisions(connection: AsyncConnection, query: Select[Any]) -> list[RevisionRow]:
    return [_revision_of(row) for row in await connection.execute(query)]


def _entry_of(row: Row[Any]) -> EntryRow:
    return EntryRow(**{name: getattr(row, name) for name in EntryRow.__slots__})


def _revision_of(row: Row[Any]) -> RevisionRow:
    values = {name: getattr(row, name) for name in RevisionRow.__slots__}
    values |= {"state": RevisionState(row.state), "authors": tuple(row.authors)}
    return RevisionRow(**values)
