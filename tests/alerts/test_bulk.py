"""One call for many, against real SQL and Redis: whoever it serves is sent to once and accounted for."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from redis.asyncio import Redis
from sqlalchemy import select, update

from alerts import account, news, queue
from alerts.batches import BatchSizes
from alerts.tables import alert, batch, delivery, revision
from bot.errors import (
    ClosedError,
    GoneError,
    QuotaError,
    RejectedError,
    RetryAfterError,
    SendError,
    TransientError,
    UnknownOutcomeError,
)
from bot.gateway import BulkAccepted, BulkGateway, Limits, Prepared
from bot.messages import Accepted, Address, Outbound
from storage.vault import Vault
from tests.alerts.office import Office
from tests.alerts.post_room import ACCOUNT, PostRoom, Provider, open_post_room
from tests.service import until

MOST = 30
LIMITS = Limits(1_000.0, 0, 50, 60, 4_096, MOST, "2026-11-22")


@dataclass
class BulkProvider(Provider):
    """Takes many at once and counts; fulfils `bot.gateway.BulkGateway`, too.

    Attributes:
        calls: recipients of each call.
        languages: of the words of each call.
        whole: called with the number of each call; what it raises is what the sender sees of all.
        failed: error of one recipient, None = taken.
        alone: how often each was sent to by a message of their own.
    """

    calls: list[list[str]] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    alone: Counter[str] = field(default_factory=Counter)
    whole: Callable[[int], None] = lambda _number: None
    failed: Callable[[str], SendError | None] = lambda _value: None
    takes_many: bool = True
    limits: Limits = LIMITS

    async def send_many(self, to: Sequence[Address], message: Prepared, *, part: int = 0) -> BulkAccepted:
        values = [one.value for one in to]
        self.calls.append(values)
        self.at.append(time.monotonic())
        self.languages.append(message.parts[0]["text"])
        number = len(self.calls)
        if any(self.held(one) for one in to):
            self.waiting += len(to)
            try:
                await self.gate.wait()
            finally:
                self.waiting -= len(to)
        self.whole(number)
        errors = {place: error for place, value in enumerate(values) if (error := self.failed(value))}
        self.taken.update(value for place, value in enumerate(values) if place not in errors)
        return BulkAccepted(f"token-{number}", errors)

    async def send(
        self,
        to: Address,
        message: Prepared,
        *,
        part: int = 0,
        delivery: int | None = None,
        key: str | None = None,
    ) -> Accepted:
        self.alone[to.value] += 1
        return await super().send(to, message, part=part, delivery=delivery, key=key)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dead workers are noticed sooner than in service."""
    monkeypatch.setattr(queue, "TAKE_OVER_MS", 300)
    monkeypatch.setattr(account, "TAKE_OVER_EVERY_S", 0.05)
    monkeypatch.setattr(account, "BLOCK_MS", 100)


@pytest.fixture
def provider() -> BulkProvider:
    return BulkProvider()


@pytest.fixture
async def room(quick_office: Office, redis: Redis, vault: Vault, provider: BulkProvider) -> PostRoom:
    opened = await open_post_room(quick_office, redis, vault)
    opened.provider = provider
    opened.sizes = BatchSizes({ACCOUNT: MOST}, frozenset({ACCOUNT}))
    return opened


async def rows(room: PostRoom) -> Mapping[str, tuple[str, str | None, str | None, int]]:
    """State, provider id, error and attempts of everybody, by address."""
    async with room.database.read() as connection:
        query = select(
            delivery.c.state, delivery.c.provider_id, delivery.c.error, delivery.c.attempts
        ).order_by(delivery.c.id)
        found = (await connection.execute(query)).all()
    return {f"chat-{number}": tuple(row) for number, row in enumerate(found)}


def test_the_provider_of_these_tests_keeps_the_contract(provider: BulkProvider) -> None:
    assert isinstance(provider, BulkGateway)
    assert not isinstance(Provider(), BulkGateway)


