"""What one worker holds of an account's queue: whoever waits for an answer holds up nobody. Real SQL and
Redis."""

import pytest
from redis.asyncio import Redis

from alerts import account, epoch, lease, queue
from bot.gateway import Limits
from storage.keys import GROUP, AccountKeys
from storage.vault import Vault
from tests.alerts.office import Office
from tests.alerts.post_room import ACCOUNT, PostRoom, open_post_room
from tests.service import until

IN_FLIGHT = 70


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dead workers are noticed sooner than in service."""
    monkeypatch.setattr(queue, "TAKE_OVER_MS", 300)
    monkeypatch.setattr(epoch, "TAKE_OVER_MS", 300)
    monkeypatch.setattr(lease, "BEAT_S", 0.1)
    monkeypatch.setattr(account, "BEAT_S", 0.1)
    monkeypatch.setattr(account, "TAKE_OVER_EVERY_S", 0.05)
    monkeypatch.setattr(account, "BLOCK_MS", 100)


@pytest.fixture
async def room(quick_office: Office, redis: Redis, vault: Vault) -> PostRoom:
    found = await open_post_room(quick_office, redis, vault)
    found.provider.limits = Limits(1_000.0, 0, 50, IN_FLIGHT, 4_096, 10, "2026-11-22")
    return found


async def test_a_slow_provider_is_asked_for_as_much_as_may_be_under_way(room: PostRoom) -> None:
    values = await room.write(100)
    room.provider.held = lambda _to: True
    await room.dispatch.step()

    async def full() -> bool:
        return room.provider.waiting == IN_FLIGHT

    async with room.at_work(room.worker("one")):
        await until(full, 20, "as many are under way as may be")
        room.provider.gate.set()
        await room.all_sent()
    assert room.provider.taken == dict.fromkeys(values, 1)


async def test_an_urgent_warning_does_not_wait_for_answers_to_others(room: PostRoom) -> None:
    slow = set(await room.write(50, priority=3))
    room.provider.held = lambda to: to.value in slow
    await room.dispatch.step()

    async def all_slow() -> bool:
        return room.provider.waiting == 50

    async with room.at_work(room.worker("one")):
        await until(all_slow, 20, "five batches wait for their answers")
        urgent = await room.write(20, priority=0)
        await room.dispatch.step()

        async def warned() -> bool:
            return all(room.provider.taken[value] for value in urgent)

        await until(warned, 20, "the urgent ones are sent")
        assert room.provider.waiting == 50
        room.provider.gate.set()
        await room.all_sent()


async def test_no_more_batches_are_held_than_a_worker_can_keep(
    room: PostRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "HELD_MOST", 4)
    await room.write(100)
    room.provider.held = lambda _to: True
    await room.dispatch.step()
    async with room.at_work(room.worker("one")):
        await until(lambda: _pending(room, 4), 20, "four are held")
        room.provider.gate.set()
        await room.all_sent()


async def _pending(room: PostRoom, count: int) -> bool:
    found = await room.redis.xpending(AccountKeys(*ACCOUNT).stream(1), GROUP)
    assert int(found["pending"]) <= count
    return int(found["pending"]) == count


async def test_a_worker_whose_streams_vanish_goes_on(room: PostRoom) -> None:
    """A master of a cluster without a replica comes back empty: the epoch lies on another and stands."""
    room.limits = Limits(50.0, 0, 50, IN_FLIGHT, 4_096, 10, "2026-11-22")
    values = await room.write(60)
    keys = AccountKeys(*ACCOUNT)

    async def begun() -> bool:
        return len(room.provider.taken) > 5

    async with room.at_work(room.worker("one")):
        await room.dispatch.step()
        await until(begun, 20, "people of two batches wait for their turn")
        await room.redis.delete(*(keys.stream(priority) for priority in queue.PRIORITIES))
        await room.redis.delete(keys.enqueued(room.dispatch._epoch))

        async def all_there() -> bool:
            room.dispatch._all_at = 0.0  # the five seconds are over
            await room.dispatch.step()
            return await room.open_batches() == 0

        await until(all_there, 20, "what vanished is offered and sent")
    assert room.provider.taken == dict.fromkeys(values, 1)
