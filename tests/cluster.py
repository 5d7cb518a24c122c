"""A real Redis Cluster on loopback for tests: three masters with a replica each, from the same redis-server
as everywhere. Touches processes and their folder.
"""

import contextlib
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis
from redis.exceptions import RedisError

from app.embedded import find_redis_server

MASTERS = 3
SLOTS = 16_384
NODE_TIMEOUT_MS = 1_000  # a master that is silent for so long is voted out
START_S = 40.0
HOST = "127.0.0.1"
BUS = 10_000  # the nodes talk with each other on a port so much higher


@dataclass(slots=True)
class Node:
    """One server of a cluster."""

    port: int
    folder: Path
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        command = [
            str(find_redis_server()),
            *("--port", str(self.port), "--bind", HOST, "--dir", str(self.folder)),
            *("--cluster-enabled", "yes", "--cluster-node-timeout", str(NODE_TIMEOUT_MS)),
            *("--cluster-require-full-coverage", "no", "--appendonly", "yes", "--save", ""),
            *("--maxmemory-policy", "noeviction", "--repl-diskless-sync-delay", "0"),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        """As if the power went: no goodbye."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def ask(self, *words: str | int) -> object:
        """One command, on a connection of its own."""
        client = redis.Redis(HOST, self.port, socket_timeout=5, decode_responses=True)
        try:
            return client.execute_command(*words)
        finally:
            client.close()

    def info(self, section: str) -> dict[str, str]:
        found = self.ask("INFO", section)
        assert isinstance(found, dict)
        return {str(key): str(value) for key, value in found.items()}

    @property
    def name(self) -> str:
        return str(self.ask("CLUSTER", "MYID"))


@dataclass(slots=True)
class Cluster:
    """Six servers that know each other."""

    nodes: list[Node] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Two of its nodes are named: any may be the one that is down."""
        return "redis+cluster://" + ",".join(f"{HOST}:{node.port}" for node in self.nodes[:2])

    def living(self) -> list[Node]:
        return [node for node in self.nodes if node.process is not None]

    def flush(self) -> None:
        """Throw everything away."""
        for node in self.living():
            if node.info("replication")["role"] == "master":
                node.ask("FLUSHALL")

    def master_of(self, key: str) -> Node:
        """The node that serves a key now, as all of the living see it."""
        slot = int(str(self.living()[0].ask("CLUSTER", "KEYSLOT", key)))
        for node in self.living():
            try:
                table = node.ask("CLUSTER", "SLOTS")
            except RedisError:
                continue
            for row in _rows(table):
                if row[0] <= slot <= row[1]:
                    return next(one for one in self.nodes if one.port == row[2])
        raise AssertionError(f"nobody serves {key}")

    def healthy(self) -> bool:
        """Every slot is served, everybody sees it, every master has a replica that is up to date."""
        try:
            for node in self.living():
                state = str(node.ask("CLUSTER", "INFO"))
                if "ok" not in state.split("cluster_state", 1)[-1][:12]:
                    return False  # as a text or as a mapping: what follows the word
            roles = [node.info("replication") for node in self.living()]
        except (RedisError, OSError):
            return False
        masters = [role for role in roles if role["role"] == "master"]
        replicas = [role for role in roles if role["role"] == "slave"]
        return len(masters) == MASTERS and all(role["master_link_status"] == "up" for role in replicas)

    def wait(self, seconds: float = START_S) -> None:
        """Wait until it is healthy."""
        deadline = time.monotonic() + seconds
        while not self.healthy():
            assert time.monotonic() < deadline, "the cluster does not come to terms"
            time.sleep(0.05)

    def revive(self) -> None:
        """Start whoever is dead; it comes back as a replica."""
        for node in self.nodes:
            if node.process is None:
                node.start()
        self.wait()


def _rows(table: object) -> list[tuple[int, int, int]]:
    """First slot, last slot, port of the master."""
    rows: list[tuple[int, int, int]] = []
    if isinstance(table, dict):  # redis-py's own reading of the answer
        for (first, last), nodes in table.items():
            rows.append((int(first), int(last), int(nodes["primary"][1])))
        return rows
    assert isinstance(table, list)
    return [(int(row[0]), int(row[1]), int(row[2][1])) for row in table]


@contextmanager
def open_cluster(folder: Path) -> Iterator[Cluster]:
    """Start a cluster in `folder`; every server is gone afterwards."""
    cluster = Cluster()
    try:
        for number in range(2 * MASTERS):
            node = Node(_port(), folder / f"node-{number}")
            node.start()
            cluster.nodes.append(node)
        _introduce(cluster)
        yield cluster
    finally:
        for node in cluster.living():
            node.kill()


def _port() -> int:
    """A port that is free, and whose bus is."""
    while True:
        port = secrets.choice(range(12_000, 22_000))
        with socket.socket() as one, socket.socket() as bus, contextlib.suppress(OSError):
            one.bind((HOST, port))
            bus.bind((HOST, port + BUS))
            return port


def _introduce(cluster: Cluster) -> None:
    deadline = time.monotonic() + START_S
    for node in cluster.nodes:
        while True:
            try:
                node.ask("PING")
                break
            except RedisError:
                assert time.monotonic() < deadline, "a node does not answer"
                time.sleep(0.02)
    first, *others = cluster.nodes
    for number, node in enumerate(cluster.nodes[:MASTERS]):
        slots = range(SLOTS * number // MASTERS, SLOTS * (number + 1) // MASTERS)
        node.ask("CLUSTER", "ADDSLOTS", *slots)
    for number, node in enumerate(cluster.nodes, 1):
        node.ask("CLUSTER", "SET-CONFIG-EPOCH", number)
    for node in others:
        node.ask("CLUSTER", "MEET", HOST, first.port)
    for number, node in enumerate(cluster.nodes[MASTERS:]):
        master = cluster.nodes[number].name
        while True:
            try:
                node.ask("CLUSTER", "REPLICATE", master)
                break
            except RedisError:
                assert time.monotonic() < deadline, "a replica does not know its master"
                time.sleep(0.05)
    cluster.wait()
