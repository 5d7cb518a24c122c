"""A small house from its real parts, run by hand: officers at the desk, people in the registry, planner,
queue and sender, with a gateway that writes down what leaves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from redis.asyncio import Redis
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.batches import BatchSizes, delivery_id, pack
from alerts.dispatch import Dispatch
from alerts.epoch import EpochKeeper
from alerts.planner import Planner
from alerts.queue import Queue
from alerts.revisions import latest
from alerts.routing import Account
from alerts.tables import batch, delivery
from alerts.targeting import Targeting
from alerts.wording import Wording
from app.core import Core
from app.gateways import Gateways
from app.metrics import Metrics
from app.settings import Settings
from app.worker import WorkerProcess
from assistance.faq.search import FaqSearch
from bot.gateway import Limits, Prepared
from bot.limiter import Limiter
from bot.messages import Accepted, Address, Channel, Outbound
from locales.catalog import Catalog
from places.cells import cell_of
from registry.whereabouts import Whereabouts, WhereaboutsKind
from storage.database import Database, open_database
from storage.keys import AccountKeys
from storage.redis import connect_redis
from storage.vault import Vault
from tests.alerts.office import NOW, HandClock, Office, draft, open_office, touch
from tests.registry.newcomers import Newcomer, join
from tests.service import until

ACCOUNT: Account = ("telegram", "main")
LIMITS = Limits(1_000.0, 0, 50, 100, 4_096, 100, "2026-11-22")
DOWNTOWN = Whereabouts(WhereaboutsKind.HOME, cell_of(64.146, -21.942), 0.0, "IS")
AKUREYRI = Whereabouts(WhereaboutsKind.HOME, cell_of(65.68, -18.1), 0.0, "IS")
REAL, SIMULATED = "real", "simulated"


@dataclass
class Notebook:
    """A gateway that takes everything and writes it down; fulfils `bot.gateway.Gateway`."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    channel = Channel.TELEGRAM
    account = "main"
    limits = LIMITS
    confirms = False
    max_hook_bytes = 1

    async def open(self) -> None:
        """Nobody need be asked."""

    async def close(self) -> None:
        """Nothing is open."""

    def prepare(self, outbound: Outbound) -> Prepared:
        return Prepared(({"text": outbound.text},), outbound)

    async def send(
        self, to: Address, message: Prepared, *, part: int = 0, delivery: int | None = None
    ) -> Accepted:
        self.sent.append((to.value, message.parts[0]["text"]))
        return Accepted(str(len(self.sent)))


@cache
def catalog() -> Catalog:
    """The words, read once for all tests."""
    return Catalog.load()


@dataclass
class House:
    """Everything between a draft and a message, one step at a time; the clock is set by hand."""

    office: Office
    redis: Redis
    vault: Vault
    gateway: Notebook
    targeting: Targeting
    dispatch: Dispatch
    planner: Planner
    worker: WorkerProcess
    sending: "asyncio.Task[None] | None" = None
    people: int = 0

    @property
    def database(self) -> Database:
        return self.office.database

    @property
    def clock(self) -> HandClock:
        return self.office.clock

    async def join(self, kind: str, place: Whereabouts = DOWNTOWN) -> Newcomer:
        """Somebody registers; whoever they are stands in the name of their address."""
        self.people += 1
        to = Address(Channel.TELEGRAM, "main", f"{kind}-{self.people}")
        async with self.database.durable() as connection:
            return await join(
                connection,
                self.vault,
                to,
                place=place,
                language="en",
                drill=kind == SIMULATED,
                now=self.clock.at,
            )

    async def approved(self, marker: str, status: str = "Actual", **more: Any) -> int:
        """An alert that two officers agreed on."""
        return await self.office.approved(**words(marker, status, self.clock.at), **more)

    async def plan(self) -> None:
        """The planner looks once."""
        self.clock.at += self.planner.resolve_every
        await self.dispatch.step()
        while await self.planner.step():
            pass

    async def deliver(self) -> None:
        """The sender works until nothing is queued."""
        self.clock.at += self.planner.resolve_every  # whatever it knew of an alert is old
        await self.dispatch.step()
        self.sending = self.sending or asyncio.create_task(self.worker.run())

        async def nothing_queued() -> bool:
            query = select(func.count()).select_from(batch).where(batch.c.state == "open")
            async with self.database.read() as connection:
                return (await connection.execute(query)).scalar_one() == 0

        await until(nothing_queued, 20, "every batch is sent")

    async def work(self) -> list[tuple[str, str]]:
        """Plan and deliver; return what left, as address and text."""
        before = len(self.gateway.sent)
        await self.plan()
        await self.deliver()
        return self.gateway.sent[before:]

    async def write(self, statement: Any) -> None:
        """Change something behind everybody's back."""
        async with self.database.durable() as connection:
            await connection.execute(statement)

    async def smuggle(self, alert: int, who: Newcomer, *, drill: bool) -> None:
        """Write a delivery by hand and queue it, as a planner with a bug might."""
        async with self.database.durable() as connection:
            revision = (await latest(connection, alert)).id
            rung = (
                await connection.execute(
                    select(func.coalesce(func.max(delivery.c.rung), 0)).where(
                        delivery.c.revision_id == revision, delivery.c.person_id == who.id
                    )
                )
            ).scalar_one() + 1
            key = delivery_id(revision, (1 << 31) + rung * 1_000 + who.id % 1_000)
            common = {"revision_id": revision, "rung": rung, "channel": ACCOUNT[0], "account": ACCOUNT[1]}
            await connection.execute(
                insert(delivery).values(
                    id=key, person_id=who.id, address_id=who.address.id, language="en", drill=drill,
                    confidence="area", state="queued", attempts=0, created_at=NOW, **common,
                )
            )  # fmt: skip
            await connection.execute(
                insert(batch).values(
                    priority=0, deliveries=pack([key]), size=1, state="open", created_at=NOW, **common
                )
            )


