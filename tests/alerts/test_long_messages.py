"""A warning of several messages to each person: what failed is sent again and nothing else, at the pace of
one chat, and who has its beginning is never called unsent. Real SQL and Redis."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from redis.asyncio import Redis
from sqlalchemy import select, update

from alerts import account, attempt, queue
from alerts.batches import BatchSizes
from alerts.correction import correction_audience
from alerts.delivery import PARTLY, DeliveryState
from alerts.outcomes import IN_DOUBT, STOPPED, Outcome, mark_of
from alerts.tables import delivery, revision
from bot.errors import (
    GoneError,
    RejectedError,
    RetryAfterError,
    SendError,
    TransientError,
    UnknownOutcomeError,
)
from bot.gateway import BulkAccepted, Limits, Prepared
from bot.messages import Accepted, Address, Outbound
from registry.tables import address
from storage.vault import Vault
from tests.alerts.office import NOW, Office
from tests.alerts.post_room import ACCOUNT, BATCH, PostRoom, Provider, open_post_room
from tests.service import until

PARTS = 3
LIMITS = Limits(1_000.0, 0, 50, 100, 4_096, BATCH, "2026-11-22")


@dataclass
class LongProvider(Provider):
    """Takes long messages part by part, for one or for many.

    Attributes:
        plan: what happens at each part to each address, in order; nothing planned = it is taken.
        parts: what each address was given, in order; at: the monotonic time of each.
        calls: parts of the calls for many.
    """

    plan: defaultdict[tuple[str, int], list[SendError]] = field(default_factory=lambda: defaultdict(list))
    parts: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    at: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    before: Callable[[int], None] = lambda _part: None
    limits: Limits = LIMITS

    async def send(
        self,
        to: Address,
        message: Prepared,
        *,
        part: int = 0,
        delivery: int | None = None,
        key: str | None = None,
    ) -> Accepted:
        self.before(part)
        await super().send(to, message, part=part)
        self._take(to, part)
        return Accepted(f"{to.value}-{part}", more=message.more(part))

    def _take(self, to: Address, part: int) -> None:
        planned = self.plan[to.value, part]
        if planned:
            raise planned.pop(0)
        self.parts[to.value].append(part)
        self.at[to.value].append(asyncio.get_running_loop().time())


@dataclass
class LongBulkProvider(LongProvider):
    """The same for a provider that takes many at once."""

    whole: list[tuple[int, SendError]] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    takes_many: bool = True

    async def send_many(self, to: Sequence[Address], message: Prepared, *, part: int = 0) -> BulkAccepted:
        self.calls.append(part)
        if self.whole and self.whole[0][0] == part:
            raise self.whole.pop(0)[1]
        failed: dict[int, SendError] = {}
        for place, one in enumerate(to):
            try:
                self._take(one, part)
            except SendError as error:
                failed[place] = error
        return BulkAccepted(f"token-{part}", failed, more=message.more(part))


async def in_parts(*_asked: object) -> Prepared:
    """A warning of three messages."""
    parts = tuple({"text": str(number)} for number in range(PARTS))
    return Prepared(parts, Outbound("012", "en"), weight=PARTS)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dead workers are noticed sooner than in service, and pauses before another try are short."""
    monkeypatch.setattr(queue, "TAKE_OVER_MS", 300)
    monkeypatch.setattr(account, "TAKE_OVER_EVERY_S", 0.05)
    monkeypatch.setattr(account, "BLOCK_MS", 100)
    monkeypatch.setattr(attempt, "FIRST_PAUSE_S", 0.02)


@pytest.fixture(params=[LongProvider, LongBulkProvider], ids=["one", "many"])
def provider(request: pytest.FixtureRequest) -> LongProvider:
    made: LongProvider = request.param()
    return made


@pytest.fixture
async def room(quick_office: Office, redis: Redis, vault: Vault, provider: LongProvider) -> PostRoom:
    opened = await open_post_room(quick_office, redis, vault)
    opened.provider = provider
    many = frozenset({ACCOUNT}) if isinstance(provider, LongBulkProvider) else frozenset()
    opened.sizes = BatchSizes({ACCOUNT: BATCH}, many)
    return opened


