"""Who of an audience was planned already. Reads SQL; what was read once is kept by its reader.

A live alert is resolved anew every minute: reading 300,000 persons each time would take a second of every
minute. Whoever writes deliveries of a revision holds its row until the transaction ends, so they appear in
the order of their ids, and reading on from the last one misses nobody.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.batches import delivery_id
from alerts.strata import Concerned
from alerts.tables import delivery, unreachable
from storage.scan import scan


@dataclass(frozen=True, slots=True)
class Planned:
    """What a reader knows of a revision.

    Attributes:
        person_id: who has a delivery, sorted.
        listed: who is listed as not reachable.
        last: the newest delivery that was read.
    """

    person_id: NDArray[np.int64]
    listed: frozenset[int]
    last: int

    @property
    def is_empty(self) -> bool:
        """Whether nobody was planned yet."""
        return not self.person_id.size and not self.listed

    def missing(self, people: Concerned) -> Concerned:
        """Those without a delivery."""
        if not self.person_id.size:
            return people
        at = np.searchsorted(self.person_id, people.person_id)
        at = np.minimum(at, self.person_id.size - 1)
        return people.take(self.person_id[at] != people.person_id)

    def after(self, written: Collection[int], listed: Collection[int]) -> Self:
        """The same after a run. Reading on shows whom it wrote, but not somebody who had a delivery before:
        who joined another person takes over theirs."""
        more = np.fromiter(written, dtype=np.int64, count=len(written))
        return replace(self, person_id=np.union1d(self.person_id, more), listed=self.listed.union(listed))


async def read(connection: AsyncConnection, revision_id: int, before: Planned | None) -> Planned:
    """Read everything, or what came since `before`."""
    last = before.last if before else delivery_id(revision_id, 0) - 1
    after = (delivery.c.id > last, delivery.c.id < delivery_id(revision_id + 1, 0), delivery.c.rung == 0)
    found = await scan(connection, delivery.c.id, [delivery.c.id, delivery.c.person_id], (), *after)
    ids, people = found.numbers
    if before:
        known = np.union1d(before.person_id, people)
        return replace(before, person_id=known, last=int(ids.max(initial=last)))
    listed = select(unreachable.c.person_id).where(unreachable.c.revision_id == revision_id)
    return Planned(
        np.unique(people),
        frozenset((await connection.execute(listed)).scalars()),
        int(ids.max(initial=last)),
    )
