"""The worker of one account against real SQL and Redis: what it leaves when cut off, and what it finds."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from redis.asyncio import Redis
from sqlalchemy import select, update

from alerts import account, batches, epoch, news, queue
from alerts.copies import Copy
from alerts.outcomes import name_attempts
from alerts.tables import batch, delivery, revision
from bot.errors import ClosedError, GoneError, UnknownOutcomeError
from bot.gateway import Limits, Prepared
from bot.messages import Address
from registry import addresses
from storage.errors import StorageUnavailableError
from storage.keys import GROUP, AccountKeys
from storage.redis import connect_redis
from storage.vault import Vault
from tests.alerts.office import Office
from tests.alerts.post_room import ACCOUNT, PostRoom, as_named, open_post_room
from tests.conftest import OwnRedis, on_both_kinds
from tests.service import until

TAKE_OVER_MS = 300


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dead workers are noticed sooner than in service."""
    monkeypatch.setattr(queue, "TAKE_OVER_MS", TAKE_OVER_MS)
    monkeypatch.setattr(epoch, "TAKE_OVER_MS", TAKE_OVER_MS)
    monkeypatch.setattr(account, "TAKE_OVER_EVERY_S", 0.05)
    monkeypatch.setattr(account, "BLOCK_MS", 100)
    monkeypatch.setattr(news, "SAVE_S", 600.0)  # what a worker leaves shall not depend on the moment


@pytest.fixture
async def room(quick_office: Office, redis: Redis, vault: Vault) -> PostRoom:
    return await open_post_room(quick_office, redis, vault)


@pytest.fixture
async def mortal(quick_office: Office, own_redis: OwnRedis, vault: Vault) -> AsyncIterator[PostRoom]:
    """A post room whose Redis may be killed."""
    client = connect_redis(own_redis.url)
    yield await open_post_room(quick_office, client, vault)
    await client.aclose()


async def held_up(room: PostRoom, count: int) -> None:
    """Wait until the provider owes `count` answers."""

    async def waiting() -> bool:
        return room.provider.waiting == count

    await until(waiting, 20, f"{count} answers are owed")


async def marked(room: PostRoom, batch_id: int, count: int) -> None:
    """Wait until Redis knows of `count` outcomes."""

    async def known() -> bool:
        return sum(1 for mark in await room.marks(batch_id) if mark) == count

    await until(known, 20, f"{count} marks")


@on_both_kinds
async def test_everybody_gets_one(room: PostRoom) -> None:
    values = await room.write(35)
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert room.provider.taken == dict.fromkeys(values, 1)
    assert await room.states() == {"accepted": 35}


async def test_who_blocked_us_since_it_was_planned_is_tried_elsewhere_at_once(room: PostRoom) -> None:
    values = await room.write(10)
    async with room.database.bulk() as connection:
        ids = (
            (await connection.execute(select(delivery.c.address_id).order_by(delivery.c.id))).scalars().all()
        )
        await addresses.mark_gone(connection, ids[:2], room.clock.now())
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert room.provider.taken == dict.fromkeys(values[2:], 1)
    assert await room.states() == {"accepted": 8, "gone": 2}
    async with room.database.read() as connection:
        query = select(delivery.c.error, delivery.c.next_at.is_not(None)).where(delivery.c.state == "gone")
        assert [tuple(row) for row in await connection.execute(query)] == [("gone", True)] * 2


async def test_who_only_a_receipt_knows_of_is_due_for_the_next_rung_all_the_same(room: PostRoom) -> None:
    values = await room.write(10)
    async with room.database.bulk() as connection:
        first = select(delivery.c.id).order_by(delivery.c.id).limit(1).scalar_subquery()
        await connection.execute(update(delivery).where(delivery.c.id == first).values(state="accepted"))
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert room.provider.taken == dict.fromkeys(values[1:], 1)
    async with room.database.read() as connection:
        due = (await connection.execute(select(delivery.c.next_at))).scalars().all()
    assert None not in due


async def test_sql_knows_who_may_have_it_before_anybody_does(room: PostRoom) -> None:
    """Whoever answers a worker that died is believed by it: `alerts/live.py`."""
    values = await room.write(30)
    room.provider.held = lambda to: to.value in values[:10]
    await room.dispatch.step()
    async with room.at_work(room.worker("one")):
        await held_up(room, 10)
        async with room.database.read() as connection:
            may = await batches.begun(connection, room.revision, *ACCOUNT)
            queued = select(delivery.c.id).where(delivery.c.state == "queued").order_by(delivery.c.id)
            first = (await connection.execute(queued.limit(10))).scalars().all()
        assert may >= set(first)
        room.provider.gate.set()
        await room.all_sent()
    async with room.database.read() as connection:
        assert await batches.begun(connection, room.revision, *ACCOUNT) == frozenset(), "all is written"


