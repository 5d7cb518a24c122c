"""A warning under way, for tests that break something in the middle of it. Touches SQL, Redis, the simulator
and processes of ours, all real.

People are written into the registry, not registered by conversation: what counts here begins with the
approval. Who got what is read from the simulator's ledger; what the service says of it, from its board.
"""

import asyncio
import contextlib
import signal
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from alerts.tables import batch, delivery
from app.core import Core, open_core
from app.planning import PlannerProcess
from app.settings import Settings
from app.worker import WorkerProcess
from bot.inbox import lane_of
from bot.messages import Address, Channel
from places.cells import cell_of
from registry import people, whereabouts
from registry.whereabouts import Whereabouts, WhereaboutsKind
from simulator.config import LatencyRules, LimitRules, SimulatorConfig
from simulator.records import Attempt
from simulator.server import Simulator
from simulator.telegram_errors import ChatState
from staff import notices
from storage.clock import Clock
from tests.faults.nursery import Child, Nursery
from tests.journeys.audited import CENTRE, draft_of_test, marker
from tests.service import Office, make_settings, open_office, until

HOME = Whereabouts(WhereaboutsKind.HOME, cell_of(*CENTRE), 5.0, "IS", label="Here")
FIRST_CHAT = 6_000_000
LATENCY_S = 0.06
PER_SECOND = 100
FLUSH_S = 0.02
SLACK_S = 2.5  # a process of ours, and the simulator, may be late by that much on a busy machine
PER_KILL = 2  # duplicates for each request in flight: marks may be on their way to Redis, too
NEVER_LOGGED = frozenset({"batch.broken", "batch.ended", "message.broken", "call.broken", "process.broken"})


def simulated(per_second: int = PER_SECOND, latency_s: float = LATENCY_S, **more: Any) -> SimulatorConfig:
    """A provider that answers after the same time always."""
    limits = LimitRules(bot_per_second=per_second, chat_burst=0)
    return SimulatorConfig(limits=limits, latency=LatencyRules(latency_s, latency_s), **more)


@dataclass(frozen=True, slots=True)
class Death:
    """The end of a sender: monotonic time, and how many requests it had under way or not marked yet."""

    at: float
    in_flight: int

    def explains(self, earlier: float, later: float) -> bool:
        """Whether a copy that arrived at `earlier` may have been sent again at `later`."""
        return self.at - LATENCY_S - FLUSH_S - SLACK_S <= earlier <= self.at + SLACK_S and later >= self.at


