"""Processes of one measurement: started, told to go, watched, ended by their own id. Touches processes, /proc
and loopback.

A child is `python -m MODULE` with its parameters as one JSON argument. It prints `ready` when it could begin,
begins when it reads `go`, and ends when its standard input does.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
END_S = 30.0
TICKS = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))


class ChildError(Exception):
    """A child ended, or did not come to its end in time."""


@dataclass(slots=True)
class Child:
    """One process of ours."""

    process: "subprocess.Popen[str]"

    @property
    def cpu_s(self) -> float:
        """User and system time of every thread so far; ticks of 10 ms."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / TICKS

    @property
    def peak_mb(self) -> float:
        """Most memory it ever had (resident)."""
        return memory_mb(self.process.pid, "VmHWM")

    def line(self) -> str:
        """The next line it prints.

        Raises:
            ChildError: it ended instead.
        """
        stdout = self.process.stdout
        text = stdout.readline().strip() if stdout is not None else ""
        if not text:
            raise ChildError(f"process {self.process.pid} ended with {self.process.wait(END_S)}")
        return text

    def go(self) -> None:
        """Let it begin."""
        self.tell("go")

    def tell(self, text: str) -> None:
        """Write it a line."""
        if self.process.stdin is not None:
            self.process.stdin.write(text + "\n")
            self.process.stdin.flush()

    def end(self) -> None:
        """Ask it to end, and make it."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def memory_mb(process_id: int, kind: str = "VmRSS") -> float:
    """Resident memory of a process in MB, by the kernel's name for the figure."""
    status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith(kind))
    return int(line.split()[1]) / 1024


@contextmanager
def child(
    module: str, parameters: Mapping[str, Any] | None = None, core: int | None = None
) -> Iterator[Child]:
    """A process until the end of the block; `core` = the number of the only core it may use."""
    command = [sys.executable, "-m", module, *([json.dumps(parameters)] if parameters else [])]
    if core is not None and len(CORES) > 1:
        command = ["taskset", "-c", str(CORES[core % len(CORES)]), *command]
    made = Child(
        subprocess.Popen(  # noqa: S603 - the command is ours, every word of it
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    )
    try:
        yield made
    finally:
        made.end()


@dataclass(frozen=True, slots=True)
class Notes:
    """What the provider saw."""

    cpu_s: float
    refused: int
    times: Sequence[float]
    who: Sequence[int]

    @property
    def rate(self) -> float:
        """Messages a second from the first to the last."""
        return (len(self.times) - 1) / (self.times[-1] - self.times[0])

    @property
    def doubles(self) -> int:
        """How many came to somebody who had one."""
        return len(self.who) - len(set(self.who))


@dataclass(frozen=True, slots=True)
class Provider:
    """The process of `benchmarks.gateway`."""

    process: Child
    base: str

    def reset(self, *, rate: int = 0, delay_ms: float = 0) -> None:
        """Forget everything it noted."""
        self._get(f"/__reset?rate={rate}&delay_ms={delay_ms}")

    def count(self) -> int:
        """Messages taken since."""
        return int(self._get("/__count"))

    def notes(self) -> Notes:
        """Everything noted since."""
        raw = self._get("/__notes")
        many = (len(raw) - 16) // 16
        parts = array("d", raw[:8]), array("q", raw[8:16]), array("d"), array("q")
        parts[2].frombytes(raw[16 : 16 + 8 * many])
        parts[3].frombytes(raw[16 + 8 * many :])
        return Notes(parts[0][0], parts[1][0], parts[2], parts[3])

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.base + path, timeout=60) as found:  # noqa: S310 - our own, on loopback
            answer: bytes = found.read()
        return answer


@contextmanager
def provider(core: int | None = None) -> Iterator[Provider]:
    """The fast provider until the end of the block."""
    with child("benchmarks.gateway", core=core) as process:
        yield Provider(process, f"http://127.0.0.1:{process.line()}")


def wait_until(done: Callable[[], bool], seconds: float, what: str, every_s: float = 0.02) -> None:
    """Ask until it is so.

    Raises:
        ChildError: it was not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise ChildError(f"not within {seconds:.0f} s: {what}")
        time.sleep(every_s)
