"""Publications: what is answered from, with thresholds found for just these words. Touches SQL.

Approving changes nothing by itself: an officer publishes, the bank is asked its own questions, and the
thresholds that come out are kept with the ids of the revisions. Every web process takes the newest
publication by itself. Retiring an entry works at once, without a new one.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from assistance.faq import store
from assistance.faq.content import FACTS, Facts, Wording
from assistance.faq.engine import Bank, Engine, texts_needed
from assistance.faq.errors import NothingToPublishError
from assistance.faq.lifecycle import RevisionState
from assistance.faq.semantic import Embedder
from assistance.faq.store import EntryRow, RevisionRow
from assistance.faq.thresholds import Calibration
from assistance.faq.vectors import vectors_for
from assistance.tables import faq_publication
from storage.database import Database

LIVE_STATES = (RevisionState.APPROVED,)
DEMO_STATES = (RevisionState.APPROVED, RevisionState.PROPOSED, RevisionState.UNREVIEWED)


@dataclass(frozen=True, slots=True)
class Variant:
    """One entry in force: one answer in several languages for some countries.

    Attributes:
        unreviewed: languages whose words no second officer approved; only a demonstration has any.
    """

    entry_id: int
    slug: str
    facts: Facts
    wordings: Mapping[str, Wording]
    unreviewed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Publication:
    """What is in force. `thresholds`: by kind of engine, then by language."""

    id: int
    revisions: tuple[int, ...]
    thresholds: Mapping[str, Mapping[str, Any]]
    officer_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Edition:
    """A publication with its words and an engine that finds them.

    Attributes:
        variants: by subject; several where countries differ.
    """

    publication: Publication
    engine: Engine
    variants: Mapping[str, Sequence[Variant]] = field(repr=False)


async def newest_id(connection: AsyncConnection) -> int | None:
    """The id of the newest publication, None before the first."""
    found = (await connection.execute(select(func.max(faq_publication.c.id)))).scalar_one_or_none()
    return None if found is None else int(found)


async def newest(connection: AsyncConnection) -> Publication | None:
    """The newest publication."""
    query = select(faq_publication).order_by(faq_publication.c.id.desc()).limit(1)
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    return Publication(row.id, tuple(row.revisions), row.thresholds, row.officer_id, row.at)


async def in_force(connection: AsyncConnection, *, demo: bool) -> list[RevisionRow]:
    """What a publication made now would hold: every approved part of the entries in use.

    In a demonstration also what nobody reviewed: of each part the newest version.
    """
    rows = await store.in_state(connection, DEMO_STATES if demo else LIVE_STATES)
    newest_of: dict[tuple[int, str], RevisionRow] = {}
    for row in rows:
        before = newest_of.get((row.entry_id, row.part))
        if before is None or row.number > before.number:
            newest_of[row.entry_id, row.part] = row
    return list(newest_of.values())


async def publish(
    database: Database, embedder: Embedder | None, officer_id: int | None, now: datetime, *, demo: bool
) -> Publication:
    """Calibrate what is approved and put it in force; vectors and calibration are made off the loop.

    Raises:
        NothingToPublishError: no entry has approved words.
    """
    async with database.read() as connection:
        rows = await in_force(connection, demo=demo)
        variants = _variants(rows, await store.entries(connection))
    if not variants:
        raise NothingToPublishError
    bank = _bank(variants)
    thresholds = {"lexical": (await asyncio.to_thread(Engine, bank, None, None)).calibration.to_json()}
    if embedder is not None:
        vectors = await vectors_for(database, embedder, texts_needed(bank))
        engine = await asyncio.to_thread(Engine, bank, embedder, vectors)
        thresholds[engine.kind] = engine.calibration.to_json()
    revisions = [row.id for row in rows]
    values = {
        "revisions": revisions,
        "thresholds": thresholds,
        "officer_id": officer_id,
        "at": now,
    }
    async with database.durable() as connection:
        made = await connection.execute(
            insert(faq_publication).values(values).returning(faq_publication.c.id)
        )
        number = int(made.scalar_one())
    return Publication(number, tuple(revisions), thresholds, officer_id, now)


async def open_edition(database: Database, embedder: Embedder | None, *, demo: bool) -> Edition | None:
    """The newest publication, ready to be asked; None before the first.

    On a live installation a revision that was not approved is left out whatever the publication says. What
    was published without the model is found without it: nobody's question waits while vectors are made.
    """
    async with database.read() as connection:
        publication = await newest(connection)
        if publication is None:
            return None
        rows = await store.by_ids(connection, publication.revisions)
        allowed = {RevisionState.APPROVED, RevisionState.REPLACED}
        rows = [row for row in rows if demo or (row.approver_id is not None and row.state in allowed)]
        variants = _variants(rows, await store.entries(connection))
    bank, kept = _bank(variants), publication.thresholds.get("semantic")
    model = embedder if kept is not None else None
    vectors = await vectors_for(database, model, texts_needed(bank)) if model is not None else None
    kept = kept if model is not None else publication.thresholds.get("lexical")
    engine = await asyncio.to_thread(
        Engine,
        bank,
        model,
        vectors,
        calibration=Calibration.from_json(kept) if kept is not None else None,
        careful=[subject for subject, several in variants.items() if any(v.facts.careful for v in several)],
    )
    return Edition(publication, engine, variants)


def _variants(rows: Sequence[RevisionRow], entries: Sequence[EntryRow]) -> dict[str, list[Variant]]:
    """By subject; an entry without words is none, one without facts holds everywhere."""
    parts: dict[int, dict[str, RevisionRow]] = {}
    for row in rows:
        parts.setdefault(row.entry_id, {})[row.part] = row
    found: dict[str, list[Variant]] = {}
    for entry in entries:
        own = parts.get(entry.id, {})
        words = {part: row.wording for part, row in own.items() if part != FACTS}
        if words and FACTS in own:
            unreviewed = frozenset(part for part, row in own.items() if row.approver_id is None)
            variant = Variant(entry.id, entry.slug, own[FACTS].facts, words, unreviewed)
            found.setdefault(entry.subject, []).append(variant)
    return found


def _bank(variants: Mapping[str, Sequence[Variant]]) -> Bank:
    """Approved questions by language and subject, those of all variants together."""
    bank: dict[str, dict[str, list[str]]] = {}
    for subject, several in variants.items():
        for variant in several:
            for language, wording in variant.wordings.items():
                known = bank.setdefault(language, {}).setdefault(subject, [])
                known += [question for question in wording.questions if question not in known]
    return bank
