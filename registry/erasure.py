"""Erasing a person: their data key is destroyed, their rows go, their random id goes on the erased list.

Touches SQL and one file. The list is kept outside the database and its backups; whoever restores an old
backup replays it, so a backup never needs rewriting. One id a line, 14 hexadecimal digits: a line cut short
by a crash is no id. An id is on the disk before its person is touched: a crash in between erases somebody who
asked for it.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.forgetting import forget_lane
from bot.gateways.webchat import store as webchat
from bot.messages import Channel
from registry import addresses, changes
from registry.errors import ErasedListError, PersonUnknownError
from registry.lifecycle import PersonAct, PersonState
from registry.people import PersonRow, get
from registry.settling import enact, lock_whole
from registry.tables import address, link_code, link_try, person, phone, prompt, watch, whereabouts
from storage.errors import SealError
from storage.vault import Vault

ID_DIGITS = 14  # 53 bits

Forget = Callable[[AsyncConnection, int], Awaitable[None]]
"""Deletes what another folder keeps of a person, in the same transaction."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of the ids on the list: erased `again`, or `gone` already (erased, or never known here)."""

    again: int
    gone: int


class ErasedList:
    """The ids of erased people, in a file outside the database."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def append(self, person_ids: Sequence[int]) -> None:
        """Add ids; they are on the disk when this returns. Raises `ErasedListError` if they cannot be."""
        try:
            await asyncio.to_thread(self._append, list(person_ids))
        # Not left as it is: inside a transaction it would look like the database's own.
        except OSError as error:
            raise ErasedListError from error

    async def read(self) -> list[int]:
        """Every id ever added, each once, oldest first; nothing when the file is not there yet.

        Raises:
            ErasedListError: the file cannot be read, or a whole line of it is no id.
        """
        try:
            return await asyncio.to_thread(self._read)
        except (OSError, ValueError) as error:
            raise ErasedListError from error

    def _append(self, person_ids: list[int]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self._path.exists()
        descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            lines = "".join(f"{person_id:0{ID_DIGITS}x}\n" for person_id in person_ids)
            os.write(descriptor, (b"\n" if torn else b"") + lines.encode())  # one write: appends do not mix
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)  # or the file's name may be lost with the power
            finally:
                os.close(folder)

    def _read(self) -> list[int]:
        if not self._path.exists():
            return []
        lines = self._path.read_text().splitlines()
        return list(dict.fromkeys(int(line, 16) for line in lines if len(line) == ID_DIGITS))


async def erase(
    connection: AsyncConnection,
    vault: Vault,
    person_id: int,
    erased: ErasedList,
    now: datetime,
    forget: Sequence[Forget] = (),
) -> None:
    """Erase one person and whatever registrations were merged into theirs; again does nothing more.

    Args:
        forget: what other folders delete of the person in the same transaction (help cases and their
            threads).

    Raises:
        PersonUnknownError: there is no such person.
        ErasedListError: the erased list cannot be written; nothing was erased.
    """
    row = await get(connection, person_id)
    if row is None:
        raise PersonUnknownError
    ids = [person_id, *await _merged_into(connection, person_id)]
    await erased.append(ids)
    for each in ids:
        await _destroy(connection, vault, each, now, forget)


async def replay(
    connection: AsyncConnection,
    vault: Vault,
    erased: ErasedList,
    now: datetime,
    forget: Sequence[Forget] = (),
) -> Replayed:
    """After a restore, before anything else runs: erase whoever is on the list; again does nothing more.

    Raises:
        ErasedListError: the erased list cannot be read; nobody was erased.
    """
    ids = await erased.read()
    again = 0
    for person_id in ids:
        row = await get(connection, person_id)
        if row is not None and row.state is not PersonState.ERASED:
            await _destroy(connection, vault, person_id, now, forget)
            again += 1
    return Replayed(again, len(ids) - again)


async def _merged_into(connection: AsyncConnection, person_id: int) -> list[int]:
    query = select(person.c.id).where(person.c.merged_into == person_id).order_by(person.c.id)
    return list((await connection.execute(query)).scalars())


async def _destroy(
    connection: AsyncConnection, vault: Vault, person_id: int, now: datetime, forget: Sequence[Forget]
) -> None:
    await lock_whole(connection, {person_id})
    row = await get(connection, person_id)
    if row is None:
        raise PersonUnknownError
    for take in forget:
        await take(connection, person_id)
    await _forget_talk(connection, vault, row)
    for table in (address, whereabouts, phone, link_code, watch, prompt):
        await connection.execute(delete(table).where(table.c.person_id == person_id))
    await enact(connection, person_id, PersonAct.ERASE, now)
    await connection.execute(
        update(person)
        .where(person.c.id == person_id)
        .values(
            data_key=None,
            consent_version=None,
            consent_at=None,
            language="",
            language_chosen=False,
            merged_into=None,
            changed_at=now,
        )
    )
    await changes.append(connection, [person_id], now)


async def _forget_talk(connection: AsyncConnection, vault: Vault, row: PersonRow) -> None:
    """Delete what the person and we said to each other on each of their lanes."""
    for own in await addresses.of_person(connection, row.id):
        await connection.execute(delete(link_try).where(link_try.c.lane == own.lane))
        await forget_lane(connection, own.lane)
        if own.channel is Channel.WEBCHAT:
            try:
                chat = addresses.open_row(row.unlocked(vault), own).value
            except SealError:  # an unreadable address must not keep anybody from being erased
                continue
            await webchat.forget(connection, chat)