@dataclass(slots=True, kw_only=True)
class Front:
    """People, two officers, and whatever runs for them."""

    simulator: Simulator
    settings: Settings
    office: Office
    nursery: Nursery | None = None
    chats: list[int] = field(default_factory=list)
    persons: dict[int, str] = field(default_factory=dict)
    logs: list[Child] = field(default_factory=list)

    async def register(self, count: int) -> None:
        """`count` more people at home in the warned place, on Telegram."""
        core, bot = self.office.core, self.simulator.telegram.bot()
        first = FIRST_CHAT + len(self.chats)
        async with core.database.durable() as connection:
            for number in range(first, first + count):
                to = Address(Channel.TELEGRAM, "main", str(number))
                now = core.clock.now()
                person, _ = await people.create(
                    connection, core.vault, to, lane_of(core.vault, to), language="en", drill=False, now=now
                )
                vault = person.unlocked(core.vault)
                await whereabouts.set_home(connection, vault, person.id, HOME, now)
                await people.consent(connection, person.id, "2026-11", now)
                bot.meet(number).state = ChatState.ACTIVE
                self.chats.append(number)
                self.persons[person.id] = str(number)

    def chat_of(self, person: int) -> str:
        """The chat in which somebody reads."""
        return self.persons[person]

    async def warn(self, number: int = 1, **more: Any) -> int:
        """Approve a warning for everybody."""
        draft = draft_of_test(number, languages=("en",), **{"severity": "Moderate", **more})
        return await self.office.send(draft)

    def spawn(self, role: str, point: str = "", *, freeze: bool = False) -> Child:
        """A process of ours that dies or freezes at `point`, "" = nowhere."""
        assert self.nursery is not None
        child = self.nursery.start(role, self.settings, point, freeze=freeze)
        self.logs.append(child)
        return child

    def kill9(self, child: Child) -> None:
        assert self.nursery is not None
        self.nursery.kill9(child)

    async def stop(self, child: Child) -> None:
        """Ask a process to end, and wait until it has: nothing of what it held is left to others."""
        child.signal(signal.SIGTERM)

        async def gone() -> bool:
            return not child.alive

        await until(gone, 30, f"the {child.role} ends in order")

    @contextlib.asynccontextmanager
    async def planning(self, clock: Clock | None = None) -> AsyncIterator[Core]:
        """A planner in this process for as long as the block runs."""
        async with open_core(self.settings, clock) as core:
            world = self.office.geography
            planner = PlannerProcess(core, world.touch, world.region, world.country_name)
            async with _running(planner):
                yield core

    @contextlib.asynccontextmanager
    async def working(self, clock: Clock | None = None) -> AsyncIterator[Core]:
        """A worker in this process for as long as the block runs."""
        async with open_core(self.settings, clock) as core, _running(WorkerProcess(core)):
            yield core

    @contextlib.asynccontextmanager
    async def at_work(self, clock: Clock | None = None) -> AsyncIterator[None]:
        """A planner and a worker."""
        async with self.planning(clock), self.working(clock):
            yield

    def copies(self, number: int = 1) -> list[Attempt]:
        """Copies of a warning that lie in chats."""
        return [one for one in self.simulator.ledger.accepted("telegram") if marker(number, "en") in one.text]

    def flying(self) -> int:
        """Requests at the provider that are not answered yet."""
        return len(self.simulator.telegram.under_way())

    async def sent_to(self, count: int, number: int = 1, seconds: float = 30.0) -> None:
        """Wait until so many copies are out."""

        async def out() -> bool:
            return len(self.copies(number)) >= count

        await until(out, seconds, f"{count} copies are out", every=0.005)

    async def begun(self, count: int) -> None:
        """Wait until so many copies are out, and something is in flight."""

        async def now() -> bool:
            return len(self.copies()) >= count and self.flying() > 0

        await until(now, 30, f"{count} copies are out and more under way", every=0.003)

    async def states(self) -> Counter[str]:
        """Deliveries by state."""
        query = select(delivery.c.state, func.count()).group_by(delivery.c.state)
        async with self.office.core.database.read() as connection:
            return Counter({row[0]: row[1] for row in await connection.execute(query)})

    async def pages(self) -> set[str]:
        """Kinds of what operators were paged for and is not over."""
        async with self.office.core.database.read() as connection:
            return {one.kind for one in await notices.open_notices(connection)}

    async def over(self, alert: int, seconds: float = 40.0) -> None:
        """Wait until every batch is closed and nobody waits."""
        await self.office.finished(alert, seconds)

        async def closed() -> bool:
            query = select(func.count()).select_from(batch).where(batch.c.state != "done")
            async with self.office.core.database.read() as connection:
                return (await connection.execute(query)).scalar_one() == 0

        await until(closed, seconds, "every batch is closed")

    def twice(self, number: int = 1) -> dict[str, list[Attempt]]:
        """Who has more than one copy, and their copies in order."""
        chats: defaultdict[str, list[Attempt]] = defaultdict(list)
        for copy in self.copies(number):
            chats[copy.recipient].append(copy)
        return {chat: copies for chat, copies in chats.items() if len(copies) > 1}

    async def verdict(self, alert: int, number: int = 1, *, deaths: Sequence[Death] = ()) -> int:
        """Nobody is lost, nobody counts twice; returns how many had it twice.

        A second copy is forgiven to whom a request was under way when a sender died, or answered within its
        last flush of marks; in all at most twice what was under way then.
        """
        doubled = self.twice(number)
        for chat, copies in doubled.items():
            for earlier, later in pairwise(copies):
                assert any(death.explains(earlier.mono, later.mono) for death in deaths), (
                    f"chat {chat} had it twice without reason: {earlier.mono}, {later.mono}, {deaths}"
                )
        extra = sum(len(copies) - 1 for copies in doubled.values())
        assert extra <= sum(PER_KILL * death.in_flight for death in deaths), f"{extra} too many, {deaths}"
        await self.counted_once(alert, number)
        return extra

    async def counted_once(self, alert: int, number: int = 1) -> None:
        """Everybody has the warning, and the board counts each of them once."""
        wanted = {str(chat) for chat in self.chats}
        got = {copy.recipient for copy in self.copies(number)}
        assert wanted - got == set(), f"lost: {len(wanted - got)}"
        assert got <= wanted
        board = await self.office.board(alert)
        assert board.people_targeted == len(wanted)
        assert sum(sum(states.values()) for states in board.channels.values()) == len(wanted)
        assert board.waiting == 0
        assert board.warned == len(wanted)
        for child in self.logs:
            actions = {str(line.get("action")) for line in child.lines()}
            assert not actions & NEVER_LOGGED, f"{child.role}: {actions & NEVER_LOGGED}"


async def until_died(child: Child, point: str, seconds: float = 40.0) -> Death:
    """Wait until a child is dead of the point it was sent to."""

    async def gone() -> bool:
        return not child.alive

    await until(gone, seconds, f"the {child.role} dies where {point}", every=0.01)
    died = child.died()
    assert died is not None, child.log.read_text()[-2_000:]
    assert died["died"] == point
    return Death(float(died["mono"]), int(died["in_flight"]))


async def until_ready(*children: Child) -> None:
    """Wait until each says that it is ready."""

    async def all_ready() -> bool:
        for child in children:
            assert child.alive, child.log.read_text()[-2_000:]
        return all(child.ready for child in children)

    await until(all_ready, 60, "every process is ready", every=0.02)


@contextlib.asynccontextmanager
async def _running(part: PlannerProcess | WorkerProcess) -> AsyncIterator[None]:
    task = asyncio.create_task(part.run())
    try:
        yield
    finally:
        part.stop()
        done, _ = await asyncio.wait([task], timeout=10)
        if not done:
            task.cancel()
        await asyncio.gather(task, return_exceptions=not done)


@contextlib.asynccontextmanager
async def open_front(
    folder: Path,
    *,
    database_url: str,
    redis_url: str,
    gazetteer: Path,
    people_count: int,
    config: SimulatorConfig | None = None,
    nursery: Nursery | None = None,
    **more: Any,
) -> AsyncIterator[Front]:
    """A front with so many people; nothing runs for them yet."""
    config = config or simulated()
    async with Simulator(config) as simulator:
        settings = make_settings(
            folder,
            database_url=database_url,
            redis_url=redis_url,
            gazetteer=gazetteer,
            simulator=simulator,
            **{"telegram_per_second": config.limits.bot_per_second, "resolve_every_s": 600, **more},
        )
        async with open_office(settings) as office:
            front = Front(simulator=simulator, settings=settings, office=office, nursery=nursery)
            await front.register(people_count)
            try:
                yield front
            finally:
                if nursery is not None:
                    nursery.end()
