"""Takes entries of files into the desk, marked as reviewed by nobody, and gives them out. Touches SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources

from sqlalchemy.ext.asyncio import AsyncConnection

from assistance.faq import store
from assistance.faq.content import FACTS, Facts, Wording
from assistance.faq.files import FileEntry, read_entries
from assistance.faq.lifecycle import RevisionAct, RevisionState, advance
from assistance.faq.publishing import DEMO_STATES, LIVE_STATES


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import changed: parts that were new or different, parts that stayed as they were."""

    new: int
    same: int


def starter_bank() -> list[FileEntry]:
    """The entries that ship with Muster.

    Raises:
        FileRefusedError: one of our own files is broken.
    """
    folder = resources.files("assistance") / "faq" / "starter"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda f: f.name)
    return [
        entry
        for file in files
        for entry in read_entries(
            file.read_text(encoding="utf-8"), kind="yaml", topic=file.name.removesuffix(".yaml")
        )
    ]


async def take(
    connection: AsyncConnection, entries: Sequence[FileEntry], *, origin: str, now: datetime
) -> Taken:
    """Write entries as *unreviewed*; what says the same already is left alone, in whatever state."""
    new = same = 0
    for entry in entries:
        entry_id = await store.make_entry(connection, entry.slug, now)
        parts: dict[str, Facts | Wording] = {FACTS: entry.facts, **entry.wordings}
        for part, content in parts.items():
            waiting = await store.waiting(connection, entry_id, part)
            in_force = await store.approved(connection, entry_id, part)
            known = [row.content for row in (waiting, in_force) if row is not None]
            if content.to_json() in known:
                same += 1
                continue
            if waiting is not None:
                after = advance(waiting.state, RevisionAct.REPLACE)
                await store.set_revision(connection, waiting.id, state=after.value, decided_at=now)
            await store.add_revision(
                connection,
                entry_id,
                part,
                content,
                state=RevisionState.UNREVIEWED,
                authors=(),
                origin=origin,
                now=now,
            )
            new += 1
    return Taken(new, same)


async def give(connection: AsyncConnection, *, unreviewed: bool) -> list[FileEntry]:
    """Every entry in use: what is approved, or of each part the newest version."""
    rows = await store.in_state(connection, DEMO_STATES if unreviewed else LIVE_STATES)
    newest = {}
    for row in sorted(rows, key=lambda row: row.number):
        newest[row.entry_id, row.part] = row
    found = []
    for entry in await store.entries(connection):
        own = {part: row for (entry_id, part), row in newest.items() if entry_id == entry.id}
        words = {part: row.wording for part, row in sorted(own.items()) if part != FACTS}
        if words:
            facts = own[FACTS].facts if FACTS in own else Facts()
            found.append(FileEntry(entry.slug, facts, words))
    return found
