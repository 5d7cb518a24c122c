"""The turn to write: one at a time, the first first, the urgent before others but not for ever."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.turn import Turn


async def settle() -> None:
    for _round in range(5):
        await asyncio.sleep(0)


class Line:
    """People who want the turn; `order` says who had it."""

    def __init__(self, turn: Turn) -> None:
        self.turn, self.order, self.inside = turn, list[str](), 0
        self.may_end = asyncio.Event()

    async def want(self, name: str, *, urgent: bool = False) -> None:
        async with self.turn.taken(urgent=urgent):
            self.inside += 1
            assert self.inside == 1
            self.order.append(name)
            await self.may_end.wait()
            self.inside -= 1


async def test_the_urgent_goes_first_but_never_twice_in_a_row() -> None:
    line = Line(Turn(5))
    names = ["a", "b", "c", "!1", "!2", "!3"]
    tasks = []
    for name in names:
        tasks.append(asyncio.create_task(line.want(name, urgent=name.startswith("!"))))
        await settle()
    line.may_end.set()
    await asyncio.gather(*tasks)
    assert line.order == ["a", "!1", "b", "!2", "c", "!3"]


async def test_who_waits_too_long_gives_up_and_holds_nobody_up() -> None:
    line = Line(Turn(0.05))
    first = asyncio.create_task(line.want("a"))
    await settle()
    with pytest.raises(TimeoutError):
        await line.want("b")
    line.may_end.set()
    await first
    await line.want("c")
    assert line.order == ["a", "c"]


@given(steps=st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 3)), min_size=1, max_size=12))
def test_everybody_who_stays_has_one_turn_whoever_is_cancelled_when(
    steps: list[tuple[bool, bool, int]],
) -> None:
    async def play() -> None:
        line = Line(Turn(5))
        line.may_end.set()
        tasks = []
        for number, (urgent, leaves, rounds) in enumerate(steps):
            task = asyncio.create_task(line.want(str(number), urgent=urgent))
            tasks.append(task)
            for _round in range(rounds):
                await asyncio.sleep(0)
            if leaves:
                tasks[number // 2].cancel()
        ended = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        stayed = [str(number) for number, end in enumerate(ended) if end is None]
        assert set(stayed) <= set(line.order)
        assert len(line.order) == len(set(line.order))
        async with line.turn.taken():  # it is free again
            pass

    asyncio.run(play())
