"""Puts messages on the disk; those that wait at one moment share a commit. Touches SQL through `store`."""

import asyncio
from dataclasses import replace

from bot.errors import GoneError
from bot.gateways.webchat.store import Parcel, add, body_place, existing
from storage.clock import Clock
from storage.database import Database
from storage.errors import StorageError
from storage.vault import Vault

MOST_IN_A_COMMIT = 500


class Shelf:
    """Owns one short-lived task while messages wait."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._waiting: list[tuple[Parcel, asyncio.Future[int]]] = []
        self._task: asyncio.Task[None] | None = None

    async def put(self, parcel: Parcel) -> int:
        """Seal and store `parcel` unless its key is there already; return its id once it is on the disk.

        Raises:
            GoneError: there is no such chat (any more).
            StorageUnavailableError: it was not stored, or may have been: its key makes a second try harmless.
        """
        stored: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((parcel, stored))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._commit_groups())
        return await stored

    async def close(self) -> None:
        """Return once nothing waits any more."""
        if self._task is not None:
            await self._task

    async def _commit_groups(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:MOST_IN_A_COMMIT], self._waiting[MOST_IN_A_COMMIT:]
            try:
                ids = await self._commit([parcel for parcel, _ in group])
            except StorageError as error:
                for _, stored in group:
                    if not stored.done():
                        stored.set_exception(error)
                continue
            except BaseException:
                # A bug or a stop: nobody may wait for ever for this group.
                for _, stored in group:
                    stored.cancel()
                raise
            for parcel, stored in group:
                if stored.done():
                    continue
                if parcel.key in ids:
                    stored.set_result(ids[parcel.key])
                else:
                    stored.set_exception(GoneError("unknown_chat"))

    async def _commit(self, parcels: list[Parcel]) -> dict[str, int]:
        async with self._database.durable() as connection:
            there = await existing(connection, {parcel.chat for parcel in parcels})
            sealed = {
                parcel.key: replace(parcel, body=self._vault.seal(parcel.body, body_place(parcel.key)))
                for parcel in parcels
                if parcel.chat in there
            }
            if not sealed:
                return {}
            return await add(connection, list(sealed.values()), self._clock.now())