async def test_an_account_that_is_refused_lets_its_people_go_on(room: PostRoom) -> None:
    await room.write(25)
    async with room.at_work(room.worker("one", access=lambda: "unauthorized")):
        await room.all_sent()
    assert not room.provider.taken
    assert await room.states() == {"failed": 25}
    async with room.database.read() as connection:
        query = select(delivery.c.error, delivery.c.next_at.is_not(None)).distinct()
        assert [tuple(row) for row in await connection.execute(query)] == [("unauthorized", True)]


async def test_who_may_have_it_is_not_called_unsent_when_the_account_is_refused(room: PostRoom) -> None:
    values = await room.write(10)
    first, second = values[:2]

    def answer(to: Address) -> None:
        tries = room.provider.taken[to.value]
        if (to.value == first and tries == 1) or (to.value == second and tries <= 2):
            raise UnknownOutcomeError("no_answer")
        if to.value == first:
            raise ClosedError("unauthorized")

    room.provider.answer = answer
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert await room.states() == {"accepted": 8, "unknown": 2}


async def test_nobody_is_given_up_while_the_provider_was_not_asked(room: PostRoom) -> None:
    values = await room.write(25)
    answers: list[str | None] = [None]
    async with room.at_work(room.worker("one", access=lambda: answers[-1])):
        await room.dispatch.step()

        async def taken_up() -> bool:
            return bool(await room.redis.xlen(AccountKeys(*ACCOUNT).stream(1)))

        await until(taken_up, 20, "the batches are on their stream")
        assert await room.states() == {"queued": 25}
        answers.append("")
        await room.all_sent()
    assert room.provider.taken == dict.fromkeys(values, 1)


@on_both_kinds
async def test_another_worker_repeats_only_what_was_in_flight(room: PostRoom) -> None:
    values = await room.write(10)
    flying = set(values[6:])
    room.provider.held = lambda to: to.value in flying
    await room.dispatch.step()
    async with room.at_work(room.worker("one")):
        await held_up(room, 4)
        await marked(room, 1, 6)
    assert await room.states() == {"queued": 10}, "it was cut off before it wrote anything"
    room.provider.held = lambda _to: False
    async with room.at_work(room.worker("two")):
        await room.all_sent()
    assert room.provider.taken == {value: 2 if value in flying else 1 for value in values}
    assert await room.states() == {"accepted": 10}


async def test_a_worker_and_redis_that_die_together_repeat_what_was_not_saved_yet(
    mortal: PostRoom, own_redis: OwnRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "SAVE_S", 0.05)
    values = await mortal.write(10)
    flying = set(values[6:])
    mortal.provider.held = lambda to: to.value in flying
    await mortal.dispatch.step()

    async def saved() -> bool:
        return await mortal.states() == {"accepted": 6, "queued": 4}

    async with mortal.at_work(mortal.worker("one")):
        await held_up(mortal, 4)
        await until(saved, 20, "SQL has what is done of a batch that is not")
    own_redis.kill()
    own_redis.empty()
    await asyncio.to_thread(own_redis.start)
    mortal.provider.held = lambda _to: False
    async with mortal.at_work(mortal.worker("two")):
        await mortal.all_sent()
    assert mortal.provider.taken == {value: 2 if value in flying else 1 for value in values}


async def test_what_a_dead_worker_left_does_not_wait_for_the_end_of_the_queue(room: PostRoom) -> None:
    left = set(await room.write(10, priority=3))
    room.provider.held = lambda to: to.value in left
    await room.dispatch.step()
    async with room.at_work(room.worker("one")):
        await held_up(room, 10)
    room.provider.held = lambda _to: False
    await room.write(300, priority=0)

    async def finished() -> bool:
        return all(room.provider.taken[value] == 2 for value in left)

    async with room.at_work(room.worker("two")):
        await room.dispatch.step()
        await until(finished, 60, "the dead worker's people are written to")
        assert await room.open_batches() > 10, "the queue is far from its end"
        await room.all_sent(60)
    assert max(room.provider.taken.values()) == 2


@on_both_kinds
async def test_an_entry_of_a_newer_life_than_we_know_is_not_thrown_away(room: PostRoom) -> None:
    values = await room.write(10)
    worker = room.worker("one")
    assert isinstance(worker.epoch, epoch.EpochWatch)
    worker.epoch.value = "the life before"
    await room.dispatch.step()
    async with room.at_work(worker, watching=False):
        await room.all_sent()
    assert room.provider.taken == dict.fromkeys(values, 1)


