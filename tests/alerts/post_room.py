"""Everything between a batch in SQL and a provider, on real parts: SQL, Redis, workers; the provider is a
counter that a test can hold up or let fail."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import batches
from alerts.account import AccountWorker
from alerts.assignments import Assignment, Assignments
from alerts.attempt import Item
from alerts.batches import BatchSizes
from alerts.copies import Copy
from alerts.deadlines import Deadlines
from alerts.dispatch import Dispatch
from alerts.epoch import EpochKeeper, EpochWatch
from alerts.lease import Lease
from alerts.line import Access, Line, Render, always_open
from alerts.outcomes import name_attempts
from alerts.plans import Plan, release, write_deliveries
from alerts.queue import Queue
from alerts.revisions import latest
from alerts.routing import Account
from alerts.standing import Standings
from alerts.tables import batch, delivery
from alerts.work import Ledger
from bot.gateway import Hook, Limits, Prepared
from bot.limiter import Limiter
from bot.messages import Accepted, Address, Channel, Event, Outbound
from registry import addresses
from storage.clock import SystemClock
from storage.database import Database
from storage.keys import AccountKeys
from storage.redis import end_tasks
from storage.vault import Vault
from tests.alerts.office import Office
from tests.registry.newcomers import join, telegram
from tests.service import until

ACCOUNT: Account = ("telegram", "main")
LIMITS = Limits(1_000.0, 0, 50, 100, 4_096, 10, "2026-11-22")
BATCH = 10


@dataclass
class Provider:
    """A gateway that takes everything and counts; fulfils `bot.gateway.Gateway`.

    Attributes:
        taken: how often each address got a message.
        answer: called after a message was taken; what it raises is what the sender sees.
        held: whose answers wait until `gate` opens.
        waiting: how many wait.
    """

    taken: Counter[str] = field(default_factory=Counter)
    answer: Callable[[Address], None] = lambda _to: None
    held: Callable[[Address], bool] = lambda _to: False
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0
    limits: Limits = LIMITS
    channel = Channel.TELEGRAM
    account = "main"
    confirms = False
    max_hook_bytes = 1

    async def open(self) -> None:
        """Nobody need be asked."""

    async def close(self) -> None:
        """Nothing is open."""

    def verify(self, hook: Hook) -> None:
        """Nobody writes to us here."""

    def parse(self, hook: Hook) -> Sequence[Event]:
        return []

    async def acknowledge(self, event: Event) -> None:
        """Nobody pressed anything."""

    def prepare(self, outbound: Outbound) -> Prepared:
        return Prepared(({"text": outbound.text},), outbound)

    async def send(
        self,
        to: Address,
        message: Prepared,
        *,
        part: int = 0,
        delivery: int | None = None,
        key: str | None = None,
    ) -> Accepted:
        self.taken[to.value] += 1
        if self.held(to):
            self.waiting += 1
            try:
                await self.gate.wait()
            finally:
                self.waiting -= 1
        self.answer(to)
        return Accepted(f"{to.value}-{self.taken[to.value]}")


async def as_named(_revision: int, language: str, _copy: Copy) -> Prepared:
    """Words that nobody need read here."""
    return Prepared(({"text": language},), Outbound(text=language, language=language))


@dataclass
class PostRoom:
    """One approved alert, people with deliveries in batches of ten, and workers to send them."""

    office: Office
    redis: Redis
    vault: Vault
    clock: SystemClock
    provider: Provider
    revision: int
    dispatch: Dispatch
    people: int = 0
    sizes: BatchSizes = field(default_factory=lambda: BatchSizes({ACCOUNT: BATCH}))
    limits: Limits = LIMITS
    gone: Callable[[Sequence[int]], None] = lambda _ids: None
    stopped: Callable[[Sequence[int]], None] = lambda _ids: None
    before_naming: Callable[[], Awaitable[None]] | None = None  # what happens as attempts are named
    after_naming: Callable[[], Awaitable[None]] | None = None

    @property
    def database(self) -> Database:
        return self.office.database

    async def write(
        self, count: int, *, language: str | Sequence[str] = "en", priority: int = 1
    ) -> list[str]:
        """Register `count` people and write their deliveries and batches; returns their addresses.

        Args:
            language: of all of them, or several to be spoken by turns.
        """
        spoken = [language] if isinstance(language, str) else language
        values = [f"chat-{self.people + number}" for number in range(count)]
        self.people += count
        async with self.database.durable() as connection:
            chosen = []
            for number, value in enumerate(values):
                tongue = spoken[number % len(spoken)]
                who = await join(connection, self.vault, telegram(value), language=tongue)
                chosen.append(Assignment(who.id, who.address.id, *ACCOUNT, tongue, False, "area", None))
            plan = Plan(self.revision, 0)
            await write_deliveries(
                connection,
                plan,
                Assignments.listed(chosen),
                rung=0,
                priority=priority,
                sizes=self.sizes,
                now=self.clock.now(),
            )
            await release(connection, plan)
        return values

    def queue(self, consumer: str) -> Queue:
        return Queue(self.redis, self.redis, AccountKeys(*ACCOUNT), consumer)

    def worker(self, name: str, render: Render = as_named, access: Access = always_open) -> AccountWorker:
        """A sender as a process of its own would have it."""
        queue = self.queue(name)
        lease = Lease(queue, self.clock)
        line = Line(
            gateway=self.provider,
            limiter=Limiter(self.redis, AccountKeys(*ACCOUNT), self.limits, self.clock),
            queue=queue,
            lease=lease,
            standings=Standings(self.database, self.clock),
            render=render,
            write_ahead=self._write_ahead,
            deadlines=Deadlines(),
            clock=self.clock,
            access=access,
        )
        epoch = EpochWatch(self.redis, lease.lose)
        ledger = Ledger(self._gone, _nothing, _not_closed, self._stopped)
        return AccountWorker(line, self.database, self.vault, ledger, epoch)

    @asynccontextmanager
    async def at_work(self, worker: AccountWorker, *, watching: bool = True) -> AsyncIterator[None]:
        """A worker runs for as long as the block does, and is then cut off as by a kill.

        Args:
            watching: it looks at the epoch twice a second.
        """
        assert isinstance(worker.epoch, EpochWatch)
        tasks = [asyncio.create_task(worker.run())]
        if watching:
            tasks.append(asyncio.create_task(worker.epoch.run()))
        try:
            yield
        finally:
            await end_tasks(tasks)
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    task.result()

    async def states(self) -> Counter[str]:
        """How many deliveries are in each state."""
        query = select(delivery.c.state, func.count()).group_by(delivery.c.state)
        async with self.database.read() as connection:
            return Counter({row[0]: row[1] for row in await connection.execute(query)})

    async def open_batches(self) -> int:
        query = select(func.count()).select_from(batch).where(batch.c.state == "open")
        async with self.database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def all_sent(self, seconds: float = 30.0) -> None:
        """Wait until no batch is open; the planner goes on offering meanwhile."""

        async def nothing_open() -> bool:
            await self.dispatch.step()
            return await self.open_batches() == 0

        await until(nothing_open, seconds, "every batch is sent")

    async def marks(self, batch_id: int) -> bytes:
        """What Redis knows of a batch."""
        return await self.queue("anybody").marks(await self.label(batch_id))

    async def label(self, batch_id: int) -> str:
        """The batch's name in Redis."""
        async with self.database.read() as connection:
            found = await batches.load(connection, batch_id)
        assert found is not None
        return found.label

    async def _write_ahead(self, deliveries: Sequence[int]) -> frozenset[int]:
        if self.before_naming is not None:
            await self.before_naming()
        async with self.database.durable() as connection:
            fresh = await name_attempts(connection, deliveries, self.clock.now())
        if self.after_naming is not None:
            await self.after_naming()
        return fresh

    async def _stopped(self, _connection: AsyncConnection, ids: Sequence[int]) -> None:
        self.stopped(ids)

    async def _gone(self, connection: AsyncConnection, ids: Sequence[int]) -> None:
        self.gone(ids)
        await addresses.mark_gone(connection, ids, self.clock.now())


async def open_post_room(office: Office, redis: Redis, vault: Vault, **approved: Any) -> PostRoom:
    """A post room over an approved alert; Redis carries its first epoch."""
    clock, revision = SystemClock(), await revision_of(office, **approved)
    room = PostRoom(
        office, redis, vault, clock, Provider(), revision,
        Dispatch(office.database, clock, EpochKeeper(office.database, redis, clock, "planner"), {}),
    )  # fmt: skip
    planner = room.queue("planner")
    room.dispatch = Dispatch(
        office.database, clock, EpochKeeper(office.database, redis, clock, "planner"), {ACCOUNT: planner}
    )
    await planner.prepare()
    await room.dispatch.step()
    return room


async def revision_of(office: Office, **approved: Any) -> int:
    """The revision of a newly approved alert."""
    alert = await office.approved(**approved)
    async with office.database.read() as connection:
        return (await latest(connection, alert)).id


async def _nothing(_connection: AsyncConnection, _items: Sequence[Item]) -> None:
    return


async def _not_closed(_channel: str, _account: str, _code: str) -> None:
    return
