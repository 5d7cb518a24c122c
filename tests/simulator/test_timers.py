"""Things that happen a little later."""

import asyncio
from typing import Any

from simulator.timers import Lanes, Timers


async def test_a_lane_keeps_order_and_nothing_is_early(eventually: Any) -> None:
    timers, loop = Timers(), asyncio.get_running_loop()
    lanes, done, began = Lanes(timers), [], loop.time()

    def note(name: str) -> None:
        done.append((name, loop.time() - began))

    lanes.after("a", 0.1, lambda: note("slow"))
    lanes.after("a", 0.0, lambda: note("quick"))
    lanes.after("b", 0.0, lambda: note("other"))
    assert timers.waiting() == 3
    await eventually(lambda: not timers.waiting())
    assert [name for name, _ in done] == ["other", "slow", "quick"]
    assert done[1][1] >= 0.09


async def test_closing_forgets_what_is_to_come() -> None:
    timers, done = Timers(), []

    async def work() -> None:
        await asyncio.sleep(30)
        done.append("work")

    timers.after(0.01, lambda: done.append("call"))
    timers.spawn(work())
    await asyncio.sleep(0)
    await timers.close()
    await asyncio.sleep(0.05)
    assert (done, timers.waiting()) == ([], 0)