async def test_an_entry_of_an_older_life_is_thrown_away(room: PostRoom) -> None:
    values = await room.write(10)
    await room.queue("planner").offer(1, [1], "the life before")
    keys = AccountKeys(*ACCOUNT)

    async def thrown_away() -> bool:
        return int(await room.redis.xlen(keys.stream(1))) == 0

    async with room.at_work(room.worker("one")):
        await until(thrown_away, 20, "the old entry is gone")
        assert not room.provider.taken
        await room.all_sent()
    assert room.provider.taken == dict.fromkeys(values, 1)


async def test_with_redis_away_outcomes_are_in_sql_at_once(mortal: PostRoom, own_redis: OwnRedis) -> None:
    values = await mortal.write(10)
    mortal.provider.held = lambda _to: True
    await mortal.dispatch.step()

    async def written() -> bool:
        return await mortal.states() == {"accepted": 10}

    async with mortal.at_work(mortal.worker("one")):
        await held_up(mortal, 10)
        own_redis.kill()
        mortal.provider.gate.set()
        await until(written, 20, "SQL has them though Redis is away")
    await asyncio.to_thread(own_redis.start)
    async with mortal.at_work(mortal.worker("two")):
        await mortal.all_sent()
    assert mortal.provider.taken == dict.fromkeys(values, 1)


@pytest.mark.parametrize("empty", [False, True], ids=["with its file", "empty"])
async def test_a_lost_redis_costs_no_message(mortal: PostRoom, own_redis: OwnRedis, empty: bool) -> None:
    values = await mortal.write(60)
    first = set(values[:20])
    mortal.provider.held = lambda to: to.value in first
    await mortal.dispatch.step()
    async with mortal.at_work(mortal.worker("one")):
        await held_up(mortal, 20)
        own_redis.kill()
        if empty:
            own_redis.empty()
        await asyncio.to_thread(own_redis.start)
        mortal.provider.gate.set()
        await mortal.all_sent()
    assert mortal.provider.taken == dict.fromkeys(values, 1)
    assert await mortal.states() == {"accepted": 60}


async def test_a_batch_that_redis_gives_out_twice_waits_for_itself(room: PostRoom) -> None:
    values = await room.write(10)
    room.provider.held = lambda _to: True
    stream = AccountKeys(*ACCOUNT).stream(1)
    await room.dispatch.step()
    async with room.at_work(room.worker("one")):
        await held_up(room, 10)
        # As if the append-only file had lost that the entry was read.
        await room.redis.xgroup_destroy(stream, GROUP)
        await room.redis.xgroup_create(stream, GROUP, id="0")

        async def read_again() -> bool:
            return bool((await room.redis.xpending(stream, GROUP))["pending"])

        await until(read_again, 20, "the entry is read once more")
        room.provider.gate.set()
        await room.all_sent()
    assert room.provider.taken == dict.fromkeys(values, 1)


async def test_a_bug_after_the_bytes_left_costs_one_person_certainty_and_nobody_else_anything(
    room: PostRoom,
) -> None:
    values = await room.write(10)

    def break_once(to: Address) -> None:
        if to.value == values[3]:
            raise ValueError("a bug in a gateway")

    room.provider.answer = break_once
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert room.provider.taken == dict.fromkeys(values, 1)
    assert await room.states() == {"accepted": 9, "unknown": 1}


async def test_a_bug_in_the_words_of_one_language_leaves_the_others_alone(room: PostRoom) -> None:
    await room.write(2, language="vi")
    english = await room.write(5)

    async def render(number: int, language: str, copy: Copy) -> Prepared:
        if language == "vi":
            raise KeyError("no such words")
        return await as_named(number, language, copy)

    async with room.at_work(room.worker("one", render)):
        await room.all_sent()
    assert room.provider.taken == dict.fromkeys(english, 1)
    assert await room.states() == {"accepted": 5, "failed": 2}
    async with room.database.read() as connection:
        failed = (await connection.execute(select(delivery).where(delivery.c.state == "failed"))).all()
    assert all(row.error == "broken" and row.next_at is not None for row in failed), (
        "their next channel is due"
    )


async def test_who_came_once_it_was_sent_is_sent_a_late_copy(room: PostRoom) -> None:
    async with room.database.durable() as connection:
        await connection.execute(update(revision).values(planned_at=room.clock.now() - timedelta(seconds=1)))
    copies = set()
    await room.write(3)

    async def render(number: int, language: str, copy: Copy) -> Prepared:
        copies.add(copy)
        return await as_named(number, language, copy)

    async with room.at_work(room.worker("one", render)):
        await room.all_sent()
    assert copies == {Copy.LATE}


async def test_a_batch_on_which_our_code_always_breaks_is_given_up(
    room: PostRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "BREAKS", 2)
    values = await room.write(10)

    def gone_for_one(to: Address) -> None:
        if to.value == values[0]:
            raise GoneError("blocked")

    def break_always(_ids: object) -> None:
        raise RuntimeError("a bug in our books")

    room.provider.answer, room.gone = gone_for_one, break_always
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert room.provider.taken == dict.fromkeys(values, 1), "the marks kept it from sending again"
    assert await room.states() == {"accepted": 9, "failed": 1}


