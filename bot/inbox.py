"""The inbox: every event of a provider or browser is here, on the disk, before anybody is told that it
arrived.

Touches the tables `inbox` (writes) and, through a predicate handed down, whatever tells whether an exact
position is wanted. Calls within 5 ms share one durable transaction; each returns only after its own rows are
committed.

Position rule: a pin sent *to be warned* is snapped to the centre of its cell before anything is written,
this table included; a pin sent *for help* stays exact. Both are sealed like every word.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.codec import dump_event
from bot.lifecycle import InboxState
from bot.messages import Address, Event, Inbound, Pin
from bot.tables import inbox
from storage.clock import Clock
from storage.database import Database
from storage.vault import Place, Vault

LANE_PARTITIONS = 64
GROUP_COMMIT_S = 0.005
KEEP = timedelta(days=7)  # after processing; Telegram may start its numbers anew after a week of silence
PURGE_ROWS = 5_000

Snap = Callable[[Pin], Pin]
"""Returns the centre of the cell a pin lies in."""

ExactWanted = Callable[[AsyncConnection, bytes], Awaitable[bool]]
"""Whether the person on this lane was asked where they are in an open case of theirs."""


def lane_of(vault: Vault, address: Address) -> bytes:
    """The blind index (32 bytes) of an address: who is served in order, and how an address is found."""
    return vault.blind("lane", f"{address.channel}\x1f{address.account}\x1f{address.value}")


def partition_of(lane: bytes) -> int:
    """The share of the lanes this one belongs to, 0..LANE_PARTITIONS-1."""
    return int.from_bytes(lane[:4]) % LANE_PARTITIONS


def inbox_key(event: Event) -> str:
    """`channel:account:provider key`, unique for ever."""
    source = event.address if isinstance(event, Inbound) else event
    return f"{source.channel}:{source.account}:{event.key}"


def body_place(key: str) -> Place:
    """Where the sealed body of the row `key` lives."""
    return Place("inbox", "body", key)


@dataclass(slots=True)
class _Waiting:
    events: Sequence[Event]
    done: asyncio.Future[int]


class Inbox:
    """Stores events; owns one short-lived task while somebody waits.

    Args:
        announce: called after each commit that added rows (wakes the lanes of this process).
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        *,
        snap: Snap,
        exact_wanted: ExactWanted,
        announce: Callable[[], None],
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._snap = snap
        self._exact_wanted = exact_wanted
        self._announce = announce
        self._waiting: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None

    async def store(self, events: Sequence[Event]) -> int:
        """Store what is not there yet and return how many were new, once they are on the disk.

        A caller that is cancelled may still find its events stored: their keys make a second try harmless.

        Raises:
            StorageUnavailableError: nothing of this call was stored.
        """
        if not events:
            return 0
        waiting = _Waiting(events, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._commit_groups())
        return await waiting.done

    async def _commit_groups(self) -> None:
        await asyncio.sleep(GROUP_COMMIT_S)
        while self._waiting:
            group, self._waiting = self._waiting, []
            try:
                await self._commit(group)
            except asyncio.CancelledError:
                for waiting in group:
                    waiting.done.cancel()
                raise
            except Exception as error:  # handed to every caller, never swallowed
                for waiting in group:
                    if not waiting.done.done():
                        waiting.done.set_exception(error)

    async def _commit(self, group: Sequence[_Waiting]) -> None:
        now = self._clock.now()
        async with self._database.durable(urgent=True) as connection:
            rows = [await self._row(connection, event, now) for waiting in group for event in waiting.events]
            new = await _insert(connection, rows)
        if new:
            self._announce()
        for waiting in group:
            mine = {inbox_key(event) for event in waiting.events} & new
            new -= mine
            if not waiting.done.done():
                waiting.done.set_result(len(mine))

    async def _row(self, connection: AsyncConnection, event: Event, now: datetime) -> dict[str, Any]:
        key = inbox_key(event)
        if isinstance(event, Inbound):
            channel, account, kind = event.address.channel, event.address.account, "inbound"
            lane = lane_of(self._vault, event.address)
            if event.pin is not None and not await self._exact_wanted(connection, lane):
                event = replace(event, pin=self._snap(event.pin))
        else:
            channel, account, kind = event.channel, event.account, "receipt"
            lane = self._vault.blind("receipt", f"{channel}\x1f{account}\x1f{event.provider_id}")
        return {
            "key": key,
            "channel": channel,
            "account": account,
            "kind": kind,
            "lane": lane,
            "partition": partition_of(lane),
            "body": self._vault.seal(dump_event(event), body_place(key)),
            "received_at": now,
            "state": InboxState.NEW,
            "attempts": 0,
            "next_at": now,
        }


async def _insert(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> set[str]:
    build = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = build(inbox).on_conflict_do_nothing(index_elements=["key"]).returning(inbox.c.key)
    return set((await connection.execute(statement, rows)).scalars())


async def purge(database: Database, now: datetime) -> int:
    """Remove events that were done or given up 7 days ago, bodies and all; return how many.

    The whole row goes, not only its body: a provider that starts its numbers anew must not meet old keys.
    """
    removed = 0
    while True:
        async with database.bulk() as connection:
            old = select(inbox.c.id).where(inbox.c.done_at < now - KEEP).limit(PURGE_ROWS)
            result = await connection.execute(delete(inbox).where(inbox.c.id.in_(old.scalar_subquery())))
        removed += result.rowcount
        if result.rowcount < PURGE_ROWS:
            return removed