def words(marker: str, status: str, now: datetime) -> dict[str, Any]:
    """What `draft` is told, with a marker in every text."""
    text = {"headline": marker, "description": f"{marker} comes.", "instruction": ""}
    note = {"en": f"{marker} is over."}
    written = {"status": status, "texts": {"en": text}, "correction": note, "all_clear": note}
    return {**written, "expires_at": now + (draft().expires_at - NOW)}


@asynccontextmanager
async def open_house(url: str, redis_url: str, vault: Vault) -> AsyncIterator[House]:
    """A house over a migrated, empty database and a Redis that is emptied first."""
    database, redis = open_database(url), connect_redis(redis_url)
    try:
        await redis.flushall()
        house = await build_house(await open_office(database), redis, redis_url, vault)
        yield house
        house.worker.stop()
        if house.sending is not None:
            await house.sending
    finally:
        await redis.aclose()
        await database.close()


async def build_house(office: Office, redis: Redis, redis_url: str, vault: Vault) -> House:
    """The parts as `app/` plugs them together."""
    database, clock, gateway = office.database, office.clock, Notebook()
    queue = Queue(redis, redis, AccountKeys(*ACCOUNT), "planner")
    await queue.prepare()
    dispatch = Dispatch(database, clock, EpochKeeper(database, redis, clock, "planner"), {ACCOUNT: queue})
    await dispatch.step()
    targeting = Targeting(database, clock, touch, ["telegram"])
    planner = Planner(
        database=database,
        clock=clock,
        targeting=targeting,
        dispatch=dispatch,
        accounts=frozenset({ACCOUNT}),
        sizes=BatchSizes({ACCOUNT: 10}),
        channel_order=["telegram"],
        record=_unrecorded,
        owner="planner",
    )
    core = Core(
        settings=Settings(data_dir=Path(), redis_url=redis_url),
        clock=clock,
        database=database,
        redis=redis,
        vault=vault,
        gateways=cast("Gateways", SimpleNamespace(all={ACCOUNT: gateway})),
        limiters={ACCOUNT: Limiter(redis, AccountKeys(*ACCOUNT), LIMITS, clock)},
        catalog=catalog(),
        wording=Wording(catalog(), "Ministry of Test"),
        metrics=Metrics(),
        faq=FaqSearch(database, clock, demo=False, semantic=False),
    )
    return House(office, redis, vault, gateway, targeting, dispatch, planner, WorkerProcess(core))


async def flip(house: House, table: Any, key: int) -> None:
    """Turn a real row into a simulated one, or back."""
    await house.write(update(table).where(table.c.id == key).values(drill=~table.c.drill))


async def _unrecorded(_connection: AsyncConnection, _action: str, _subject: str, _at: datetime) -> None:
    return
