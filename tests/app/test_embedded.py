"""Our own Redis: found, started, adopted after our crash, stopped; what it was told survives a kill."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from app import embedded
from app.embedded import (
    EmbeddedRedis,
    EmbeddedRedisError,
    find_redis_server,
    start_redis,
    stop_process,
    stop_redis,
    url_of,
)
from tests.conftest import ROOT, wait_until

STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"


@pytest.fixture
def folder(short_tmp: Path) -> Iterator[Path]:
    """Where a server's data lies; whatever still runs there afterwards is stopped."""
    made = Path(tempfile.mkdtemp(prefix="emb", dir=short_tmp)) / "redis"
    yield made
    running = embedded._answering(embedded._socket_path(made))
    if running is not None:
        stop_process(running)


def client(server: EmbeddedRedis) -> "redis.Redis":
    return redis.Redis.from_url(server.url)


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def test_started_as_the_house_needs_it_and_stopped(folder: Path) -> None:
    server = start_redis(folder)
    assert not server.adopted
    assert server.url == url_of(folder)
    with client(server) as asked:
        policy = asked.config_get("maxmemory-policy", "appendonly", "appendfsync", "port", "save")
        assert policy == {
            "maxmemory-policy": "noeviction", "appendonly": "yes", "appendfsync": "everysec", "port": "0",
            "save": "",
        }  # fmt: skip
    assert os.getpgid(server.process_id) != os.getpgid(0)  # Ctrl-C in our terminal is not for it
    assert (folder / "redis.sock").stat().st_mode & 0o077 == 0
    stop_redis(server)
    assert not is_alive(server.process_id)
    assert server.process is not None
    assert server.process.returncode == 0


def test_stopped_in_order_it_keeps_everything(folder: Path) -> None:
    server = start_redis(folder)
    with client(server) as asked:
        asked.set("kept", "1")
    stop_redis(server)
    again = start_redis(folder)
    assert not again.adopted
    with client(again) as asked:
        assert asked.get("kept") == b"1"
    stop_redis(again)


def test_killed_it_keeps_what_reached_the_file(folder: Path) -> None:
    server = start_redis(folder)
    with client(server) as asked:
        asked.set("kept", "1")
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    assert (folder / "redis.sock").exists()  # it said no goodbye
    again = start_redis(folder)
    assert not again.adopted
    with client(again) as asked:
        assert asked.get("kept") == b"1"
    stop_redis(again)


def test_after_a_crash_of_ours_the_next_start_adopts_it(folder: Path) -> None:
    crash = (
        "import os, sys\nfrom pathlib import Path\nfrom app.embedded import start_redis\n"
        "server = start_redis(Path(sys.argv[1]))\nprint(server.process_id, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", crash, str(folder)], cwd=ROOT, capture_output=True, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    first = int(ended.stdout)
    adopted = start_redis(folder)
    assert adopted.adopted
    assert adopted.process_id == first
    assert start_redis(folder).process_id == first  # and never a second one
    stop_redis(adopted)
    wait_until(lambda: embedded._answering(folder / "redis.sock") is None)


def test_a_socket_nobody_listens_on_is_no_server(folder: Path) -> None:
    folder.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "redis.sock"))
    server = start_redis(folder)
    assert not server.adopted
    stop_redis(server)


def test_a_deep_folder_gets_a_short_socket(short_tmp: Path) -> None:
    deep = short_tmp / ("d" * 60) / ("e" * 60)
    server = start_redis(deep)
    try:
        assert len(server.url) < 108
        assert url_of(deep) == server.url
        assert start_redis(deep).adopted
    finally:
        stop_redis(server)


def test_it_says_what_to_do_when_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_redis_server().is_file()
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(EmbeddedRedisError, match="MUSTER_REDIS_URL"):
        find_redis_server()


def test_it_says_where_the_reason_is_when_it_does_not_start(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "find_redis_server", lambda: Path("/bin/false"))
    with pytest.raises(EmbeddedRedisError, match=r"redis\.log"):
        start_redis(folder)


def test_who_does_not_stop_is_made_to() -> None:
    stubborn = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import signal, time; signal.signal(15, 1); print(flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
    )
    assert stubborn.stdout is not None
    stubborn.stdout.readline()
    server = EmbeddedRedis("unix:///nowhere", stubborn.pid, stubborn)
    stop_redis(server, seconds=0.2)
    assert stubborn.returncode == -signal.SIGKILL
    stubborn.stdout.close()
    stop_process(stubborn.pid)  # nobody there any more: nothing to do
