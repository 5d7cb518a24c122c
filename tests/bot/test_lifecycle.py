"""The table of an outbox message's life, and that whatever writes to the outbox moves along it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import select, update

from bot.errors import GoneError, MovedError, RetryAfterError, TemplateError, TransientError
from bot.held import give_up, heard_never, hold_refused, release, tell_nobody
from bot.inbox import lane_of
from bot.lifecycle import INBOX, OUTBOX, UNSENT, InboxState, OutboxState, before
from bot.messages import Address, Channel, Outbound, Receipt, ReceiptState
from bot.outbox import Claimed, claim_next, enqueue, extend
from bot.outcomes import Outcomes
from bot.tables import outbox
from storage.database import Database
from storage.vault import Vault
from tests.bot.wiring import MovableClock, OpenPace, Wiring

W, S, SENT, H, F = OutboxState
TO = Address(Channel.WHATSAPP, "main", "ann")
ALLOWED = {(W, S), (W, F), (S, S), (S, SENT), (S, W), (S, H), (S, F), (SENT, W), (SENT, H), (H, W), (H, F)}
EDGES = list(product(OutboxState, repeat=2))


@pytest.mark.parametrize(("old", "new"), EDGES)
def test_the_table_as_a_matrix(old: OutboxState, new: OutboxState) -> None:
    assert (new in OUTBOX[old]) is ((old, new) in ALLOWED)
    assert (old in before(OUTBOX, new)) is ((old, new) in ALLOWED)


def test_an_event_ends_once() -> None:
    assert before(INBOX, InboxState.DONE) == before(INBOX, InboxState.FAILED) == [InboxState.NEW]
    assert not INBOX[InboxState.FAILED]


def test_only_what_a_process_may_claim_is_unsent() -> None:
    assert list(UNSENT) == before(OUTBOX, OutboxState.SENDING)


class Post:
    """One message in the outbox, and whatever may happen to it."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self.clock = MovableClock()
        self.wiring = Wiring(database, vault, self.clock)
        self.database, self.vault, self.lane = database, vault, lane_of(vault, TO)
        self.outcomes = Outcomes(
            database=database,
            vault=vault,
            clock=self.clock,
            paces={(TO.channel, TO.account): OpenPace()},
            on_gone=self.wiring.on_gone,
            on_moved=self.wiring.on_moved,
            on_closed=self.wiring.on_closed,
        )

    async def claim(self, key: str) -> Claimed:
        async with self.database.durable() as connection:
            await enqueue(
                connection,
                self.vault,
                key=key,
                address=TO,
                lane=self.lane,
                outbound=Outbound("hello", "en"),
                drill=False,
                now=self.clock.now(),
            )
            claimed = await claim_next(connection, self.lane, self.clock.now())
        assert claimed is not None
        return claimed

    async def put(self, claimed: Claimed, state: OutboxState) -> None:
        values = {"state": state, "provider_id": "p", "done_at": self.clock.now()}
        async with self.database.durable() as connection:
            await connection.execute(update(outbox).where(outbox.c.id == claimed.id).values(values))

    async def state(self, claimed: Claimed) -> OutboxState:
        async with self.database.read() as connection:
            query = select(outbox.c.state).where(outbox.c.id == claimed.id)
            return OutboxState((await connection.execute(query)).scalar_one())

    async def claimed_anew(self, _claimed: Claimed) -> None:
        self.clock.ahead += 3600.0
        async with self.database.durable() as connection:
            await claim_next(connection, self.lane, self.clock.now())

    async def extended(self, claimed: Claimed) -> None:
        async with self.database.durable() as connection:
            await extend(connection, claimed, self.clock.now())

    async def sent(self, claimed: Claimed) -> None:
        await self.outcomes.sent(claimed, "p")

    async def transient(self, claimed: Claimed) -> None:
        await self.outcomes.failed(claimed, TransientError("x"))

    async def account_waits(self, claimed: Claimed) -> None:
        await self.outcomes.failed(claimed, RetryAfterError("x", 1.0))

    async def moved(self, claimed: Claimed) -> None:
        await self.outcomes.failed(claimed, MovedError("x", "bob"))

    async def gone(self, claimed: Claimed) -> None:
        await self.outcomes.failed(claimed, GoneError("x"))

    async def template(self, claimed: Claimed) -> None:
        await self.outcomes.failed(claimed, TemplateError("x"))

    async def given_up(self, claimed: Claimed) -> None:
        await self.outcomes.give_up(claimed, "x")

    async def not_needed(self, claimed: Claimed) -> None:
        await self.outcomes.not_needed(claimed)

    async def released(self, _claimed: Claimed) -> None:
        async with self.database.durable() as connection:
            await release(connection, self.lane, self.clock.now())

    async def unheard(self, _claimed: Claimed) -> None:
        await give_up(self.database, self.clock.now() + timedelta(days=8), tell_nobody)

    async def refused(self, _claimed: Claimed) -> None:
        await self._refused(None)

    async def refused_and_heard(self, _claimed: Claimed) -> None:
        await self._refused(self.clock.now())

    async def _refused(self, heard_at: datetime | None) -> None:
        async def heard(_connection: object, _lane: bytes) -> datetime | None:
            return heard_at

        receipt = Receipt("r", TO.channel, TO.account, "p", ReceiptState.FAILED)
        async with self.database.durable() as connection:
            await hold_refused(
                connection, self.vault, receipt, heard if heard_at else heard_never, self.clock.now()
            )


Act = Callable[[Post, Claimed], Awaitable[None]]
ACTS: tuple[Act, ...] = (
    Post.claimed_anew,
    Post.extended,
    Post.sent,
    Post.transient,
    Post.account_waits,
    Post.moved,
    Post.gone,
    Post.template,
    Post.given_up,
    Post.not_needed,
    Post.released,
    Post.unheard,
    Post.refused,
    Post.refused_and_heard,
)


async def test_whatever_happens_moves_along_the_table(sqlite: Database, vault: Vault) -> None:
    seen = set()
    for number, (act, key, state) in enumerate(product(ACTS, ("answer:", "nudge:"), OutboxState)):
        post = Post(sqlite, vault)
        claimed = await post.claim(f"{key}{number}")
        await post.put(claimed, state)
        await act(post, claimed)
        after = await post.state(claimed)
        assert after is state or (state, after) in ALLOWED, (act, key, state, after)
        seen.add((state, after))
        await post.put(claimed, F)
        async with sqlite.durable() as connection:
            await connection.execute(outbox.delete())
    assert seen - {(state, state) for state in OutboxState} == ALLOWED - {(S, S)}
