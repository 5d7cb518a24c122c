"""Who may have a message though nobody said so: never called unsent, whatever happens next. A correction goes
to them. Real SQL and Redis."""

import pytest
from redis.asyncio import Redis
from sqlalchemy import select, update

from alerts import account, attempt, epoch, news, queue
from alerts.correction import correction_audience
from alerts.delivery import DeliveryState
from alerts.outcomes import CODES, IN_DOUBT, STATES, STOPPED, Outcome, mark_of
from alerts.tables import alert, batch, delivery
from bot.errors import PERHAPS_ACCEPTED, BrokenServerError, StoppedError, TransientError
from bot.messages import Address
from registry import optouts
from storage.vault import Vault
from tests.alerts.office import NOW, Office
from tests.alerts.post_room import PostRoom, open_post_room
from tests.conftest import on_both_kinds
from tests.service import until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dead workers are noticed sooner than in service; what one leaves shall not depend on the moment."""
    monkeypatch.setattr(queue, "TAKE_OVER_MS", 300)
    monkeypatch.setattr(epoch, "TAKE_OVER_MS", 300)
    monkeypatch.setattr(account, "TAKE_OVER_EVERY_S", 0.05)
    monkeypatch.setattr(account, "BLOCK_MS", 100)
    monkeypatch.setattr(news, "SAVE_S", 600.0)
    monkeypatch.setattr(attempt, "FIRST_PAUSE_S", 0.02)


@pytest.fixture
async def room(quick_office: Office, redis: Redis, vault: Vault) -> PostRoom:
    return await open_post_room(quick_office, redis, vault)


async def cancel(room: PostRoom) -> None:
    async with room.database.durable() as connection:
        await connection.execute(update(alert).values(state="cancelled"))


async def corrected(room: PostRoom) -> int:
    """How many a correction would go to."""
    async with room.database.read() as connection:
        return len(await correction_audience(connection, 1))


@on_both_kinds
async def test_a_dead_workers_people_are_not_called_unsent_by_a_cancel(room: PostRoom) -> None:
    await room.write(30)
    room.provider.held = lambda _to: True
    await room.dispatch.step()

    async with room.at_work(room.worker("one")):
        await until(lambda: _waiting(room, 30), 20, "everybody's request is under way")
    await cancel(room)
    async with room.at_work(room.worker("two")):
        await room.all_sent()
    assert await room.states() == {"unknown": 30}
    assert await corrected(room) == 30


async def _waiting(room: PostRoom, count: int) -> bool:
    return room.provider.waiting == count


async def test_whom_nobody_began_on_is_called_unsent(room: PostRoom) -> None:
    await room.write(10)
    await cancel(room)
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert await room.states() == {"skipped": 10}
    assert await corrected(room) == 0


async def test_who_left_us_after_a_worker_died_over_them_is_not_called_unsent(room: PostRoom) -> None:
    await room.write(10)
    room.provider.held = lambda _to: True
    await room.dispatch.step()
    async with room.at_work(room.worker("one")):
        await until(lambda: _waiting(room, 10), 20, "everybody's request is under way")
    async with room.database.durable() as connection:
        ids = (await connection.execute(select(delivery.c.address_id))).scalars().all()
        await optouts.record(connection, dict.fromkeys(ids), room.clock.now())
    room.provider.held = lambda _to: False
    async with room.at_work(room.worker("two")):
        await room.all_sent()
    assert await room.states() == {"unknown": 10}


@pytest.mark.parametrize("cancelled", [True, False])
async def test_a_server_that_broke_may_have_taken_it(room: PostRoom, *, cancelled: bool) -> None:
    await room.write(10)

    def break_over(_to: Address) -> None:
        raise BrokenServerError("http_502")

    async def all_tried() -> bool:
        return room.provider.taken.total() >= 10

    room.provider.answer = break_over
    await room.dispatch.step()
    async with room.at_work(room.worker("one")):
        await until(all_tried, 20, "everybody was tried once")
        if cancelled:
            await cancel(room)
        else:
            room.provider.answer = _never_heard_of
        await room.all_sent(60)
    assert await corrected(room) == 10, await room.states()


def _never_heard_of(_to: Address) -> None:
    raise TransientError("unreachable")


async def test_a_mark_tells_what_a_correction_must_know(room: PostRoom) -> None:
    """A worker dies after its provider's server broke over everybody for the last time."""
    await room.write(10)

    def break_over(_to: Address) -> None:
        raise BrokenServerError("http_502")

    room.provider.answer = break_over
    room.provider.held = lambda to: to.value == "chat-9"
    await room.dispatch.step()

    async def nine_marked() -> bool:
        return sum(1 for mark in await room.marks(1) if mark) == 9

    async with room.at_work(room.worker("one")):
        await until(nine_marked, 60, "nine were given up")
    room.provider.held = lambda _to: False
    async with room.at_work(room.worker("two")):
        await room.all_sent(60)
    assert (await room.states())["failed"] >= 9
    assert await corrected(room) == 10


async def test_a_mark_tells_that_somebody_wants_nothing_from_us(room: PostRoom) -> None:
    values = await room.write(10)

    def answer(to: Address) -> None:
        if to.value == values[0]:
            raise StoppedError("stopped")

    room.provider.answer = answer
    room.provider.held = lambda to: to.value == values[1]
    await room.dispatch.step()

    async def nine_marked() -> bool:
        return sum(1 for mark in await room.marks(1) if mark) == 9

    async with room.at_work(room.worker("one")):
        await until(nine_marked, 20, "all but one are known")
    stopped: list[int] = []
    room.stopped = stopped.extend
    room.provider.held = lambda _to: False
    async with room.at_work(room.worker("two")):
        await room.all_sent()
    assert len(stopped) == 1


def test_only_a_server_that_broke_leaves_a_doubt() -> None:
    for state, code in CODES.items():
        for error in ("", "chat_not_found", *PERHAPS_ACCEPTED):
            doubtful = state is DeliveryState.FAILED and error in PERHAPS_ACCEPTED
            assert mark_of(Outcome(1, state, NOW, error=error)) == (IN_DOUBT if doubtful else code)
    assert mark_of(Outcome(1, DeliveryState.GONE, NOW, stopped=True)) == STOPPED
    assert (STATES[IN_DOUBT], STATES[STOPPED]) == (DeliveryState.FAILED, DeliveryState.GONE)


@on_both_kinds
async def test_marks_of_a_batch_that_a_restore_forgot_are_not_believed(room: PostRoom) -> None:
    """SQL came back from a backup and gave a batch's number away again; Redis kept the old one's marks."""
    values = await room.write(10)
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    async with room.database.durable() as connection:
        later = room.clock.now()
        other = {"state": "open", "closed_at": None, "begun_at": None, "created_at": later}
        await connection.execute(update(batch).values(other))
        await connection.execute(update(delivery).values(state="queued", accepted_at=None, provider_id=None))

    async def sent_again() -> bool:
        room.dispatch._all_at = 0.0
        await room.dispatch.step()
        return await room.states() == {"accepted": 10}

    async with room.at_work(room.worker("two")):
        await until(sent_again, 20, "the other batch's people are written to")
    assert room.provider.taken == dict.fromkeys(values, 2)
