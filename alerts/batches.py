"""Batches: who is sent to together, as rows of SQL. Touches the `batch` table; ids only."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Select, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.copies import Copy
from alerts.tables import batch, revision
from storage.bulk import insert_columns
from storage.listed import listed

SEQ_BITS = 32  # delivery id = revision << 32 | seq


class BatchState(StrEnum):
    """Whether somebody of a batch may still be owed a message."""

    OPEN = "open"
    DONE = "done"


class Route(NamedTuple):
    """What the people of one batch have in common."""

    revision_id: int
    rung: int
    channel: str
    account: str
    priority: int


@dataclass(frozen=True, slots=True)
class Batch:
    """A stored batch; `deliveries` are ids, nearest first, and their position is their place in the marks.

    Attributes:
        copy: late where it was written after everybody had been who was concerned when the warning began.
    """

    id: int
    route: Route
    deliveries: tuple[int, ...]
    state: BatchState
    begun: bool
    created_at: datetime
    copy: Copy

    @property
    def label(self) -> str:
        """Its name in Redis. Where SQL came back from a backup another batch may bear its number, and must
        not find its marks."""
        return f"{self.id}:{self.created_at.timestamp():.6f}"


Waiters = Mapping[tuple[Route, str], Sequence[int]]
"""Deliveries that wait for their batch, nearest first, by route and, where it decides, language."""


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

    def waiters(self, ids: Sequence[int], routes: Sequence[Route], languages: Sequence[str]) -> Waiters:
        """Sort deliveries, given by column, by whom they may share a batch with."""
        kinds = set(routes)
        alone = {route for route in kinds if (route.channel, route.account) in self.one_language}
        if len(kinds) == 1 and not alone:
            return {(routes[0], ""): ids}
        found: defaultdict[tuple[Route, str], list[int]] = defaultdict(list)
        for new_id, route, language in zip(ids, routes, languages, strict=True):
            found[route, language if route in alone else ""].append(new_id)
        return found


def split(
    waiters: Waiters, sizes: BatchSizes, place: Callable[[int], int] = int
) -> list[tuple[Route, Sequence[int]]]:
    """Cut deliveries into batches of one route each, keeping their order within a route.

    Where a batch holds one language the order is kept within the language, and the batches of a route follow
    each other by the `place` of their first delivery: nearest first, as far as that goes.
    """
    parts = [
        (route, ids[start : start + sizes.of(route)])
        for (route, _), ids in waiters.items()
        for start in range(0, len(ids), sizes.of(route))
    ]
    return sorted(parts, key=lambda part: (part[0], place(part[1][0])))


async def insert_batches(
    connection: AsyncConnection,
    waiters: Waiters,
    sizes: BatchSizes,
    now: datetime,
    place: Callable[[int], int] = int,
) -> None:
    """Store them as open batches, in the transaction that stores their deliveries.

    Args:
        place: of a delivery in the order in which its revision is sent.
    """
    cut = split(waiters, sizes, place)
    if not cut:
        return
    routes = zip(*(route for route, _ in cut), strict=True)
    columns: dict[str, Sequence[Any]] = dict(zip(Route._fields, routes, strict=True))
    columns["deliveries"] = [pack(deliveries) for _, deliveries in cut]
    columns["size"] = [len(deliveries) for _, deliveries in cut]
    columns["place"] = [place(deliveries[0]) for _, deliveries in cut]
    await insert_columns(connection, batch, columns, {"state": BatchState.OPEN.value, "created_at": now})


async def load(connection: AsyncConnection, batch_id: int) -> Batch | None:
    """The batch with this id."""
    query = select(batch, revision.c.planned_at).join(revision, revision.c.id == batch.c.revision_id)
    row = (await connection.execute(query.where(batch.c.id == batch_id))).one_or_none()
    if row is None:
        return None
    late = row.planned_at is not None and row.created_at > row.planned_at
    copy = Copy.SECOND if row.rung else Copy.LATE if late else Copy.FIRST
    route = Route(row.revision_id, row.rung, row.channel, row.account, row.priority)
    begun = row.begun_at is not None
    return Batch(row.id, route, unpack(row.deliveries), BatchState(row.state), begun, row.created_at, copy)


async def begin(connection: AsyncConnection, batch_id: int, now: datetime) -> None:
    """Remember, before anybody of it is sent to, that from now on they may have the message."""
    await connection.execute(
        update(batch).where(batch.c.id == batch_id, batch.c.begun_at.is_(None)).values(begun_at=now)
    )


async def begun(connection: AsyncConnection, revision_id: int, channel: str, account: str) -> frozenset[int]:
    """Deliveries of the first rung that may have left though SQL calls them queued: some hundred at most."""
    query = select(batch.c.deliveries).where(
        batch.c.state == BatchState.OPEN,
        batch.c.revision_id == revision_id,
        batch.c.rung == 0,
        batch.c.channel == channel,
        batch.c.account == account,
        batch.c.begun_at.is_not(None),
    )
    rows = (await connection.execute(query)).scalars()
    return frozenset(delivery for packed in rows for delivery in unpack(packed))


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """An open batch as the planner offers it."""

    id: int
    channel: str
    account: str
    priority: int
    offered_at: datetime | None


async def open_batches(
    connection: AsyncConnection, *, unoffered_only: bool, but: Select[tuple[int]] | None = None
) -> list[OpenBatch]:
    """Open batches, those of one revision nearest first; all of them, or those that no stream saw yet.

    Args:
        but: revisions whose new batches of the first rung are left out.
    """
    query = (
        select(batch.c.id, batch.c.channel, batch.c.account, batch.c.priority, batch.c.offered_at)
        .where(batch.c.state == BatchState.OPEN)
        .order_by(batch.c.revision_id, batch.c.place, batch.c.id)
    )
    if unoffered_only:
        query = query.where(batch.c.offered_at.is_(None))
    if but is not None:
        query = query.where(
            or_(batch.c.offered_at.is_not(None), batch.c.rung > 0, batch.c.revision_id.not_in(but))
        )
    rows = await connection.execute(query)
    return [OpenBatch(row.id, row.channel, row.account, row.priority, row.offered_at) for row in rows]


async def mark_offered(connection: AsyncConnection, ids: Sequence[int], now: datetime) -> None:
    """Remember that these were put on a stream, at most some thousand."""
    await connection.execute(update(batch).where(listed(batch.c.id)).values(offered_at=now), {"ids": ids})


async def close(connection: AsyncConnection, batch_id: int, now: datetime) -> None:
    """The batch is done: every delivery of it has its outcome."""
    changes = update(batch).where(batch.c.id == batch_id, batch.c.state == BatchState.OPEN)
    await connection.execute(changes.values(state=BatchState.DONE, closed_at=now))
