"""A warning while everything dies: worker and planner by kill -9, Redis with its file and without. Nobody is
lost.

Each kill strikes at a share of the copies that the simulator's ledger shows, with requests in flight, and
prints how many. Afterwards the audit judges as always; of duplicates it forgives what was in flight and no
more. Redis dies once the batches of a dead worker are in other hands: both at once cost what that worker had
not yet written to SQL, half a second's worth (`tests/alerts/test_account.py`).
"""

import asyncio
import shutil
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from alerts.lifecycle import AlertState
from alerts.queue import PRIORITIES
from simulator.audit import audit
from simulator.audit_facts import AlertFacts
from simulator.audit_story import Claim
from simulator.audit_world import claim, gather, is_copy
from simulator.citizen import Moment
from simulator.config import LatencyRules, LimitRules, SimulatorConfig
from simulator.geometry import area_from
from simulator.person import Pace
from simulator.placing import Shares
from simulator.population import Population, generate
from simulator.records import Attempt
from simulator.server import Simulator
from storage.keys import GROUP, AccountKeys
from storage.redis import connect_redis
from tests.conftest import OwnRedis
from tests.journeys.audited import CENTRE, KM, Sent, draft_of_test, forgiving, judge, send_audited
from tests.postgres import fresh_database
from tests.processes import Processes, processes
from tests.service import Office, make_settings, open_office, until

REGISTERING = 500  # messages a second while people register
PACE = Pace(speed=60.0, think_s=0.05, parallel=60, patience_s=600.0, fate_window_s=1.0)
# Nearly everybody inside and on Telegram, where a second copy shows: a web chat never shows one twice.
SHARES = Shares(inside=0.85, edge=0.03, nearby=0.05, webchat=0.12, both=0.1, gone=0.1)
SLACK_S = 0.5  # what was in flight may be written down a moment after the kill
PER_KILL, OVER_ALL = 2.0, 1.5  # duplicates for each request in flight


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a run is: citizens, messages a second, how long answers take, least in flight at a kill."""

    citizens: int
    per_second: int
    latency: LatencyRules
    in_flight: int


SMALL = Scale(100, 8, LatencyRules(0.4, 0.8), 3)
LARGE = Scale(2_000, 60, LatencyRules(0.05, 0.1), 3)


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: of whom, at how many copies, with how many requests of the alert in flight, at what time."""

    who: str
    copies: int
    in_flight: int
    at: float


@dataclass(slots=True)
class Battlefield:
    """The service, its Redis and the alert under way; strikes when enough copies are out."""

    simulator: Simulator
    service: Processes
    redis: OwnRedis
    facts: AlertFacts
    expected: int
    least_in_flight: int
    kills: list[Kill] = field(default_factory=list)
    left_by: frozenset[bytes] = frozenset()

    async def at(self, share: float, who: str, strike: Callable[[], Awaitable[None]]) -> None:
        """Strike once `share` of the expected copies is out and something is in flight."""

        async def time_has_come() -> bool:
            return len(self.copies()) >= share * self.expected and self._flying() >= self.least_in_flight

        await until(time_has_come, 120, f"{share:.0%} of the copies are out")
        await self.now(who, strike)

    async def now(self, who: str, strike: Callable[[], Awaitable[None]]) -> None:
        """Strike, and write down what was in flight."""
        wall, copies, flying, tries = (
            self.simulator.ledger.wall(),
            len(self.copies()),
            self._flying(),
            self._tries(),
        )
        await strike()
        if who == "worker":
            flying += self._tries() - tries  # what it had written to its sockets
        self.kills.append(Kill(who, copies, flying, wall))
        sys.stdout.write(f"{who} killed at {copies} of {self.expected} Telegram copies, {flying} in flight\n")

    def duplicates(self) -> list[int]:
        """For each kill the copies too many of those who had theirs right before; none may have another
        reason."""
        chats: defaultdict[str, list[float]] = defaultdict(list)
        for copy in self.copies():
            chats[copy.recipient].append(copy.wall)
        counts = [0] * len(self.kills)
        for times in chats.values():
            for earlier, later in pairwise(sorted(times)):
                between = [
                    place
                    for place, kill in enumerate(self.kills)
                    if earlier <= kill.at + SLACK_S and kill.at <= later
                ]
                assert between, "a copy came twice with no kill in between"
                counts[between[0]] += 1
        return counts

    async def kill_worker(self) -> None:
        self.service.kill9("worker")
        await until(self._silent, 30, "the last requests of the dead worker are answered")
        self.left_by = await self._holders()

    async def kill_planner(self) -> None:
        self.service.kill9("planner")

    async def kill_redis(self) -> None:
        self.redis.kill()
        await until(self._silent, 30, "requests under way come to their end without Redis")

    async def handed_over(self) -> None:
        """Wait until nothing is held by the worker that was killed last."""

        async def gone() -> bool:
            return not (await self._holders() & self.left_by)

        await until(gone, 60, "a living worker has what the dead one held")

    async def _holders(self) -> frozenset[bytes]:
        """Consumers that hold batches of the Telegram account."""
        client, keys = connect_redis(self.redis.url), AccountKeys("telegram", "main")
        try:
            held = [await client.xpending(keys.stream(priority), GROUP) for priority in PRIORITIES]
        finally:
            await client.aclose()
        return frozenset(consumer["name"] for summary in held for consumer in summary["consumers"])

    def _tries(self) -> int:
        """Tries that reached Telegram, accepted or not."""
        return sum(is_copy(one, self.facts) for one in self.simulator.ledger.attempts("telegram"))

    def copies(self) -> list[Attempt]:
        """Copies of the alert that lie in Telegram chats."""
        return [one for one in self.simulator.ledger.accepted("telegram") if is_copy(one, self.facts)]

    def _flying(self) -> int:
        markers = self.facts.markers.values()
        calls = self.simulator.telegram.under_way()
        return sum(any(marker in str(call.params.get("text", "")) for marker in markers) for call in calls)

    async def _silent(self) -> bool:
        return self._flying() == 0


