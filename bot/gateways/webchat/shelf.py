"""Puts messages and acknowledgements on the disk; those that wait at one moment share a commit.

Touches SQL through `store`. On SQLite a commit of its own for each would cost more than everything else.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.errors import GoneError
from bot.gateways.webchat.store import Parcel, acknowledge, add, body_place, existing, note_use
from storage.clock import Clock
from storage.database import Database
from storage.errors import StorageError
from storage.vault import Vault

MOST_IN_A_COMMIT = 500


@dataclass(slots=True)
class _Job:
    """A parcel to store, or messages to acknowledge; `done` becomes the id of the parcel."""

    done: asyncio.Future[int]
    parcel: Parcel | None = None
    acked: Sequence[int] = field(default=())


class Shelf:
    """Owns one short-lived task while something waits."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._waiting: list[_Job] = []
        self._task: asyncio.Task[None] | None = None

    async def put(self, parcel: Parcel) -> int:
        """Seal and store `parcel` unless its key is there already; return its id once it is on the disk.

        Raises:
            GoneError: there is no such chat (any more).
            StorageUnavailableError: it was not stored, or may have been: its key makes a second try harmless.
        """
        return await self._enqueue(_Job(asyncio.get_running_loop().create_future(), parcel))

    async def acknowledge(self, messages: Sequence[int]) -> None:
        """Note that a browser has these messages; raises `StorageUnavailableError`."""
        await self._enqueue(_Job(asyncio.get_running_loop().create_future(), acked=messages))

    async def close(self) -> None:
        """Return once nothing waits any more."""
        if self._task is not None:
            await self._task

    async def _enqueue(self, job: _Job) -> int:
        self._waiting.append(job)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._commit_groups())
        return await job.done

    async def _commit_groups(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:MOST_IN_A_COMMIT], self._waiting[MOST_IN_A_COMMIT:]
            try:
                ids = await self._commit(group)
            except StorageError as error:
                for job in group:
                    if not job.done.done():
                        job.done.set_exception(error)
                continue
            except BaseException:
                # A bug or a stop: nobody may wait for ever for this group.
                for job in group:
                    job.done.cancel()
                raise
            for job in group:
                _settle(job, ids)

    async def _commit(self, group: Sequence[_Job]) -> dict[str, int]:
        parcels = [job.parcel for job in group if job.parcel is not None]
        acked = [message for job in group for message in job.acked]
        now = self._clock.now()
        async with self._database.durable() as connection:
            if acked:
                await acknowledge(connection, acked, now)
            if not parcels:
                return {}
            there = await existing(connection, {parcel.chat for parcel in parcels})
            sealed = {parcel.key: self._sealed(parcel) for parcel in parcels if parcel.chat in there}
            if not sealed:
                return {}
            used = {parcel.chat for parcel in sealed.values() if parcel.from_citizen}
            if used:
                await note_use(connection, used, now)
            return await add(connection, list(sealed.values()), now)

    def _sealed(self, parcel: Parcel) -> Parcel:
        return replace(parcel, body=self._vault.seal(parcel.body, body_place(parcel.key)))


def _settle(job: _Job, ids: dict[str, int]) -> None:
    if job.done.done():
        return
    if job.parcel is None:
        job.done.set_result(0)
    elif job.parcel.key in ids:
        job.done.set_result(ids[job.parcel.key])
    else:
        job.done.set_exception(GoneError("unknown_chat"))
