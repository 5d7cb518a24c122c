"""Redis as a cluster of three masters with a replica each, in the middle of a warning: the master of the
sending account dies, its replica is promoted; then the master of the epoch."""

import asyncio
import gc
from collections.abc import Iterator

import pytest

from storage.keys import EPOCH, AccountKeys
from tests.cluster import Cluster
from tests.faults.conftest import Opener
from tests.faults.front import Front

STREAM = AccountKeys("telegram", "main").stream(0)
pytestmark = [
    pytest.mark.usefixtures("haste"),
    # redis-py forgets the nodes that it has replaced, and their connections, without closing them.
    pytest.mark.filterwarnings("ignore:Unclosed ClusterNode:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:.*ClusterNode.__del__:pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:.*AbstractConnection.__del__:pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:.*StreamWriter.__del__:pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:.*Transport.__del__:pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:.*<socket.socket:pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def cluster(redis_cluster: Cluster) -> Iterator[Cluster]:
    redis_cluster.revive()
    redis_cluster.flush()
    yield redis_cluster
    redis_cluster.revive()
    gc.collect()  # what was forgotten is found here, not in somebody else's test


async def _master_dies(field: Front, cluster: Cluster, key: str, number: int, at: int) -> int:
    """Kill whoever serves `key` once `at` copies are out; the port that serves it afterwards."""
    alert = await field.warn(number)
    await field.sent_to(at, number)
    dead = await asyncio.to_thread(cluster.master_of, key)
    dead.kill()
    await field.over(alert, 60)
    assert await field.verdict(alert, number) == 0
    heir = await asyncio.to_thread(cluster.master_of, key)
    assert heir.port != dead.port, "its replica was promoted"
    await asyncio.to_thread(cluster.revive)
    return heir.port


async def test_a_master_dies_and_its_replica_is_promoted(
    front: Opener, cluster: Cluster, sqlite_url: str
) -> None:
    async with front(sqlite_url, 60, redis_url=cluster.url) as field, field.at_work():
        await _master_dies(field, cluster, STREAM, 1, 15)


@pytest.mark.soak
async def test_masters_die_one_after_the_other(front: Opener, cluster: Cluster, database_url: str) -> None:
    async with front(database_url, 400, redis_url=cluster.url) as field, field.at_work():
        for number, key in enumerate([STREAM, EPOCH, STREAM, EPOCH], 1):
            await _master_dies(field, cluster, key, number, 100)


@pytest.mark.soak
async def test_a_master_without_a_replica_comes_back_empty(
    front: Opener, cluster: Cluster, database_url: str
) -> None:
    """Only the slots of one master are lost, the epoch is not among them: batches are offered again all the
    same."""
    async with front(database_url, 200, redis_url=cluster.url) as field, field.at_work():
        alert = await field.warn()
        await field.sent_to(50)
        master = await asyncio.to_thread(cluster.master_of, STREAM)
        master.ask("FLUSHALL")
        await field.over(alert, 60)
        await field.counted_once(alert)
        assert len(field.twice()) <= 100
