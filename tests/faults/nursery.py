"""Starts processes of the service within milliseconds: everything is loaded once, then forked. Touches
processes; what it starts is what `muster run web|planner|worker` starts.

Loading takes seconds, a test kills dozens. As a program it reads orders as JSON lines from its standard input
and answers each with the id of the process it made.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from app.cli_service import run_command
from app.settings import PREFIX, Settings, environment, variables_of
from tests.conftest import ROOT
from tests.faults.points import arm, hasten

GONE_S = 20.0
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Child:
    """One process of ours."""

    role: str
    process_id: int
    log: Path

    @property
    def alive(self) -> bool:
        """Whether it runs or is stopped; the nursery leaves no body behind."""
        with suppress(ProcessLookupError):
            os.kill(self.process_id, 0)
            return True
        return False

    def signal(self, number: signal.Signals) -> None:
        """SIGSTOP, SIGCONT, SIGKILL or SIGTERM for this one process."""
        os.kill(self.process_id, number)

    def lines(self) -> list[dict[str, Any]]:
        """What it said so far, as far as whole lines go."""
        whole = self.log.read_bytes().split(b"\n")[:-1]
        return [json.loads(line) for line in whole if line.startswith(b"{")]

    @property
    def ready(self) -> bool:
        return any(line.get("action") == f"{self.role}.ready" for line in self.lines())

    @property
    def stands(self) -> bool:
        """Whether it froze where it was to."""
        return any("stands" in line for line in self.lines())

    def died(self) -> dict[str, Any] | None:
        """Its last words at a crash point, None = it did not reach one."""
        return next((line for line in self.lines() if "died" in line), None)


@dataclass(slots=True)
class Nursery:
    """Makes processes and ends those it made."""

    orders: IO[bytes]
    answers: IO[bytes]
    folder: Path
    children: list[Child] = field(default_factory=list)

    def start(
        self, role: str, settings: Settings, point: str = "", *, freeze: bool = False, haste: bool = True
    ) -> Child:
        """Begin one process that dies or freezes at `point`, "" = nowhere; with the patience of service or
        less."""
        log = self.folder / f"{len(self.children)}-{role}.log"
        log.touch()
        variables = variables_of(settings)
        order = {"role": role, "variables": variables, "log": str(log)}
        order |= {"point": point, "freeze": freeze, "haste": haste}
        self.orders.write(json.dumps(order).encode() + b"\n")
        self.orders.flush()
        child = Child(role, int(self.answers.readline()), log)
        self.children.append(child)
        return child

    def kill9(self, child: Child) -> None:
        """End one as the kernel would; it is gone when this returns."""
        with suppress(ProcessLookupError):
            child.signal(signal.SIGKILL)
        deadline = time.monotonic() + GONE_S
        while child.alive:
            assert time.monotonic() < deadline, f"{child.role} does not go"
            time.sleep(0.005)

    def end(self) -> None:
        """End everybody who still runs."""
        for child in self.children:
            self.kill9(child)
        self.children.clear()


@contextmanager
def open_nursery(folder: Path) -> Iterator[Nursery]:
    """A nursery that writes what its processes say into `folder`."""
    variables = {key: value for key, value in environment().items() if not key.startswith(PREFIX)}
    command = [sys.executable, "-m", "tests.faults.nursery"]
    with (
        (folder / "nursery.log").open("wb") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n", (folder / "nursery.log").read_text()
        nursery = Nursery(process.stdin, process.stdout, folder)
        try:
            yield nursery
        finally:
            nursery.end()
            process.stdin.close()
            process.wait(GONE_S)


def _serve() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody here waits for the dead
    os.write(1, b"ready\n")
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _live(order)
        os.write(1, f"{child}\n".encode())


def _live(order: dict[str, Any]) -> None:
    code = 1
    try:
        os.setsid()
        if sys.platform.startswith("linux"):
            ctypes.CDLL(None).prctl(
                PR_SET_PDEATHSIG, signal.SIGKILL
            )  # nobody outlives a test that was killed
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(order["log"], os.O_WRONLY | os.O_APPEND)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ.update(order["variables"])
        if order["haste"]:
            hasten()
        if order["point"]:
            arm(order["point"], freeze=order["freeze"])
        run_command(order["role"])
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