async def test_a_call_serves_a_batch_of_one_language(room: PostRoom, provider: BulkProvider) -> None:
    values = await room.write(90, language=("vi", "th", "en"))
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert provider.taken == dict.fromkeys(values, 1)
    assert sorted(provider.languages) == ["en", "th", "vi"], "one call for each language"
    assert [len(call) for call in provider.calls] == [30, 30, 30]
    assert not provider.alone
    assert await room.states() == {"accepted": 90}
    tokens = Counter(row[1] for row in (await rows(room)).values())
    assert tokens == {"token-1": 30, "token-2": 30, "token-3": 30}, "all of a call share its id"


async def test_a_batch_of_several_languages_is_cut_where_it_is_sent(
    room: PostRoom, provider: BulkProvider
) -> None:
    room.sizes = BatchSizes({ACCOUNT: MOST})  # as planned before the account took many at once
    values = await room.write(30, language=("vi", "en"))
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert provider.taken == dict.fromkeys(values, 1)
    assert sorted(zip(provider.languages, map(len, provider.calls), strict=True)) == [("en", 15), ("vi", 15)]


async def test_each_recipient_has_an_outcome_of_their_own(room: PostRoom, provider: BulkProvider) -> None:
    values = await room.write(6)
    gone: list[int] = []
    room.gone = gone.extend
    errors = {values[1]: GoneError("not_subscribed"), values[3]: QuotaError("monthly_cap")}
    hour = RetryAfterError("too_many", 1_800.0, recipient_only=True)
    provider.failed = {**errors, values[4]: hour}.get
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    found = await rows(room)
    assert [found[value][0] for value in values] == [
        "accepted", "gone", "accepted", "failed", "failed", "accepted",
    ]  # fmt: skip
    assert [found[value][2] for value in values] == [
        None, "not_subscribed", None, "monthly_cap", "too_many", None,
    ]  # fmt: skip
    assert len(gone) == 1
    async with room.database.read() as connection:
        due = (await connection.execute(select(delivery.c.next_at).where(delivery.c.state == "failed"))).all()
    assert all(row.next_at is not None for row in due), "their next channel is due, now and not in an hour"
    assert len(provider.calls) == 1


async def test_who_was_not_taken_is_tried_again_and_nobody_else(
    room: PostRoom, provider: BulkProvider
) -> None:
    values = await room.write(10)
    busy = Counter({values[2]: 2, values[7]: 1})

    def failed(value: str) -> SendError | None:
        if busy[value] > 0:
            busy[value] -= 1
            return TransientError("busy")
        return None

    provider.failed = failed
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert provider.taken == dict.fromkeys(values, 1)
    assert {value for call in provider.calls[1:] for value in call} == {values[2], values[7]}
    assert (await rows(room))[values[2]][3] == 3


async def test_a_call_without_an_answer_is_one_of_each_recipient(
    room: PostRoom, provider: BulkProvider
) -> None:
    values = await room.write(10)

    def lose_the_first(number: int) -> None:
        if number == 1:
            provider.taken.update(values)
            raise UnknownOutcomeError("no_answer")

    provider.whole = lose_the_first
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert provider.taken == dict.fromkeys(values, 2), "sent again: a warning read twice beats one never read"
    assert {row[:1] + row[2:] for row in (await rows(room)).values()} == {("accepted", "resent_unknown", 2)}


async def test_under_never_resend_a_call_without_an_answer_is_listed(
    room: PostRoom, provider: BulkProvider
) -> None:
    values = await room.write(30)
    async with room.database.durable() as connection:
        await connection.execute(update(revision).values(policy="never-resend"))
    named: list[int] = []

    def lose_all(_number: int) -> None:
        raise UnknownOutcomeError("no_answer")

    provider.whole = lose_all
    write_ahead = room._write_ahead

    async def remember(deliveries: Sequence[int]) -> frozenset[int]:
        named.append(len(deliveries))
        return await write_ahead(deliveries)

    room._write_ahead = remember  # type: ignore[method-assign]  # listens in
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert await room.states() == {"unknown": 30}
    assert sorted(value for call in provider.calls for value in call) == sorted(values), "each once"
    assert max(named) <= 25, "no call is larger than what is named before its bytes leave"