async def battle(scale: Scale, folder: Path, database_url: str, redis: OwnRedis, gazetteer: Path) -> None:
    """Register, warn, kill whoever can be killed while the warning is under way, audit."""
    people = generate(
        scale.citizens, 11, area_from({"circles": [[*CENTRE, KM]]}), country="IS", shares=SHARES
    )
    config = SimulatorConfig(latency=scale.latency, limits=LimitRules(bot_per_second=REGISTERING))
    async with Simulator(config) as simulator:
        calm = make_settings(
            folder,
            database_url=database_url,
            redis_url=redis.url,
            gazetteer=gazetteer,
            simulator=simulator,
            telegram_per_second=REGISTERING,
        )
        settings = calm.model_copy(update={"telegram_per_second": scale.per_second})
        async with processes(calm, folder) as service, open_office(settings) as office:
            await service.start("web")
            progress = await simulator.register(people, office.url, PACE)
            assert not progress.stuck, progress
            await simulator.drain(120)
            await simulator.strike(Moment.BEFORE)
            await simulator.drain(120)
            await office.quiet()
            await service.stop("web")
            simulator.set_limits(bot_per_second=scale.per_second)
            service.settings = settings
            await service.start("web", "planner", "worker")

            sent = await send_audited(office, draft_of_test(1), 1)
            field = Battlefield(
                simulator, service, redis, sent.facts, _expected(people, sent.facts), scale.in_flight
            )
            await _kill_everything(field, office, sent)
            figures = await office.finished(sent.alert, 300)
            await simulator.drain(120)
            await office.quiet()
            await _judge(field, office, people, sent)
            assert figures.people_targeted > scale.citizens / 2
            await service.stop("web", "planner", "worker")
            assert not service.actions() & {
                "stop.late",
                "batch.broken",
                "batch.ended",
                "message.broken",
                "process.broken",
            }


async def _kill_everything(field: Battlefield, office: Office, sent: Sent) -> None:
    async def begun() -> bool:
        return await office.state(sent.alert) is not AlertState.APPROVED

    await until(begun, 30, "the planner takes the alert up", every=0.003)
    await field.now("planner", field.kill_planner)
    planner = asyncio.create_task(field.service.start("planner"))
    await field.at(0.1, "worker", field.kill_worker)
    await field.service.start("worker")
    await planner
    await field.at(0.3, "Redis", field.kill_redis)
    await asyncio.to_thread(field.redis.start)
    await field.at(0.5, "worker", field.kill_worker)
    await field.service.start("worker")
    await field.handed_over()
    await field.at(0.6, "Redis", field.kill_redis)
    field.redis.empty()
    await asyncio.to_thread(field.redis.start)


async def _judge(field: Battlefield, office: Office, people: Population, sent: Sent) -> None:
    """Nobody lost, nobody counted twice, duplicates within what was in flight; and the audit can tell."""
    copies = len(field.copies())
    doubled = field.duplicates()
    allowed = int(OVER_ALL * sum(kill.in_flight for kill in field.kills if kill.who == "worker"))
    report = await judge(office, field.simulator, people, forgiving(sent, allowed))
    sys.stdout.write(
        f"duplicates by kill: {doubled}, allowed over all {allowed}, copies {copies}\n{report.table()}\n"
    )
    assert report.ok, report.table()
    for count, kill in zip(doubled, field.kills, strict=True):
        assert count <= PER_KILL * kill.in_flight, f"{kill}: {count} duplicates"
    assert _forgetting_one(field, people, sent) == ["missing"]


def _forgetting_one(field: Battlefield, people: Population, sent: Sent) -> list[str]:
    """The checks that fail on the same ledger without what one chat got."""
    entries = list(field.simulator.ledger)
    facts = forgiving(sent, len(entries)).facts
    stories = gather(entries, people, facts).stories.values()
    forgotten = next(
        story.copies[0].recipient
        for story in stories
        if story.claim is Claim.MUST
        and story.usable_throughout(facts.approved_at)
        and {copy.channel for copy in story.copies} == {"telegram"}
    )
    left = [
        entry
        for entry in entries
        if not (isinstance(entry, Attempt) and entry.recipient == forgotten and is_copy(entry, facts))
    ]
    return sorted(audit(left, people, facts).failures)


def _expected(people: Population, facts: AlertFacts) -> int:
    """Telegram copies that the alert owes."""
    return sum(one.on_telegram and claim(one, facts) is Claim.MUST for one in people.citizens)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """An empty SQLite database, by URL."""
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    return f"sqlite:///{tmp_path / 'muster.db'}"


async def test_nobody_is_lost(tmp_path: Path, sqlite_url: str, own_redis: OwnRedis, gazetteer: Path) -> None:
    await battle(SMALL, tmp_path, sqlite_url, own_redis, gazetteer)


@pytest.mark.soak
async def test_none_of_two_thousand_is_lost(
    tmp_path: Path, sqlite_url: str, own_redis: OwnRedis, gazetteer: Path
) -> None:
    await battle(LARGE, tmp_path, sqlite_url, own_redis, gazetteer)


@pytest.mark.soak
async def test_none_of_two_thousand_is_lost_on_postgresql(
    tmp_path: Path, postgres_server: str, own_redis: OwnRedis, gazetteer: Path
) -> None:
    await battle(LARGE, tmp_path, await fresh_database(postgres_server), own_redis, gazetteer)
