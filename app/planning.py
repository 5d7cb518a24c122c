"""The planner process: makes deliveries, moves rungs, expires, tidies up. Touches SQL and Redis.

Several may run: leases in SQL keep each revision and the epoch with one of them at a time. What breaks over
a bug of ours is tried again, less and less often, and holds up nothing else; where what every warning needs
breaks, the process ends, and the next one begins with a clean memory.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import revisions
from alerts.batches import BatchSizes
from alerts.dispatch import Dispatch
from alerts.epoch import EpochKeeper
from alerts.foresight import Foresight
from alerts.planner import Planner
from alerts.queue import Queue
from alerts.removed import Removed
from alerts.routing import Account
from alerts.rungs import Rungs
from alerts.setbacks import Setbacks
from alerts.targeting import Targeting
from app.asking import Asking, CountryName, build_telling
from app.core import Core
from app.templates import Templates
from app.tidying import tidy_up
from app.twilio import WINDOW_CLOSED
from app.worker import process_name
from bot.channels import CHANNEL_ORDER
from bot.gateway import BulkGateway
from bot.waiting import lag_s
from places.area import Touch
from places.region import Regions
from staff import audit
from staff.notices import NoticeKind
from storage.errors import StorageUnavailableError
from storage.keys import AccountKeys

LOOK_EVERY_S = 0.1
FORESEE_EVERY_S = 2.0
EPOCH_EVERY_S = 0.5
RUNGS_EVERY_S = 0.5
EXPIRE_EVERY_S = 1.0
REMOVED_EVERY_S = 20.0
TIDY_EVERY_S = 600.0
ASK_EVERY_S = 300.0  # 200 people each time: 57,000 a day
TELL_EVERY_S = 5.0
TEMPLATES_EVERY_S = 60.0  # looks whether somebody should ask again
AWAY_PAUSE_S = 1.0
MACHINE = "system:planner"

T = TypeVar("T")

log = structlog.get_logger(__name__)


class PlannerProcess:
    """Everything that happens by itself; `stop` begins its end."""

    def __init__(self, core: Core, touch: Touch, regions: Regions, country_name: CountryName) -> None:
        self._core = core
        self._stopping = asyncio.Event()
        self._turn = asyncio.Lock()
        self._name = process_name()
        self._setbacks: Setbacks[str] = Setbacks(core.database, core.clock, NoticeKind.PLANNER_BROKEN, "part")
        self._channels = [channel.value for channel in CHANNEL_ORDER]
        self._targeting = Targeting(core.database, core.clock, touch, self._channels, regions=regions)
        self._accounts = frozenset(core.gateways.all)
        self._templates = Templates(core.database, core.clock, core.gateways.all)
        self._asking = Asking(core, country_name)
        self._telling = build_telling(core, touch, regions, country_name)
        self._table = core.channel_table
        gateways = core.gateways.all
        self._sizes = BatchSizes(
            {account: gateway.limits.batch for account, gateway in gateways.items()},
            frozenset(account for account, gateway in gateways.items() if isinstance(gateway, BulkGateway)),
        )

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until stopped; every step may be cut off anywhere and is done again by the next process."""
        dispatch = self._dispatch()
        planner, rungs, core = self._planner(dispatch), self._rungs(), self._core
        foresight = Foresight(core.database, core.clock, self._targeting)
        removed = Removed(core.database, core.clock, self._accounts)
        log.info("the planner is ready", action="planner.ready")
        await asyncio.gather(
            self._every(EPOCH_EVERY_S, dispatch.step),
            self._every(LOOK_EVERY_S, self._to_the_end(self._alone(planner.step))),
            self._part("foresight", FORESEE_EVERY_S, foresight.step),
            self._part("rungs", RUNGS_EVERY_S, self._alone(self._move(rungs, dispatch))),
            self._part("removed accounts", REMOVED_EVERY_S, removed.step),
            self._part("expiry", EXPIRE_EVERY_S, self._expire),
            self._part("templates", TEMPLATES_EVERY_S, self._templates.watch),
            self._part("asking", ASK_EVERY_S, self._asking.step),
            self._part("telling", TELL_EVERY_S, lambda: self._telling.step(self._core.clock.now())),
            self._part("tidying", TIDY_EVERY_S, lambda: tidy_up(self._core.database, self._core.clock)),
        )

    async def _part(self, name: str, seconds: float, step: Callable[[], Awaitable[object]]) -> None:
        """What may break without warnings being kept from anybody else."""
        await self._every(seconds, lambda: self._setbacks.bear(name, step))

    async def _every(self, seconds: float, step: Callable[[], Awaitable[object]]) -> None:
        while not self._stopping.is_set():
            pause = seconds
            try:
                await step()
            except StorageUnavailableError:
                log.warning("the database is away; trying again", action="planner.away")
                pause = AWAY_PAUSE_S
            try:
                async with asyncio.timeout(pause):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    def _to_the_end(self, step: Callable[[], Awaitable[bool]]) -> Callable[[], Awaitable[None]]:
        """A step that is taken again while there is more to do."""

        async def steps() -> None:
            while await step() and not self._stopping.is_set():
                pass

        return steps

    def _alone(self, step: Callable[[], Awaitable[T]]) -> Callable[[], Awaitable[T]]:
        """Planning and moving rungs fence the same revisions: in one process they take turns."""

        async def in_turn() -> T:
            async with self._turn:
                return await step()

        return in_turn

    def _dispatch(self) -> Dispatch:
        core = self._core
        queues: dict[Account, Queue] = {
            account: Queue(core.redis, core.redis, AccountKeys(*account), self._name)
            for account in self._accounts
        }
        keeper = EpochKeeper(core.database, core.redis, core.clock, self._name)
        return Dispatch(core.database, core.clock, keeper, queues)

    def _planner(self, dispatch: Dispatch) -> Planner:
        core = self._core
        return Planner(
            database=core.database,
            clock=core.clock,
            targeting=self._targeting,
            dispatch=dispatch,
            accounts=self._accounts,
            sizes=self._sizes,
            channel_order=self._channels,
            record=_record,
            owner=self._name,
            resolve_every=timedelta(seconds=core.settings.resolve_every_s),
            table=self._table,
        )

    def _rungs(self) -> Rungs:
        core = self._core
        gateways = core.gateways.all
        return Rungs(
            database=core.database,
            clock=core.clock,
            accounts=self._accounts,
            confirming=frozenset(account[0] for account, gateway in gateways.items() if gateway.confirms),
            sizes=self._sizes,
            channel_order=self._channels,
            inbox_lag=lag_s,
            owner=self._name,
            deadlines=core.deadlines,
            table=self._table,
            window_closed=WINDOW_CLOSED,
        )

    def _move(self, rungs: Rungs, dispatch: Dispatch) -> Callable[[], Awaitable[None]]:
        async def step() -> None:
            if await rungs.step():
                await dispatch.offer_new()

        return step

    async def _expire(self) -> None:
        now = self._core.clock.now()
        async with self._core.database.durable() as connection:
            for alert_id in await revisions.expire_due(connection, now):
                await _record(connection, "alert.expire", f"alert:{alert_id}", now)


async def _record(connection: AsyncConnection, action: str, subject: str, at: datetime) -> None:
    await audit.append(connection, at=at, actor=MACHINE, action=action, subject=subject, detail={})