async def test_a_wait_of_the_account_spends_no_attempt_and_keeps_the_order(
    room: PostRoom, provider: BulkProvider
) -> None:
    values = await room.write(20)

    def refuse_once(number: int) -> None:
        if number == 1:
            raise RetryAfterError("too_many", 0.4)

    provider.whole = refuse_once
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert provider.calls == [values, values]
    assert provider.at[1] - provider.at[0] >= 0.39
    assert {row[3] for row in (await rows(room)).values()} == {1}


@pytest.mark.parametrize("whole", [True, False], ids=["the whole call", "one recipient"])
async def test_what_a_call_rejects_is_tried_alone(
    room: PostRoom, provider: BulkProvider, whole: bool
) -> None:
    values = await room.write(8)
    bad = values[5]

    def spoilt(_number: int) -> None:
        if whole:
            raise RejectedError("bad_data")

    def judge(to: Address) -> None:
        if to.value == bad:
            raise RejectedError("no_suitable_device")

    provider.whole = spoilt
    provider.failed = lambda value: RejectedError("no_suitable_device") if value == bad else None
    provider.answer = judge
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    found = await rows(room)
    assert found[bad][0::2] == ("failed", "no_suitable_device")
    assert {found[value][0] for value in values if value != bad} == {"accepted"}
    assert provider.alone == dict.fromkeys(values if whole else [bad], 1)


async def test_where_calls_for_many_are_not_allowed_everybody_gets_their_own(
    room: PostRoom, provider: BulkProvider
) -> None:
    values = await room.write(40)

    def forbid(_number: int) -> None:
        provider.takes_many = False
        raise RetryAfterError("no_broadcast", 0.0)

    provider.whole = forbid
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert provider.alone == dict.fromkeys(values, 1)
    assert len(provider.calls) <= 2, "what was under way when the first was refused"
    assert await room.states() == {"accepted": 40}
    assert {row[3] for row in (await rows(room)).values()} == {1}


async def test_a_refused_account_ends_its_batch(room: PostRoom, provider: BulkProvider) -> None:
    await room.write(10)

    def refuse(_number: int) -> None:
        raise ClosedError("invalid_token")

    provider.whole = refuse
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert len(provider.calls) == 1
    assert {row[0::2] for row in (await rows(room)).values()} == {("failed", "invalid_token")}


async def test_a_call_counts_as_one_slot_and_as_all_its_recipients_in_flight(
    room: PostRoom, provider: BulkProvider
) -> None:
    room.limits = Limits(20.0, 0, 50, 60, 4_096, MOST, "2026-11-22")  # calls a second
    await room.write(150)
    provider.held = lambda _to: True
    worker = room.worker("one")
    await room.dispatch.step()
    async with room.at_work(worker):
        await until(lambda: _waiting(provider, 60), 10, "two calls wait for their answers")
        assert worker.in_flight == 60
        provider.gate.set()
        began = time.monotonic()
        await room.all_sent()
    assert [len(call) for call in provider.calls] == [30] * 5
    assert time.monotonic() - began < 5.0, "one by one 150 recipients would take seven seconds"
    gaps = sorted(provider.at)
    assert gaps[-1] - gaps[2] >= 2 / 20 * 0.9, "calls keep the distance of messages"


async def _waiting(provider: BulkProvider, count: int) -> bool:
    return provider.waiting == count


