"""An installation to measure: people with sealed addresses, approved alerts, deliveries as the planner writes
them. Touches SQL and Redis of the measurement only.
"""

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import plans, revisions, store
from alerts.assignments import Assignment, Assignments
from alerts.batches import BatchSizes
from alerts.dispatch import Dispatch
from alerts.draft import Draft
from alerts.epoch import EpochKeeper
from alerts.events import open_event
from alerts.lifecycle import AlertAct
from alerts.plans import Plan
from alerts.queue import PRIORITIES, Queue
from alerts.routing import Account
from alerts.tables import alert, batch, delivery, redis_epoch, revision
from alerts.terms import priority_of
from app.embedded import EmbeddedRedis, start_redis, stop_redis
from benchmarks.posting import TOKEN
from bot.inbox import lane_of
from bot.messages import Address, Channel
from places.cells import cell_of
from registry import addresses
from registry.tables import address, person, whereabouts
from storage.clock import SystemClock
from storage.database import Database, open_database
from storage.keys import AccountKeys
from storage.redis import connect_redis
from storage.vault import Vault

ACCOUNT: Account = ("telegram", "main")
DATA_KEY, INDEX_KEY = bytes(range(32)), bytes(range(32, 64))
FIRST_CHAT = 10_000_000_000  # chat of person 1 is one more
CHUNK = 2_000
TEXT = {
    "headline": "Severe storm near Reykjavik",
    "description": "Winds of 30 m/s from Sunday evening. Roads along the coast may close without notice.",
    "instruction": "Stay inside. Keep away from windows.",
}


@contextmanager
def own_redis(folder: Path) -> Iterator[EmbeddedRedis]:
    """A server with an append-only file, as an embedded installation has it."""
    server = start_redis(folder)
    try:
        yield server
    finally:
        stop_redis(server)


def settings_of(sql_url: str, redis_url: str, base: str) -> dict[str, Any]:
    """Settings of a process of this installation whose Telegram is the one at `base`."""
    return {
        "database_url": sql_url,
        "redis_url": redis_url,
        "data_keys": base64.b64encode(DATA_KEY).decode(),
        "index_key": base64.b64encode(INDEX_KEY).decode(),
        "telegram_token": TOKEN,
        "telegram_secret": "benchmark",
        "telegram_api_base": base,
        "resolve_every_s": 3600,
    }


