"""Kills at random moments of one warning over five channels: worker, planner, web by SIGKILL, Redis with its
file and without. Nobody is lost, nobody counts twice, and of duplicates there are no more than was in flight.

What was in flight is read off the simulated providers at each kill and printed. Redis dies only while no
batch of a dead worker waits for another: both at once cost what that worker had not yet written to SQL
(`tests/alerts/test_account.py`).
"""

import asyncio
import gc
import os
import random
import shutil
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import islice, pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from alerts.queue import PRIORITIES
from alerts.tables import batch
from app.memory import settle_memory
from app.reconciling import EVERY_S
from bot.gateways.twilio.reconcile import SETTLE_S
from bot.reconciled import read_until
from simulator.audit_facts import AlertFacts
from simulator.audit_story import Claim
from simulator.audit_world import claim, is_copy
from simulator.citizen import Channel
from simulator.config import LatencyRules
from simulator.geometry import area_from
from simulator.person import Pace
from simulator.population import Population
from simulator.records import Attempt, WebhookPost
from simulator.server import Simulator
from storage.keys import GROUP, AccountKeys
from storage.redis import connect_redis
from tests.conftest import OwnRedis
from tests.faults.front import until_ready
from tests.faults.nursery import Child, Nursery, open_nursery
from tests.journeys.audited import CENTRE, KM, Sent, forgiving, judge
from tests.journeys.five_alerts import approve_templates, draft_of_five, send_five
from tests.journeys.five_channels import Tomorrow, plug_in, settings_of_five, simulated
from tests.journeys.settled import settle, settled
from tests.postgres import fresh_database
from tests.service import Office, make_settings, open_office, until