async def test_another_worker_repeats_no_more_than_the_calls_in_flight(
    room: PostRoom, provider: BulkProvider
) -> None:
    values = await room.write(60, language=("vi", "en"))
    provider.held = lambda to: to.value in set(values[1::2])
    await room.dispatch.step()
    async with room.at_work(room.worker("one")):
        await until(lambda: _waiting(provider, 30), 20, "one call waits")
        await until(lambda: _count_marks(room, 30), 20, "the other is marked")
    provider.held = lambda _to: False
    async with room.at_work(room.worker("two")):
        await room.all_sent()
    assert len(provider.calls) == 3
    assert provider.taken == dict.fromkeys(values, 1), "the call that was cut off was never answered"
    assert await room.states() == {"accepted": 60}


async def test_who_has_it_from_a_dead_worker_has_the_id_that_receipts_will_name(
    room: PostRoom, provider: BulkProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "SAVE_S", 600.0)  # all that it leaves are marks
    room.sizes = BatchSizes({ACCOUNT: MOST})  # two calls in one batch
    values = await room.write(30, language=("vi", "en"))
    there, flying = values[::2], values[1::2]
    provider.held = lambda to: to.value in set(flying)
    await room.dispatch.step()
    async with room.at_work(room.worker("one")):
        await until(lambda: _waiting(provider, 15), 20, "one call waits")
        await until(lambda: _count_marks(room, 15), 20, "the other is marked")
    assert await room.states() == {"queued": 30}, "it was cut off before it wrote anything"
    provider.held = lambda _to: False
    async with room.at_work(room.worker("two")):
        await room.all_sent()
    found = await rows(room)
    token = f"token-{1 + provider.calls.index(there)}"
    assert {found[value][:3] for value in there} == {("accepted", token, "marked")}
    assert {found[value][:3] for value in flying} == {("accepted", "token-3", None)}, (
        "of the call that counts"
    )


async def _count_marks(room: PostRoom, count: int) -> bool:
    async with room.database.read() as connection:
        numbers = (await connection.execute(select(batch.c.id))).scalars().all()
    found = [await room.marks(number) for number in numbers]
    written = sum(1 for marks in found for mark in marks if mark)
    return written == count or (await room.states())["accepted"] == count


async def test_a_cancelled_alert_stops_the_calls_that_have_not_left(
    room: PostRoom, provider: BulkProvider
) -> None:
    await room.write(120)
    provider.held = lambda _to: True
    await room.dispatch.step()
    async with room.at_work(room.worker("one")):
        await until(lambda: _waiting(provider, 60), 10, "two calls wait for their answers")
        async with room.database.durable() as connection:
            await connection.execute(update(alert).values(state="cancelled"))
        await asyncio.sleep(1.1)  # a standing may be a second old
        provider.gate.set()
        await room.all_sent()
    assert await room.states() == {"accepted": 60, "skipped": 60}


async def test_a_bug_in_a_call_ends_its_recipients_and_nobody_else(
    room: PostRoom, provider: BulkProvider
) -> None:
    await room.write(60, language=("vi", "en"))

    def break_once(number: int) -> None:
        if number == 1:
            raise KeyError("a bug in a gateway")

    provider.whole = break_once
    async with room.at_work(room.worker("one")):
        await room.all_sent()
    assert await room.states() == {"accepted": 30, "unknown": 30}


async def test_messages_of_many_parts_take_their_slots(room: PostRoom) -> None:
    room.provider = Provider()
    room.limits = Limits(100.0, 0, 50, 100, 4_096, 10, "2026-11-22")
    values = await room.write(10)

    async def heavy(_revision: int, language: str, _second: bool) -> Prepared:
        return Prepared(({"text": language},), Outbound(text=language, language=language), weight=4)

    began = time.monotonic()
    async with room.at_work(room.worker("one", heavy)):
        await room.all_sent()
    assert room.provider.taken == dict.fromkeys(values, 1)
    assert time.monotonic() - began >= (10 * 4 - 4) / 100.0, "forty slots of a hundred a second"
