"""An audience is cut so that nobody is left out or written twice, and the near come before the far."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import batches, plans, strata
from alerts.assignments import Assignments
from alerts.batches import BatchSizes
from alerts.strata import Concerned
from registry.ways import Way
from storage.database import Database
from tests.alerts.office import NOW, open_office
from tests.alerts.post_room import ACCOUNT, revision_of


def people(ids: list[int]) -> Concerned:
    size = len(ids)
    apart = np.where(np.arange(size) < size // 2, np.arange(size), np.inf).astype(np.float32)
    return Concerned(np.array(ids, dtype=np.int64), np.zeros(size, dtype=np.uint8), apart, np.arange(size))


@given(st.lists(st.integers(1, 2**62), unique=True, max_size=60), st.integers(1, 5), st.integers(1, 6))
@settings(deadline=None)
def test_everybody_once_in_strata_nearest_first(ids: list[int], chunk: int, chunks: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strata, "FIRST_CHUNK", 2)
        patch.setattr(strata, "CHUNK", chunk)
        patch.setattr(strata, "STRATUM", chunk * chunks)
        cut = list(strata.strata(people(ids)))
    together = [one for part in cut for one in part]
    assert sorted(who for one in together for who in one.person_id.tolist()) == sorted(ids)
    assert all(0 < len(one) <= max(2, chunk) for one in together)
    assert all(ids[place] == who for one in together for who, place in zip(*_columns(one), strict=True))
    ends = [[place for one in part for place in one.place.tolist()] for part in cut]
    assert all(max(near) < min(far) for near, far in pairwise(ends))
    assert [one.place.tolist() for part in cut[:2] for one in part] == [
        part for part in (list(range(len(ids)))[:2], list(range(len(ids)))[2 : 2 + chunk]) if part
    ]
    for part in cut[2:]:
        inside = [who for one in part for who in one.person_id.tolist()]
        assert inside == sorted(inside), "as the index of persons takes them"


def _columns(one: Concerned) -> tuple[list[int], list[int]]:
    return one.person_id.tolist(), one.place.tolist()


def test_what_is_not_known_is_none() -> None:
    some = people([7, 8, 9])
    assert some.distances() == [0.0, None, None]
    assert some.levels() == ["area"] * 3
    assert Concerned.told([5, 6]).distances() == [None, None]
    assert Concerned.told([5, 6]).place.tolist() == [0, 1]


async def test_batches_of_several_chunks_are_offered_nearest_first(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strata, "FIRST_CHUNK", 10)
    monkeypatch.setattr(strata, "CHUNK", 20)
    monkeypatch.setattr(strata, "STRATUM", 60)
    revision, ids = await revision_of(await open_office(database)), list(range(1, 151))
    np.random.default_rng(5).shuffle(ids)
    async with database.durable() as connection:
        plan = await plans.claim(connection, revision, "planner", NOW)
    assert plan
    for part in strata.strata(people(ids)):
        for chunk in part:
            ways = [Way(who, "en", False, who, *ACCOUNT, 0, "active") for who in chunk.person_id.tolist()]
            chosen = Assignments.of(ways, chunk, drill=False)
            async with database.bulk() as connection:
                await plans.write_deliveries(
                    connection,
                    plan,
                    chosen,
                    rung=0,
                    priority=1,
                    sizes=BatchSizes({ACCOUNT: 5}),
                    now=NOW,
                    first_run=True,
                )
    async with database.read() as connection:
        offered = await batches.open_batches(connection, unoffered_only=True)
        loaded = [await batches.load(connection, one.id) for one in offered]
        rows = (await connection.exec_driver_sql("SELECT id, person_id FROM delivery")).all()
    of = {row[0]: ids.index(row[1]) for row in rows}
    order = [[of[number] for number in one.deliveries] for one in loaded if one]
    assert sorted(place for part in order for place in part) == list(range(150))
    assert all(part == sorted(part) for part in order)
    firsts = [part[0] for part in order]
    assert firsts == sorted(firsts)
    # Three chunks share a stratum of 60: nobody waits for more than one batch of each.
    met = [place for part in order for place in part]
    assert max(abs(place - at) for at, place in enumerate(met)) <= 3 * 3 * 5