LATENCY = LatencyRules(0.1, 0.3)
PER_KILL, OVER_ALL = 2.0, 1.5  # duplicates for each request in flight
SLACK_S = 1.0  # what was in flight may be written down a moment after the kill
LONGEST_S = 4 * LATENCY.high_s + 0.1  # of an answer
LEAST_BETWEEN_S = 2.0
VICTIMS = {"worker": 5, "planner": 2, "web": 1, "redis": 1, "redis, empty": 1}
ACCOUNTS = (
    ("telegram", "main"),
    ("sms", "main"),
    ("whatsapp", "main"),
    ("viber", "main"),
    ("webchat", "main"),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a run is: citizens, kills, messages a second on each channel, seconds it may take at most."""

    citizens: int
    kills: int
    per_second: int
    patience_s: float


def scale_of_environment() -> Scale:
    """The full size, unless the environment says another one."""
    return Scale(
        int(os.environ.get("MUSTER_SOAK_CITIZENS", "100000")),
        int(os.environ.get("MUSTER_SOAK_KILLS", "50")),
        int(os.environ.get("MUSTER_SOAK_PER_SECOND", "100")),
        float(os.environ.get("MUSTER_SOAK_PATIENCE_S", "3600")),
    )


@dataclass(frozen=True, slots=True)
class Kill:
    who: str
    copies: int
    in_flight: int
    at: float


@dataclass(slots=True)
class Massacre:
    """One warning under way and everybody who may die of it."""

    simulator: Simulator
    office: Office
    nursery: Nursery
    redis: OwnRedis
    facts: AlertFacts
    expected: int
    dice: random.Random
    alive: dict[str, Child] = field(default_factory=dict)
    kills: list[Kill] = field(default_factory=list)
    left_by: frozenset[bytes] = frozenset()
    _copies: list[Attempt] = field(default_factory=list)
    _tries: int = 0
    _read_to: int = 0

    def start(self, *roles: str) -> None:
        for role in roles:
            self.alive[role] = self.nursery.start(role, self.office.settings, haste=False)

    def copies(self) -> list[Attempt]:
        """Copies of the warning that lie in chats or were taken by a provider."""
        self._read()
        return self._copies

    def tries(self) -> int:
        """Copies of the warning that reached a provider, whatever became of them."""
        self._read()
        return self._tries

    def _read(self) -> None:
        """Take up what is new in the ledger."""
        for entry in islice(self.simulator.ledger, self._read_to, None):
            self._read_to += 1
            if isinstance(entry, Attempt) and is_copy(entry, self.facts):
                self._tries += 1
                if entry.accepted and not entry.again:
                    self._copies.append(entry)

    def flying(self) -> int:
        """Recipients of requests that providers have not answered yet."""
        simulator = self.simulator
        calls = [len(call.data.get("broadcast_list", "1")) for call in simulator.viber.under_way()]
        return len(simulator.telegram.under_way()) + len(simulator.twilio.under_way()) + sum(calls)

    async def strike(self, number: int, kills: int) -> None:
        """One kill at a random moment of its share of the warning."""
        share = (number + self.dice.random()) / (kills + 1)

        async def share_is_out() -> bool:
            return len(self.copies()) >= share * self.expected

        async def something_flies() -> bool:
            return self.flying() > 0

        await until(share_is_out, 1_200, f"{share:.0%} of the copies are out", every=0.05)
        await until(something_flies, 60, "something is in flight", every=0.002)
        who = self.dice.choices(list(VICTIMS), list(VICTIMS.values()))[0]
        if who.startswith("redis"):
            await self._handed_over()
        wall, copies, flying = self.simulator.ledger.wall(), len(self.copies()), self.flying()
        if who == "worker":
            tries = self.tries()
            self.nursery.kill9(self.alive["worker"])
            await self._arrived()
            flying += self.tries() - tries  # what it had written to its sockets
            self.left_by = await self._holders()
            self.start("worker")
        elif who in self.alive:
            self.nursery.kill9(self.alive[who])
            self.start(who)
        else:
            self.redis.kill()
            if who == "redis, empty":
                self.redis.empty()
            await asyncio.to_thread(self.redis.start)
        self.kills.append(Kill(who, copies, flying, wall))
        _say(f"{number + 1}: {who} at {copies:,} of {self.expected:,}, {flying} in flight")
        await until_ready(*self.alive.values())
        await asyncio.sleep(LEAST_BETWEEN_S)

    def duplicates(self) -> list[int]:
        """For each kill the copies too many of those who had theirs right before; none for another reason."""
        chats: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        for copy in self.copies():
            chats[copy.channel, copy.recipient].append(copy.wall)
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

    async def _arrived(self) -> None:
        """Wait until nothing more arrives of what a dead worker had written to its sockets."""
        before = -1
        while before != self.tries():
            before = self.tries()
            await asyncio.sleep(LONGEST_S)

    async def _holders(self) -> frozenset[bytes]:
        """Workers that hold batches."""
        client = connect_redis(self.redis.url)
        try:
            held = [
                await client.xpending(AccountKeys(*account).stream(priority), GROUP)
                for account in ACCOUNTS
                for priority in PRIORITIES
            ]
        finally:
            await client.aclose()
        return frozenset(consumer["name"] for summary in held for consumer in summary["consumers"])

    async def _handed_over(self) -> None:
        async def gone() -> bool:
            return not (await self._holders() & self.left_by)

        await until(gone, 60, "a living worker has what the dead one held")


async def massacre(
    scale: Scale, folder: Path, database_url: str, redis: OwnRedis, gazetteer: Path, nursery: Nursery
) -> None:
    """Settle people, warn, kill, audit."""
    area = area_from({"circles": [[*CENTRE, KM]]})
    people = await asyncio.to_thread(settled, scale.citizens, 29, area, "IS")
    pace = Pace(speed=60.0, think_s=0.05, parallel=100, patience_s=scale.patience_s)
    began = time.monotonic()
    async with Simulator(replace(simulated(scale.per_second), latency=LATENCY)) as simulator:
        settings = make_settings(
            folder,
            database_url=database_url,
            redis_url=redis.url,
            gazetteer=gazetteer,
            simulator=simulator,
            **settings_of_five(simulator, scale.per_second, deadline_severe_s=3_600.0),
        )
        async with open_office(settings) as office:
            web = nursery.start("web", settings, haste=False)
            await until_ready(web)
            await plug_in(office, simulator)  # type: ignore[arg-type]  # asks for no more than its address
            await approve_templates(office, simulator)  # type: ignore[arg-type]  # for no more than its core
            progress = await settle(office.core, simulator, people, office.url, pace)
            assert progress.registered == len(people), progress
            await simulator.drain(300)
            await office.quiet(300)
            _say(f"{len(people):,} people are settled after {time.monotonic() - began:.0f} s")
            draft = draft_of_five(1, office.core.clock.now())
            sent = await send_five(office, Tomorrow(), draft, 1)  # type: ignore[arg-type]  # as above
            field = Massacre(
                simulator, office, nursery, redis, sent.facts, _expected(people, sent.facts), random.Random(7)
            )
            field.alive["web"] = web
            field.start("planner", "worker")
            with _settled_memory():
                for number in range(scale.kills):
                    await field.strike(number, scale.kills)
                _say(f"the last kill was after {time.monotonic() - began:.0f} s")
                await _over(field, sent, scale.patience_s)
            _say(f"it was over after {time.monotonic() - began:.0f} s")
            _say(f"the providers were {simulator.latest_s:.2f} s late at worst")
            await _judge(field, people, sent)
            _say(f"and judged after {time.monotonic() - began:.0f} s")


@contextmanager
def _settled_memory() -> Iterator[None]:
    """A collector that does not go through the whole world: half a second of it, and the simulated provider
    takes what came evenly for a burst.
    """
    before = gc.get_threshold()
    settle_memory()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


async def _over(field: Massacre, sent: Sent, seconds: float) -> None:
    """Everybody was tried, every batch is closed, what webhooks did not bring was asked for."""
    office = field.office
    await office.finished(sent.alert, seconds)

    async def closed() -> bool:
        query = select(func.count()).select_from(batch).where(batch.c.state != "done")
        async with office.core.database.read() as connection:
            return (await connection.execute(query)).scalar_one() == 0

    await until(closed, seconds, "every batch is closed")
    await field.simulator.drain(seconds)
    await office.quiet(seconds)
    lost = [
        one for one in field.simulator.ledger if isinstance(one, WebhookPost) and not 200 <= one.status < 300
    ]
    if lost:
        # Lists are believed of messages older than SETTLE_S; a receipt is left to its webhook for one look.
        after = office.core.clock.now() + timedelta(seconds=SETTLE_S + EVERY_S)

        async def looked() -> bool:
            async with office.core.database.read() as connection:
                marks = [await read_until(connection, channel, "main") for channel in ("sms", "whatsapp")]
            return all(mark is not None and mark >= after for mark in marks)

        await until(looked, 4 * EVERY_S, "the providers' lists were read")
    await field.simulator.drain(seconds)
    await office.quiet(seconds)


async def _judge(field: Massacre, people: Population, sent: Sent) -> None:
    doubled = field.duplicates()
    in_flight = sum(kill.in_flight for kill in field.kills if kill.who == "worker")
    allowed = int(OVER_ALL * in_flight)
    report = await judge(field.office, field.simulator, people, forgiving(sent, allowed))
    by_victim: Counter[str] = Counter()
    for count, kill in zip(doubled, field.kills, strict=True):
        by_victim[kill.who] += count
    victims = dict(Counter(kill.who for kill in field.kills))
    _say(f"{len(field.kills)} kills {victims}; duplicates by victim {dict(by_victim)}")
    _say(f"in flight at each kill {[kill.in_flight for kill in field.kills]}")
    _say(f"duplicates of each kill {doubled}: {sum(doubled)} in all, allowed {allowed}")
    _say(f"copies {len(field.copies()):,} to {len(people):,} citizens")
    board = await field.office.board(sent.alert)
    twice = max(0, board.warned - len({(copy.channel, copy.recipient) for copy in field.copies()}))
    _say(f"lost {len(report.failures.get('missing', ()))}, counted twice {twice}\n{report.table()}")
    assert report.ok, report.table()
    for count, kill in zip(doubled, field.kills, strict=True):
        assert count <= PER_KILL * (kill.in_flight if kill.who == "worker" else 0), (
            f"{kill}: {count} duplicates"
        )
    assert sum(doubled) <= allowed


def _expected(people: Population, facts: AlertFacts) -> int:
    """First copies that the warning owes."""
    return sum(claim(one, facts) is Claim.MUST for one in people.citizens)


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


@pytest.fixture
def own_nursery(tmp_path: Path) -> Iterator[Nursery]:
    with open_nursery(tmp_path) as opened:
        yield opened


@pytest.mark.soak
async def test_ten_among_two_thousand(
    tmp_path: Path, sqlite_template: Path, own_redis: OwnRedis, gazetteer: Path, own_nursery: Nursery
) -> None:
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    url = f"sqlite:///{tmp_path / 'muster.db'}"
    await massacre(Scale(2_000, 10, 25, 1_800.0), tmp_path, url, own_redis, gazetteer, own_nursery)


@pytest.mark.soak
async def test_fifty_among_a_hundred_thousand(
    tmp_path: Path, postgres_server: str, own_redis: OwnRedis, gazetteer: Path, own_nursery: Nursery
) -> None:
    url = await fresh_database(postgres_server)
    await massacre(scale_of_environment(), tmp_path, url, own_redis, gazetteer, own_nursery)


def test_all_channels_are_meant() -> None:
    assert {channel for channel, _ in ACCOUNTS} == {channel.value for channel in Channel}
