"""Batches: who is sent to together, as rows of SQL. Touches the `batch` table; ids only."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.tables import batch

SEQ_BITS = 32  # delivery id = revision << 32 | seq


@dataclass(frozen=True, slots=True)
class Route:
    """What the people of one batch have in common."""

    revision_id: int
    rung: int
    channel: str
    account: str
    priority: int


@dataclass(frozen=True, slots=True)
class Batch:
    """A stored batch; `deliveries` are ids, nearest first, and their position is their place in the marks."""

    id: int
    route: Route
    deliveries: tuple[int, ...]
    state: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A delivery that waits for its batch."""

    delivery: int
    route: Route
    language: str = ""


def delivery_id(revision: int, seq: int) -> int:
    """The id of the `seq`-th delivery of a revision (both non-negative, `seq` < 2**32)."""
    if not 0 <= seq < 1 << SEQ_BITS:
        raise ValueError("a revision has room for 2**32 deliveries")
    return revision << SEQ_BITS | seq


def pack(deliveries: Iterable[int]) -> bytes:
    """Ids as little-endian int64."""
    return array("q", deliveries).tobytes()


def unpack(packed: bytes) -> tuple[int, ...]:
    """The reverse of `pack`."""
    return tuple(array("q", packed))


@dataclass(frozen=True, slots=True)
class BatchSizes:
    """Largest batch for each (channel, account): what it sends in half a second, 10..100, or one bulk call.

    Attributes:
        one_language: accounts whose provider takes one message for many: their batches hold one language.
    """

    by_account: dict[tuple[str, str], int]
    one_language: frozenset[tuple[str, str]] = frozenset()

    def of(self, route: Route) -> int:
        return self.by_account.get((route.channel, route.account), 10)

    def language_of(self, slot: Slot) -> str:
        """The language as far as it decides on the batch, "" = it does not."""
        return slot.language if (slot.route.channel, slot.route.account) in self.one_language else ""


def split(slots: Sequence[Slot], sizes: BatchSizes) -> list[tuple[Route, tuple[int, ...]]]:
    """Cut slots into batches of one route each, keeping their order within a route.

    Where a batch holds one language the order is kept within the language, and the batches of a route follow
    each other by their first delivery: nearest first, as far as that goes.
    """
    by_route = attrgetter(
        "route.revision_id", "route.rung", "route.channel", "route.account", "route.priority"
    )
    cut = []
    for _, together in groupby(sorted(slots, key=by_route), key=by_route):
        by_language: dict[str, list[Slot]] = {}
        for slot in together:
            by_language.setdefault(sizes.language_of(slot), []).append(slot)
        parts = [
            group[start : start + sizes.of(group[0].route)]
            for group in by_language.values()
            for start in range(0, len(group), sizes.of(group[0].route))
        ]
        if len(by_language) > 1:
            place = {slot.delivery: number for number, slot in enumerate(slots)}
            parts.sort(key=lambda part: place[part[0].delivery])
        cut += [(part[0].route, tuple(slot.delivery for slot in part)) for part in parts]
    return cut


async def insert_batches(
    connection: AsyncConnection, slots: Sequence[Slot], sizes: BatchSizes, now: datetime
) -> None:
    """Store `slots` as open batches, in the transaction that stores their deliveries."""
    rows = [
        {
            "revision_id": route.revision_id,
            "rung": route.rung,
            "channel": route.channel,
            "account": route.account,
            "priority": route.priority,
            "deliveries": pack(deliveries),
            "size": len(deliveries),
            "state": "open",
            "created_at": now,
        }
        for route, deliveries in split(slots, sizes)
    ]
    if rows:
        await connection.execute(insert(batch), rows)


async def load(connection: AsyncConnection, batch_id: int) -> Batch | None:
    """The batch with this id."""
    row = (await connection.execute(select(batch).where(batch.c.id == batch_id))).one_or_none()
    if row is None:
        return None
    route = Route(row.revision_id, row.rung, row.channel, row.account, row.priority)
    return Batch(row.id, route, unpack(row.deliveries), row.state)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open batch as the planner offers it."""

    id: int
    channel: str
    account: str
    priority: int
    offered_at: datetime | None


async def open_batches(connection: AsyncConnection, *, unoffered_only: bool) -> list[Waiting]:
    """Open batches in the order in which they were made; all of them, or those that no stream saw yet."""
    query = select(batch.c.id, batch.c.channel, batch.c.account, batch.c.priority, batch.c.offered_at)
    query = query.where(batch.c.state == "open").order_by(batch.c.id)
    if unoffered_only:
        query = query.where(batch.c.offered_at.is_(None))
    rows = await connection.execute(query)
    return [Waiting(row.id, row.channel, row.account, row.priority, row.offered_at) for row in rows]


async def mark_offered(connection: AsyncConnection, ids: Sequence[int], now: datetime) -> None:
    """Remember that these were put on a stream."""
    for start in range(0, len(ids), 1000):
        part = ids[start : start + 1000]
        await connection.execute(update(batch).where(batch.c.id.in_(part)).values(offered_at=now))


async def close(connection: AsyncConnection, batch_id: int, now: datetime) -> None:
    """The batch is done: every delivery of it has its outcome."""
    changes = update(batch).where(batch.c.id == batch_id, batch.c.state == "open")
    await connection.execute(changes.values(state="done", closed_at=now))
