"""Who is concerned by an area, and how many. Keeps an audience index in memory; reads SQL through `registry`.

Real and simulated people live in two indexes, so that no area can ever bring them together. What changed
since the index was built is read from the change feed before every resolution.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from alerts.channels import ChannelTable
from alerts.headcount import Headcount
from alerts.routing import Preference
from alerts.turnout import count_ways
from places.area import Area, Touch
from places.audience import CONFIDENCES, Audience, AudienceIndex
from registry import audience as people
from registry.columns import AudienceRows
from storage.clock import Clock
from storage.database import Database

REBUILD_CHANGES = 50_000
UNREACHABLE = "none"


class Targeting:
    """The audience of areas; fulfils `alerts.headcount.AudienceCounter`."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        touch: Touch,
        channel_order: Sequence[str] = (),
        table: ChannelTable | None = None,
        switched_on: Collection[str] | None = None,
    ) -> None:
        """`switched_on`: channels that can be sent to, for the forecast only; None = all."""
        self._database = database
        self._clock = clock
        self._touch = touch
        self._channels = tuple(channel_order)
        self._table = table or ChannelTable({})
        self._switched_on = switched_on
        self._indexes: dict[bool, AudienceIndex] = {}
        self._country: dict[int, str] = {}
        self._last_change = -1
        self._changed_since_build = 0
        self._turn = asyncio.Lock()

    @property
    def last_change(self) -> int:
        """Where the change feed was read to; grows whenever somebody registered, moved or left."""
        return self._last_change

    async def refresh(self) -> bool:
        """Bring the index up to date; whether anything had changed.

        Raises:
            StorageUnavailableError: SQL is away; the index stays as it was.
        """
        async with self._turn:
            if not self._indexes or self._changed_since_build > REBUILD_CHANGES:
                await self._build()
                return True
            async with self._database.read() as connection:
                follows = await people.can_follow(connection, self._last_change)
                found = await people.rows(connection, since_change=self._last_change)
            if not follows:
                await self._build()
                return True
            if not found.changed.size:
                return False
            await asyncio.to_thread(self._apply, found, found.changed)
            self._last_change = found.last_change
            self._changed_since_build += found.changed.size
            return True

    async def resolve(self, area: Area, *, drill: bool, at: datetime, include_maybe: bool) -> Audience:
        """Return everybody the area concerns at `at`, nearest first: simulated people only, or real ones
        only."""
        await self.refresh()
        touched = frozenset[str]()
        if include_maybe:
            touched = await asyncio.to_thread(area.touches_countries, self._touch)
        index = self._indexes[drill]
        moment = int(at.timestamp())
        return await asyncio.to_thread(
            lambda: index.resolve(area, at=moment, touched=touched, include_maybe=include_maybe)
        )

    async def count(self, area: Area, *, drill: bool, include_maybe: bool) -> Headcount:
        """Count whom `resolve` would bring, by country, first channel, language and confidence."""
        found = await self.resolve(area, drill=drill, at=self._clock.now(), include_maybe=include_maybe)
        async with self._database.read() as connection:
            columns = await people.headcount_columns(connection, self._channels)
        order = np.searchsorted(columns.person_id, found.person_ids)
        order = np.minimum(order, max(columns.person_id.size - 1, 0))
        known = (
            columns.person_id[order] == found.person_ids
            if columns.person_id.size
            else np.zeros(len(found), dtype=np.bool_)
        )
        who = order[known]
        channels = (*columns.channels, UNREACHABLE)
        confidence = Counter({level.value: int(count) for level, count in found.counts().items()})
        return Headcount(
            people=int(known.sum()),
            by_country=self._countries(found.person_ids[known]),
            by_channel=_tally(columns.channel[who], channels),
            by_language=_tally(columns.language[who], columns.languages),
            by_confidence={level.value: confidence[level.value] for level in CONFIDENCES},
            ways=await asyncio.to_thread(
                count_ways,
                columns,
                columns.person_id[who],
                self._country,
                Preference(self._table),
                self._switched_on,
            ),
        )

    def _countries(self, ids: NDArray[np.int64]) -> dict[str, int]:
        return dict(Counter(self._country.get(person, "") for person in ids.tolist()).most_common())

    async def _build(self) -> None:
        async with self._database.read() as connection:
            found = await people.rows(connection)
        self._indexes = await asyncio.to_thread(_indexes, found)
        self._country = dict(zip(found.person_id.tolist(), found.country.tolist(), strict=True))
        self._last_change = found.last_change
        self._changed_since_build = 0

    def _apply(self, found: AudienceRows, changed: NDArray[np.int64]) -> None:
        for drill, index in list(self._indexes.items()):
            mine = np.flatnonzero(found.drill == drill)
            self._indexes[drill] = index.with_delta(found.rows.take(mine), changed)
        self._country.update(zip(found.person_id.tolist(), found.country.tolist(), strict=True))


def _indexes(found: AudienceRows) -> dict[bool, AudienceIndex]:
    return {
        drill: AudienceIndex.build(found.rows.take(np.flatnonzero(found.drill == drill)))
        for drill in (False, True)
    }


def _tally(codes: NDArray[np.integer], names: Sequence[str]) -> dict[str, int]:
    """Count codes by name; -1 counts under the last name."""
    counts = Counter(names[code] for code in codes.tolist())
    return dict(counts.most_common())