async def test_stopping_ends_what_is_in_flight_and_leaves_the_rest(room: PostRoom) -> None:
    values = await room.write(30)
    room.provider.limits = Limits(1_000.0, 0, 50, 5, 4_096, 10, "2026-11-22")
    room.provider.held = lambda _to: True
    await room.dispatch.step()
    worker = room.worker("one")
    running = asyncio.create_task(worker.run())
    await held_up(room, 5)
    worker.stopping.set()
    room.provider.gate.set()
    await asyncio.wait_for(running, 10)
    assert await room.states() == {"accepted": 5, "queued": 25}
    async with room.at_work(room.worker("two")):
        await room.all_sent()
    assert room.provider.taken == dict.fromkeys(values, 1)


async def test_all_batches_of_an_account_share_its_requests_under_way(room: PostRoom) -> None:
    await room.write(40)
    room.provider.limits = Limits(1_000.0, 0, 50, 12, 4_096, 10, "2026-11-22")
    room.provider.held = lambda _to: True
    worker = room.worker("one")
    await room.dispatch.step()
    async with room.at_work(worker):
        await held_up(room, 12)
        # The first waits for its answers only; in two more people wait for their turn.
        await until(lambda: _pending(room, 3), 10, "three batches are under way")
        assert room.provider.waiting == worker.in_flight == 12
        room.provider.gate.set()
        await room.all_sent()


async def _pending(room: PostRoom, count: int) -> bool:
    stream = AccountKeys(*ACCOUNT).stream(1)
    return int((await room.redis.xpending(stream, GROUP))["pending"]) == count


@on_both_kinds
async def test_never_resend_lists_what_may_have_arrived(room: PostRoom) -> None:
    values = await room.write(10)
    async with room.database.durable() as connection:
        await connection.execute(update(revision).values(policy="never-resend"))
    flying = set(values[5:])
    room.provider.held = lambda to: to.value in flying
    await room.dispatch.step()
    async with room.at_work(room.worker("one")):
        await held_up(room, 5)
        await marked(room, 1, 5)
    assert await room.states() == {"attempting": 10}
    async with room.at_work(room.worker("two")):
        await room.all_sent()
    assert room.provider.taken == dict.fromkeys(values, 1)
    assert await room.states() == {"accepted": 5, "unknown": 5}


@on_both_kinds
async def test_never_resend_leaves_whom_somebody_else_named(room: PostRoom) -> None:
    """Two workers believe that a batch is theirs: who wrote a name down first sends, the other does not."""
    values = await room.write(10)
    async with room.database.durable() as connection:
        await connection.execute(update(revision).values(policy="never-resend"))
    first = select(delivery.c.id).order_by(delivery.c.id).limit(3)

    async def as_the_other_worker() -> None:
        async with room.database.durable() as connection:
            ids = (await connection.execute(first)).scalars().all()
            await name_attempts(connection, ids, room.clock.now())

    room.before_naming = as_the_other_worker
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert room.provider.taken == dict.fromkeys(values[3:], 1)
    assert await room.states() == {"accepted": 7, "unknown": 3}


async def test_never_resend_sends_to_whom_a_lost_answer_of_sql_was_about(room: PostRoom) -> None:
    """The names were written, and the connection broke before SQL could say so: they are ours."""
    values = await room.write(10)
    async with room.database.durable() as connection:
        await connection.execute(update(revision).values(policy="never-resend"))
    broken = [True]

    async def lose_the_answer() -> None:
        if broken and broken.pop():
            raise StorageUnavailableError("lost")

    room.after_naming = lose_the_answer
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert room.provider.taken == dict.fromkeys(values, 1)
    assert await room.states() == {"accepted": 10}


async def test_a_settled_batch_that_sql_forgot_is_sent_after_all(room: PostRoom) -> None:
    values = await room.write(10)
    async with room.at_work(room.worker("one")):
        await room.all_sent()
        # As when the power goes and SQL loses its last moment: the batch is open again, its entry settled.
        async with room.database.durable() as connection:
            await connection.execute(update(batch).values(state="open", closed_at=None))
            await connection.execute(update(delivery).values(state="queued"))
        await room.redis.delete(AccountKeys(*ACCOUNT).marks(await room.label(1)))

        async def sent_again() -> bool:
            room.dispatch._all_at = 0.0  # the five seconds are over
            await room.dispatch.step()
            return await room.states() == {"accepted": 10}

        await until(sent_again, 20, "they are written to")
    assert room.provider.taken == dict.fromkeys(values, 2)
