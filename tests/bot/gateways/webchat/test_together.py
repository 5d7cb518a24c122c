"""Questions asked at one moment share one answer; errors reach exactly their group."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.gateways.webchat.together import Together
from storage.errors import StorageUnavailableError


async def test_what_is_asked_while_a_query_runs_shares_the_next() -> None:
    groups: list[list[int]] = []
    began = asyncio.Event()

    async def double(numbers: Sequence[int]) -> list[int]:
        groups.append(list(numbers))
        began.set()
        await asyncio.sleep(0.01)
        return [number * 2 for number in numbers]

    together = Together(double, 10)
    first = asyncio.create_task(together.ask(0))
    await began.wait()
    rest = await asyncio.gather(*(together.ask(number) for number in range(1, 25)))
    assert [await first, *rest] == [number * 2 for number in range(25)]
    assert [len(group) for group in groups] == [1, 10, 10, 4]


async def test_an_error_reaches_its_group_and_the_next_is_tried() -> None:
    async def odd(numbers: Sequence[int]) -> list[int]:
        if 1 in numbers:
            raise StorageUnavailableError("away")
        return list(numbers)

    together = Together(odd, 2)
    outcomes = await asyncio.gather(*(together.ask(n) for n in (1, 2, 3, 4)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes[:2]] == [StorageUnavailableError] * 2
    assert outcomes[2:] == [3, 4]


async def test_who_gives_up_waiting_disturbs_nobody() -> None:
    async def slow(numbers: Sequence[int]) -> list[int]:
        await asyncio.sleep(0.01)
        return list(numbers)

    together = Together(slow, 10)
    tasks = [asyncio.create_task(together.ask(number)) for number in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    assert (await tasks[0], await tasks[2]) == (0, 2)
    await together.close()


async def test_a_bug_leaves_nobody_waiting() -> None:
    async def broken(_numbers: Sequence[int]) -> list[int]:
        raise RuntimeError("a bug")

    together = Together(broken, 10)
    with pytest.raises(asyncio.CancelledError):
        await together.ask(1)
    with pytest.raises(RuntimeError):
        await together.close()
