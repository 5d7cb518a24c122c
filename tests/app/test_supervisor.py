"""The supervisor: starts children again, stops all of them, makes those stop who do not."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.supervisor import Child, Supervisor, muster
from tests.service import until

WAITS = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
)


def child(name: str, code: str, log: Path | None = None) -> Child:
    return Child(name, [sys.executable, "-c", code], {**os.environ}, log)


@asynccontextmanager
async def running(
    *children: Child, grace_s: float = 10.0
) -> AsyncIterator[tuple[Supervisor, asyncio.Task[None]]]:
    made = Supervisor(children, grace_s=grace_s)
    task = asyncio.create_task(made.run())
    try:
        yield made, task
    finally:
        made.stop()
        await asyncio.wait_for(task, 20)


async def started(made: Supervisor, *names: str, other_than: int = 0) -> dict[str, int]:
    async def all_run() -> bool:
        ids = made.process_ids()
        return set(names) <= ids.keys() and other_than not in ids.values()

    await until(all_run, 15, f"{names} run")
    return made.process_ids()


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


async def test_whoever_dies_is_started_again_and_the_others_are_left_alone() -> None:
    async with running(child("one", WAITS), child("two", WAITS)) as (made, task):
        first = await started(made, "one", "two")
        os.kill(first["one"], signal.SIGKILL)
        then = await started(made, "one", "two", other_than=first["one"])
        assert then["two"] == first["two"]
        made.stop()
        await task
        assert made.process_ids() == {}
        assert not any(is_alive(one) for one in (*first.values(), *then.values()))


async def test_pauses_grow_while_it_keeps_dying(tmp_path: Path) -> None:
    log = tmp_path / "starts"
    code = f"import time; open({str(log)!r}, 'a').write(f'{{time.monotonic()}}\\n')"
    async with running(child("dying", code)):

        async def thrice() -> bool:
            return log.exists() and len(log.read_text().split()) >= 3

        await until(thrice, 20, "three starts")
    times = [float(line) for line in log.read_text().split()]
    assert times[1] - times[0] > 0.9
    assert times[2] - times[1] > times[1] - times[0]


async def test_all_are_told_to_stop_and_drain(tmp_path: Path) -> None:
    def draining(name: str) -> str:
        return (
            "import signal, sys, time\n"
            f"def end(*_):\n    open({str(tmp_path / name)!r}, 'w').write('drained')\n    sys.exit(0)\n"
            "signal.signal(signal.SIGTERM, end)\nprint('ready', flush=True)\ntime.sleep(60)\n"
        )

    children = [child(name, draining(name), tmp_path / f"{name}.log") for name in ("one", "two")]
    async with running(*children) as (made, task):
        await ready(tmp_path, "one", "two")
        made.stop()
        made.stop()
        await task
    assert [(tmp_path / name).read_text() for name in ("one", "two")] == ["drained", "drained"]


async def ready(folder: Path, *names: str) -> None:
    async def all_say_so() -> bool:
        return all(
            (folder / f"{name}.log").exists() and (folder / f"{name}.log").read_text() for name in names
        )

    await until(all_say_so, 15, f"{names} are ready")


async def test_who_does_not_stop_in_time_is_made_to(tmp_path: Path) -> None:
    stubborn = child("stubborn", STUBBORN, tmp_path / "stubborn.log")
    async with running(stubborn, child("other", WAITS), grace_s=0.5) as (made, task):
        ids = await started(made, "stubborn", "other")
        await ready(tmp_path, "stubborn")
        began = asyncio.get_running_loop().time()
        made.stop()
        await task
        assert 0.5 <= asyncio.get_running_loop().time() - began < 5
        assert not any(is_alive(one) for one in ids.values())


async def test_sigterm_and_ctrl_c_stop_everything(tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        async with running(child("one", WAITS)) as (made, task):
            ids = await started(made, "one")
            assert os.getpgid(ids["one"]) != os.getpgid(0)  # Ctrl-C is ours to pass on
            os.kill(os.getpid(), number)
            await asyncio.wait_for(task, 10)
            assert not is_alive(ids["one"])


async def test_stopped_while_it_waits_to_start_again() -> None:
    async with running(child("dying", "pass")) as (made, task):
        await asyncio.sleep(0.3)
        made.stop()
        await asyncio.wait_for(task, 5)


async def test_a_child_has_its_own_variables_and_log(tmp_path: Path) -> None:
    code = (
        "import os, sys; print(os.environ['MINE'], flush=True); print('told', file=sys.stderr, flush=True)\n"
        + WAITS
    )
    one = Child("one", [sys.executable, "-c", code], {**os.environ, "MINE": "yes"}, tmp_path / "one.log")
    async with running(one):
        await ready(tmp_path, "one")

        async def both() -> bool:
            return set((tmp_path / "one.log").read_text().split()) == {"yes", "told"}

        await until(both, 10, "both streams in the log")


def test_a_muster_child_uses_this_interpreter() -> None:
    made = muster("web", "run", "web", variables={"A": "b"})
    assert list(made.command) == [sys.executable, "-m", "app.cli", "run", "web"]
    assert made.variables == {"A": "b"}
