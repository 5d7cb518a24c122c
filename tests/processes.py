"""The service as child processes, for tests that kill them. Touches processes, their logs, loopback.

Every process that was started here is ended here, by its id.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from app.settings import PREFIX, Settings, environment, variables_of
from tests.conftest import ROOT
from tests.service import until

START_S = 90.0
END_S = 60.0
NAMES = ("web", "planner", "worker")


@dataclass(slots=True)
class Running:
    """One process that runs, and where its own part of the log begins."""

    process: "subprocess.Popen[bytes]"
    log: Path
    begins: int

    def lines(self) -> list[dict[str, Any]]:
        """What it logged so far."""
        with self.log.open("rb") as file:
            file.seek(self.begins)
            whole = [line for line in file.read().split(b"\n")[:-1] if line.startswith(b"{")]
        return [json.loads(line) for line in whole]


@dataclass(slots=True)
class Processes:
    """Web, planner and worker of one installation, each alive or not; `settings` are those of the next
    start."""

    settings: Settings
    folder: Path
    _running: dict[str, Running] = field(default_factory=dict)
    _ended: list[dict[str, Any]] = field(default_factory=list)

    async def start(self, *names: str) -> None:
        """Start processes and return once each says that it is ready."""
        for name in names:
            self._launch(name)
        for name in names:
            await until(partial(self._is_ready, name), START_S, f"{name} is ready")

    def kill9(self, name: str) -> None:
        """End a process as the kernel would: no goodbye. It is gone when this returns."""
        self._end(name, signal.SIGKILL)

    async def stop(self, *names: str) -> None:
        """Ask processes to end, and see that they do it by themselves and in order."""
        for name in names:
            os.kill(self._running[name].process.pid, signal.SIGTERM)
        for name in names:
            process = self._running[name].process
            await asyncio.to_thread(process.wait, END_S)
            code = process.returncode
            self._forget(name)
            assert code == 0, f"{name} ended with {code}; {self._tail(name)}"

    def kill_all(self) -> None:
        """End whatever still runs."""
        for name in list(self._running):
            self._end(name, signal.SIGKILL)

    def actions(self) -> set[str]:
        """Names of everything that all processes logged, the dead ones included."""
        lines = [*self._ended, *(line for one in self._running.values() for line in one.lines())]
        return {str(line["action"]) for line in lines if "action" in line}

    def _launch(self, name: str) -> None:
        assert name in NAMES
        assert name not in self._running, f"{name} runs already"
        log = self.folder / f"{name}.log"
        variables = {key: value for key, value in environment().items() if not key.startswith(PREFIX)}
        with log.open("ab") as output:
            begins = output.tell()
            process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "run", name],
                cwd=ROOT,
                env={**variables, **variables_of(self.settings)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._running[name] = Running(process, log, begins)

    async def _is_ready(self, name: str) -> bool:
        running = self._running[name]
        assert running.process.poll() is None, f"{name} ended at once; {self._tail(name)}"
        if not any(line.get("action") == f"{name}.ready" for line in running.lines()):
            return False
        return name != "web" or await self._answers()

    async def _answers(self) -> bool:
        async with aiohttp.ClientSession() as session:
            try:
                async with session.get(f"http://{self.settings.public_listen}/readyz") as response:
                    return response.status == 200
            except aiohttp.ClientError:
                return False

    def _end(self, name: str, number: signal.Signals) -> None:
        process = self._running[name].process
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)
        process.wait(END_S)
        self._forget(name)

    def _forget(self, name: str) -> None:
        self._ended += self._running.pop(name).lines()

    def _tail(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return f"{path} ends:\n" + "\n".join(path.read_text(errors="replace").splitlines()[-15:])


@contextlib.asynccontextmanager
async def processes(settings: Settings, folder: Path) -> AsyncIterator[Processes]:
    """Processes to start and to kill; none is left afterwards."""
    made = Processes(settings, folder)
    try:
        yield made
    finally:
        made.kill_all()