@dataclass(slots=True)
class Ministry:
    """One installation; nothing of it outlives the measurement."""

    database: Database
    redis: Redis
    vault: Vault = field(default_factory=lambda: Vault([DATA_KEY], INDEX_KEY))
    clock: SystemClock = field(default_factory=SystemClock)
    account: Account = ACCOUNT

    @classmethod
    def at(cls, sql_url: str, redis_url: str) -> "Ministry":
        """Open an installation whose schema is there."""
        return cls(open_database(sql_url), connect_redis(redis_url))

    async def close(self) -> None:
        await self.redis.aclose()
        await self.database.close()

    @property
    def queue(self) -> Queue:
        """The account's queue as the planner uses it."""
        return Queue(self.redis, self.redis, AccountKeys(*self.account), "benchmark")

    @property
    def dispatch(self) -> Dispatch:
        """What puts batches on the queue."""
        keeper = EpochKeeper(self.database, self.redis, self.clock, "benchmark")
        return Dispatch(self.database, self.clock, keeper, {self.account: self.queue})

    async def fill(self, count: int, *, first: int = 1, at: tuple[float, float] = (64.13, -21.9)) -> None:
        """Register people `first`.. with one chat each, all in the same city."""
        cell, now = cell_of(*at), self.clock.now()
        for start in range(first, first + count, CHUNK):
            ids = range(start, min(start + CHUNK, first + count))
            keys = {number: self.vault.new_person_key(number) for number in ids}
            async with self.database.bulk() as connection:
                await connection.execute(insert(person), [_person(n, keys[n], now) for n in ids])
                await connection.execute(insert(address), [self._address(n, keys[n], now) for n in ids])
                await connection.execute(insert(whereabouts), [_home(n, cell, now) for n in ids])

    async def approve(self, severity: str = "Severe", area: Any = None) -> int:
        """An approved alert; returns its revision, which the planner has not seen yet."""
        return (await self._approve(severity, area, claim=False))[0]

    async def _approve(self, severity: str, area: Any, *, claim: bool) -> tuple[int, Plan | None]:
        """The same, and the plan if it is to be ours before any planner can see it."""
        now = self.clock.now()
        draft = Draft.model_validate(
            {
                "event_title": "Benchmark",
                "status": "Actual",
                "severity": severity,
                "urgency": "Immediate",
                "certainty": "Likely",
                "category": "Met",
                "event_name": "Storm",
                "texts": {"en": TEXT},
                "correction": {"en": "The storm warning was a mistake."},
                "all_clear": {"en": "The storm is over."},
                "area": area or {"countries": ["IS"]},
                "area_name": "Reykjavik",
                "time_zone": "Atlantic/Reykjavik",
                "expires_at": now + timedelta(hours=12),
                "include_maybe": False,
            }
        )
        async with self.database.durable() as connection:
            event = await open_event(connection, title="Benchmark", drill=False, now=now)
            made = await revisions.insert_alert(connection, draft, event_id=event.id, officer_id=1, now=now)
            number = await revisions.insert_revision(connection, made, 1, draft, (1,))
            for act in (AlertAct.SUBMIT, AlertAct.APPROVE):
                await store.move_any(connection, made, act)
            written = await revisions.read_revision(connection, number)
            await revisions.sign_approved(connection, written, 2, {}, now)
            plan = await plans.claim(connection, number, "benchmark", now) if claim else None
        return number, plan

    async def cancel(self, revision_id: int) -> None:
        """Stop an alert as one officer may."""
        async with self.database.durable() as connection:
            row = await revisions.read_revision(connection, revision_id)
            await store.move_any(connection, row.alert_id, AlertAct.CANCEL)

    async def plan(self, severity: str, people: Sequence[int], size: int) -> int:
        """Write deliveries and batches of an approved alert, as the planner does; returns its revision."""
        number, plan = await self._approve(severity, None, claim=True)
        now = self.clock.now()
        chosen = [Assignment(n, n, *self.account, "en", False, "area", 1.0) for n in people]
        async with self.database.durable() as connection:
            alert_id = (await revisions.read_revision(connection, number)).alert_id
            await store.move_any(connection, alert_id, AlertAct.START)
        if plan is None:
            raise RuntimeError("nobody else can hold this plan")
        for start in range(0, len(chosen), CHUNK):
            async with self.database.bulk() as connection:
                await plans.write_deliveries(
                    connection,
                    plan,
                    Assignments.listed(chosen[start : start + CHUNK]),
                    rung=0,
                    priority=priority_of(severity),
                    sizes=BatchSizes({self.account: size}),
                    now=now,
                )
        async with self.database.durable() as connection:
            await plans.mark_resolved(connection, plan, now)
            await store.move_any(connection, alert_id, AlertAct.FINISH)
            await plans.release(connection, plan)
        return number

    async def offer(self) -> None:
        """Put every new batch on the queue."""
        await self.queue.prepare()
        dispatch = self.dispatch
        await dispatch.step()
        await dispatch.offer_new()

    async def queued(self) -> int:
        """Batches that lie on a stream."""
        keys = AccountKeys(*self.account)
        return sum([int(await self.redis.xlen(keys.stream(priority))) for priority in PRIORITIES])

    async def states(self, revision_id: int) -> dict[str, int]:
        """Deliveries of a revision by their state."""
        query = select(delivery.c.state, func.count()).where(delivery.c.revision_id == revision_id)
        async with self.database.read() as connection:
            return {row[0]: row[1] for row in await connection.execute(query.group_by(delivery.c.state))}

    async def newest_states(self) -> dict[str, int]:
        """`states` of the newest revision."""
        async with self.database.read() as connection:
            newest = (await connection.execute(select(func.max(revision.c.id)))).scalar_one()
        return await self.states(int(newest))

    async def forget_epoch(self) -> None:
        """Redis was emptied on purpose: nobody need wait for workers of its former life."""
        async with self.database.durable() as connection:
            await connection.execute(delete(redis_epoch))

    async def end_all(self) -> None:
        """No alert is live any more, so that the next measurement begins alone."""
        async with self.database.durable() as connection:
            await connection.execute(update(alert).values(state="expired"))
            await _close_batches(connection)

    def _address(self, number: int, key: bytes, now: datetime) -> dict[str, Any]:
        to = Address(Channel.TELEGRAM, self.account[1], str(FIRST_CHAT + number))
        return {
            "id": number,
            "person_id": number,
            "channel": "telegram",
            "account": self.account[1],
            "lane": lane_of(self.vault, to),
            "value": self.vault.person(number, key).seal_text(to.value, addresses.place_of(number)),
            "state": "active",
            "rank": 0,
            "drill": False,
            "last_inbound_at": now,
            "created_at": now,
        }


async def _close_batches(connection: AsyncConnection) -> None:
    await connection.execute(update(batch).where(batch.c.state == "open").values(state="done"))


def _person(number: int, key: bytes, now: datetime) -> dict[str, Any]:
    return {
        "id": number,
        "state": "active",
        "language": "en",
        "language_chosen": True,
        "consent_version": "1",
        "consent_at": now,
        "data_key": key,
        "drill": False,
        "created_at": now,
        "changed_at": now,
    }


def _home(number: int, cell: int, now: datetime) -> dict[str, Any]:
    return {
        "id": number,
        "person_id": number,
        "kind": "home",
        "cell": cell,
        "radius_km": 0.0,
        "country": "IS",
        "source": "pin",
        "confirmed_at": now,
    }
