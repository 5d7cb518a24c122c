"""Keeps the processes of one command alive and stops all of them together. Touches child processes only.

Children that die are started again, sooner at first and later when they keep dying. Ctrl-C and SIGTERM
reach us, we tell the children, they drain, and whoever does not stop in time is made to.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Child:
    """One process to keep alive: arguments after `python -m app.cli`, or a whole command."""

    name: str
    command: Sequence[str]
    variables: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None


def muster(name: str, *arguments: str, variables: Mapping[str, str], log_to: Path | None = None) -> Child:
    """A child that runs a `muster` command with the same interpreter."""
    return Child(name, [sys.executable, "-m", "app.cli", *arguments], variables, log_to)


class Supervisor:
    """Runs children until it is told to stop."""

    def __init__(self, children: Sequence[Child], *, grace_s: float) -> None:
        self._children = children
        self._grace_s = grace_s
        self._stopping = asyncio.Event()
        self._running: dict[str, asyncio.subprocess.Process] = {}

    def stop(self) -> None:
        """Begin to stop; a second call changes nothing."""
        self._stopping.set()

    def process_ids(self) -> dict[str, int]:
        """Ids of the processes that run now, by child."""
        return {name: process.pid for name, process in self._running.items()}

    async def run(self) -> None:
        """Keep every child alive until `stop`, SIGTERM or Ctrl-C; then stop them all."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        keepers = [asyncio.create_task(self._keep(child)) for child in self._children]
        await self._stopping.wait()
        await self._stop_all()
        await asyncio.gather(*keepers)

    async def _keep(self, child: Child) -> None:
        pause = 0.5
        while not self._stopping.is_set():
            started = asyncio.get_running_loop().time()
            process = await self._start(child)
            self._running[child.name] = process
            code = await process.wait()
            self._running.pop(child.name, None)
            if self._stopping.is_set():
                return
            log.error(
                "a process ended and is started again", action="child.ended", child=child.name, code=code
            )
            pause = (
                0.5
                if asyncio.get_running_loop().time() - started > STEADY_S
                else min(pause * 2, LONGEST_PAUSE_S)
            )
            try:
                async with asyncio.timeout(pause):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    async def _start(self, child: Child) -> asyncio.subprocess.Process:
        output = child.log.open("ab") if child.log else None
        try:
            # A session of its own: Ctrl-C in the terminal is ours to pass on, once and in order.
            return await asyncio.create_subprocess_exec(
                *child.command,
                env=dict(child.variables) or None,
                stdout=output,
                stderr=output,
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        finally:
            if output:
                output.close()

    async def _stop_all(self) -> None:
        for process in self._running.values():
            _signal(process, signal.SIGTERM)
        waiting = [asyncio.create_task(process.wait()) for process in self._running.values()]
        if not waiting:
            return
        _, late = await asyncio.wait(waiting, timeout=self._grace_s)
        if late:
            names = sorted(self._running)
            log.error("processes did not stop in time and are made to", action="child.killed", children=names)
            for process in self._running.values():
                _signal(process, signal.SIGKILL)
            await asyncio.wait(late)


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        return