async def never_resend(room: PostRoom) -> None:
    async with room.database.durable() as connection:
        await connection.execute(update(revision).values(policy="never-resend"))


async def outcomes(room: PostRoom) -> dict[str, tuple[str, str | None, int]]:
    """State, error and attempts of everybody, by address."""
    query = select(delivery.c.state, delivery.c.error, delivery.c.attempts).order_by(delivery.c.id)
    async with room.database.read() as connection:
        rows = (await connection.execute(query)).all()
    return {f"chat-{number}": (row.state, row.error, row.attempts) for number, row in enumerate(rows)}


async def corrected(room: PostRoom) -> int:
    """How many a correction would go to."""
    async with room.database.read() as connection:
        return len(await correction_audience(connection, 1))


async def send(room: PostRoom) -> None:
    async with room.at_work(room.worker("one", in_parts)):
        await room.all_sent()


@pytest.mark.parametrize("resend", [True, False])
async def test_after_an_error_in_the_middle_it_goes_on_there(
    room: PostRoom, provider: LongProvider, *, resend: bool
) -> None:
    values = await room.write(20)
    if not resend:
        await never_resend(room)
    for value in values[::2]:
        provider.plan[value, 1] = [RetryAfterError("flood", 0.05), TransientError("http_503")]
        provider.plan[value, 2] = [RetryAfterError("flood", 0.05, recipient_only=True)]
    await send(room)
    assert provider.parts == {value: [0, 1, 2] for value in values}
    found = {(state, attempts) for state, _error, attempts in (await outcomes(room)).values()}
    assert found == {("accepted", 2), ("accepted", 1)}, "a 429 costs no attempt, nor does a part"


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (GoneError("blocked"), "gone"),
        (RejectedError("too_long"), "failed"),
        (RetryAfterError("too_many", 3_600.0, recipient_only=True), "failed"),
        (TransientError("http_503"), "failed"),
        (UnknownOutcomeError("no_answer"), "unknown"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_who_has_the_beginning_is_not_called_unsent(
    room: PostRoom, provider: LongProvider, error: SendError, state: str
) -> None:
    values = await room.write(BATCH)
    hit = values[:4]
    for value in hit:
        provider.plan[value, 1] = [error] * 20
    await send(room)
    found = await outcomes(room)
    assert {found[value][0] for value in hit} == {state}
    assert {found[value][1] for value in hit} == {error.code if state == "unknown" else PARTLY}
    assert {found[value][0] for value in values[4:]} == {"accepted"}
    assert await corrected(room) == BATCH
    assert all(provider.parts[value] == [0] for value in hit)
    async with room.database.read() as connection:
        states = (await connection.execute(select(address.c.state).order_by(address.c.id))).scalars().all()
    assert states.count("gone") == (4 if state == "gone" else 0), "the registry learns of it all the same"


async def test_nobody_who_was_refused_at_once_is_corrected(room: PostRoom, provider: LongProvider) -> None:
    (value,) = await room.write(1)
    provider.plan[value, 0] = [GoneError("blocked")]
    await send(room)
    assert await outcomes(room) == {value: ("gone", "blocked", 1)}
    assert await corrected(room) == 0


@pytest.mark.parametrize("provider", [LongBulkProvider], indirect=True, ids=["many"])
async def test_a_call_for_many_that_fails_in_the_middle_is_made_again_alone(
    room: PostRoom, provider: LongBulkProvider
) -> None:
    values = await room.write(BATCH)
    provider.whole = [(1, RetryAfterError("too_many_requests", 0.05))] * 2
    provider.plan[values[0], 2] = [RejectedError("no_suitable_device")]
    await send(room)
    assert provider.calls == [0, 1, 1, 1, 2]
    assert await room.states() == {"accepted": BATCH}
    assert provider.parts == {value: [0, 1, 2] for value in values}
    assert provider.taken == {values[0]: 1}, "whom a call rejected was tried alone, with that part only"


@pytest.mark.parametrize("provider", [LongProvider], indirect=True, ids=["one"])
async def test_the_parts_of_a_message_keep_the_distance_of_one_chat(
    room: PostRoom, provider: LongProvider
) -> None:
    room.limits = Limits(1_000.0, 0.5, 1, 100, 4_096, BATCH, "2026-11-22")
    values = await room.write(BATCH)
    await send(room)
    for value in values:
        assert provider.parts[value] == [0, 1, 2]
        first, _second, third = provider.at[value]
        assert third - first >= 0.4, "one, and one more of a broadcast, at once; then two a second"
    begun, ended = ([provider.at[value][part] for value in values] for part in (1, 2))
    assert max(begun) < min(ended), "nobody waits for the distance of somebody else"


@pytest.mark.parametrize("provider", [LongProvider], indirect=True, ids=["one"])
async def test_a_429_after_the_first_part_stops_that_chat_and_nobody_else(
    room: PostRoom, provider: LongProvider
) -> None:
    room.limits = Limits(1_000.0, 1.0, 5, 100, 4_096, BATCH, "2026-11-22")
    values = await room.write(3 * BATCH)
    quick = values[0]
    provider.plan[quick, 1] = [RetryAfterError("flood", 1.5)]
    await send(room)
    assert provider.parts == {value: [0, 1, 2] for value in values}
    others = max(provider.at[value][-1] for value in values[1:])
    assert provider.at[quick][1] - provider.at[quick][0] >= 1.5
    assert provider.at[quick][1] > others
    await room.write(2)
    room.provider = again = LongProvider()
    again.plan[f"chat-{3 * BATCH}", 1] = [RetryAfterError("flood", 3_600.0)]
    await send(room)
    found = await outcomes(room)
    assert found[f"chat-{3 * BATCH}"][:2] == ("failed", PARTLY), "too long to wait for: their next channel"
    assert found[f"chat-{3 * BATCH + 1}"][0] == found[values[1]][0] == "accepted"


@pytest.mark.parametrize("provider", [LongProvider], indirect=True, ids=["one"])
async def test_each_part_takes_a_slot(room: PostRoom, provider: LongProvider) -> None:
    room.limits = Limits(50.0, 0, 50, 100, 4_096, BATCH, "2026-11-22")
    values = await room.write(BATCH)
    await send(room)
    times = sorted(time for value in values for time in provider.at[value])
    assert len(times) == PARTS * BATCH
    assert times[-1] - times[0] >= (len(times) - 1) / 50.0 * 0.95


@pytest.mark.parametrize("provider", [LongProvider], indirect=True, ids=["one"])
async def test_a_worker_that_stops_finishes_what_somebody_has_the_beginning_of(
    room: PostRoom, provider: LongProvider
) -> None:
    provider.limits = Limits(1_000.0, 0, 50, 5, 4_096, BATCH, "2026-11-22")
    values = await room.write(30)
    provider.held = lambda _to: True
    await room.dispatch.step()
    worker = room.worker("one", in_parts)
    running = asyncio.create_task(worker.run())

    async def held_up() -> bool:
        return provider.waiting == 5

    await until(held_up, 20, "five answers are waited for")
    worker.stopping.set()
    provider.gate.set()
    await asyncio.wait_for(running, 10)
    assert await room.states() == {"accepted": 5, "queued": 25}
    async with room.at_work(room.worker("two", in_parts)):
        await room.all_sent()
    assert provider.parts == {value: [0, 1, 2] for value in values}


def test_a_mark_says_what_a_correction_must_know() -> None:
    for state in (DeliveryState.GONE, DeliveryState.FAILED):
        assert mark_of(Outcome(1, state, NOW, error=PARTLY)) == IN_DOUBT
    assert mark_of(Outcome(1, DeliveryState.GONE, NOW, error=PARTLY, stopped=True)) == STOPPED
