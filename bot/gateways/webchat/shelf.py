"""Puts messages and acknowledgements on the disk; those that wait at one moment share a commit.

Touches SQL through `store`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.errors import GoneError
from bot.gateways.webchat.store import Parcel, acknowledge, add, body_place, existing, note_use
from bot.gateways.webchat.together import Together
from storage.clock import Clock
from storage.database import Database
from storage.vault import Vault

MOST_IN_A_COMMIT = 500


@dataclass(frozen=True, slots=True)
class _Acked:
    messages: Sequence[int]


class Shelf:
    """Where everything of a web chat is laid down."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._commits: Together[Parcel | _Acked, int | None] = Together(self._commit, MOST_IN_A_COMMIT)

    async def put(self, parcel: Parcel) -> int:
        """Seal and store `parcel` unless its key is there already; return its id once it is on the disk.

        Raises:
            GoneError: there is no such chat (any more).
            StorageUnavailableError: it was not stored, or may have been: its key makes a second try harmless.
        """
        stored = await self._commits.ask(parcel)
        if stored is None:
            raise GoneError("unknown_chat")
        return stored

    async def acknowledge(self, messages: Sequence[int]) -> None:
        """Note that a browser has these messages; raises `StorageUnavailableError`."""
        await self._commits.ask(_Acked(messages))

    async def close(self) -> None:
        """Return once nothing waits any more."""
        await self._commits.close()

    async def _commit(self, jobs: Sequence[Parcel | _Acked]) -> list[int | None]:
        parcels = [job for job in jobs if isinstance(job, Parcel)]
        acked = [message for job in jobs if isinstance(job, _Acked) for message in job.messages]
        ids: dict[str, int] = {}
        now = self._clock.now()
        async with self._database.durable() as connection:
            if acked:
                await acknowledge(connection, acked, now)
            there = await existing(connection, {parcel.chat for parcel in parcels}) if parcels else set()
            sealed = {parcel.key: self._sealed(parcel) for parcel in parcels if parcel.chat in there}
            used = {parcel.chat for parcel in sealed.values() if parcel.from_citizen}
            if used:
                await note_use(connection, used, now)
            if sealed:
                ids = await add(connection, list(sealed.values()), now)
        return [ids.get(job.key) if isinstance(job, Parcel) else None for job in jobs]

    def _sealed(self, parcel: Parcel) -> Parcel:
        return replace(parcel, body=self._vault.seal(parcel.body, body_place(parcel.key)))
