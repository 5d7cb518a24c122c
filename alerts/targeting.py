"""Who is concerned by an area, and how many. Keeps an audience index in memory; reads SQL through `registry`.

Real and simulated people live in two indexes, so that no area can ever bring them together. What changed
since the index was built is read from the change feed before every resolution.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from alerts.channels import ChannelTable
from alerts.headcount import Headcount
from alerts.routing import Preference
from alerts.turnout import count_ways
from places.area import Area, Touch
from places.audience import CONFIDENCES, Audience, AudienceIndex
from places.people import country_of
from places.region import Regions, nowhere
from registry import audience as people
from registry import changes
from registry.columns import AudienceRows
from storage.clock import Clock
from storage.database import Database
from storage.errors import StorageUnavailableError

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
        *,
        regions: Regions = nowhere,
    ) -> None:
        """`switched_on`: channels that can be sent to, for the forecast only; None = all."""
        self._database = database
        self._clock = clock
        self._touch = touch
        self._regions = regions
        self._channels = tuple(channel_order)
        self._table = table or ChannelTable({})
        self._switched_on = switched_on
        self._known: _Known | None = None
        self._renewal: asyncio.Task[_Known] | None = None
        self._turn = asyncio.Lock()

    @property
    def last_change(self) -> int:
        """Where the change feed was read to; grows whenever somebody registered, moved or left."""
        return -1 if self._known is None else self._known.last_change

    async def refresh(self) -> bool:
        """Bring the index up to date; whether anything had changed.

        When many changes have gathered it is built anew in the background, and the old one is kept and
        followed until then.

        Raises:
            StorageUnavailableError: SQL is away; the index stays as it was.
        """
        return (await self._refreshed())[1]

    async def _refreshed(self) -> "tuple[_Known, bool]":
        async with self._turn:
            known = self._renewed() or self._known
            if known is None:
                self._known = known = await self._build()
                return known, True
            async with self._database.read() as connection:
                follows = await changes.can_follow(connection, known.last_change)
                found = await people.rows(connection, since_change=known.last_change) if follows else None
            if found is None:
                self._known = known = await self._build()
                return known, True
            if found.changed.size:
                known = await asyncio.to_thread(known.after, found)
            changed = known is not self._known
            self._known = known
            if self._renewal is None and known.gathered > REBUILD_CHANGES:
                self._renewal = asyncio.create_task(self._build())
            return known, changed

    def _renewed(self) -> "_Known | None":
        """What was built in the background, once. If that failed, it is begun again when it is due."""
        task = self._renewal
        if task is None or not task.done():
            return None
        self._renewal = None
        error = None if task.cancelled() else task.exception()
        if error is None and not task.cancelled():
            return task.result()
        if error is not None and not isinstance(error, StorageUnavailableError):
            raise error
        return None

    async def resolve(self, area: Area, *, drill: bool, at: datetime, include_maybe: bool) -> Audience:
        """Return everybody the area concerns at `at`, nearest first: simulated people only, or real ones
        only."""
        known, _ = await self._refreshed()
        touched = frozenset[str]()
        if include_maybe:
            touched = await asyncio.to_thread(area.touches_countries, self._touch, self._regions)
        index = known.indexes[drill]
        moment = int(at.timestamp())
        return await asyncio.to_thread(
            lambda: index.resolve(
                area, at=moment, touched=touched, include_maybe=include_maybe, regions=self._regions
            )
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
            by_country=dict(Counter(_names(found.country[known])).most_common()),
            by_channel=_tally(columns.channel[who], channels),
            by_language=_tally(columns.language[who], columns.languages),
            by_confidence={level.value: confidence[level.value] for level in CONFIDENCES},
            ways=await asyncio.to_thread(
                count_ways,
                columns,
                columns.person_id[who],
                dict(zip(found.person_ids.tolist(), _names(found.country), strict=True)),
                Preference(self._table),
                self._switched_on,
            ),
        )

    async def _build(self) -> "_Known":
        async with self._database.read() as connection:
            found = await people.rows(connection)
        return await asyncio.to_thread(_Known.of, found)


@dataclass(frozen=True, slots=True)
class _Known:
    """Everybody's whereabouts, those of real people (False) and of drills (True), as of a change."""

    indexes: Mapping[bool, AudienceIndex]
    last_change: int

    @classmethod
    def of(cls, found: AudienceRows) -> "_Known":
        parts = {drill: found.rows.take(np.flatnonzero(found.drill == drill)) for drill in (False, True)}
        return cls({drill: AudienceIndex.build(rows) for drill, rows in parts.items()}, found.last_change)

    def after(self, found: AudienceRows) -> "_Known":
        """The same with the rows of everybody who changed; whoever has none any more is gone."""
        indexes = {}
        for drill, index in self.indexes.items():
            mine = np.flatnonzero(found.drill == drill)
            indexes[drill] = index.with_delta(found.rows.take(mine), found.changed)
        return _Known(indexes, found.last_change)

    @property
    def gathered(self) -> int:
        """Rows that came since the indexes were built."""
        return sum(len(index.changed) for index in self.indexes.values())


def _names(countries: NDArray[np.uint16]) -> list[str]:
    """ISO-2 of each code, "" for none."""
    codes, at = np.unique(countries, return_inverse=True)
    names = [country_of(code) if code else "" for code in codes.tolist()]
    return [names[place] for place in at.tolist()]


def _tally(codes: NDArray[np.integer], names: Sequence[str]) -> dict[str, int]:
    """Count codes by name; -1 counts under the last name."""
    counts = Counter(names[code] for code in codes.tolist())
    return dict(counts.most_common())
