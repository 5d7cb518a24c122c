"""The worker process: sends the batches of every account. Touches SQL, Redis and the gateways."""

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import AsyncExitStack

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.account import AccountWorker
from alerts.attempt import Item
from alerts.epoch import EpochWatch
from alerts.lease import Lease
from alerts.line import Line
from alerts.outcomes import name_attempts
from alerts.queue import BLOCK_MS, Queue
from alerts.rendering import Renderer
from alerts.routing import Account
from alerts.standing import Standings
from alerts.work import Ledger
from app.calling import number_to_call
from app.core import Core
from app.opening import Opening
from app.signals import until_drained
from bot.gateway import Gateway
from bot.inbox import lane_of
from registry import addresses, optouts, people
from storage.keys import AccountKeys
from storage.redis import connect_redis, end_tasks

log = structlog.get_logger(__name__)


def process_name() -> str:
    """A name for this process among all: host, process, and the moment it started."""
    return f"{socket.gethostname()[:16]}-{os.getpid()}-{os.urandom(2).hex()}"


class WorkerProcess:
    """Every account of one process; `stop` begins its end."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._name = process_name()
        self._stopping = asyncio.Event()
        self._accounts: list[AccountWorker] = []
        self._leases: list[Lease] = []
        self._epoch = EpochWatch(core.redis, self._lose)

    def stop(self) -> None:
        """Take no new batch; finish what is under way."""
        self._stopping.set()
        for account in self._accounts:
            account.stopping.set()

    async def run(self) -> None:
        """Send until stopped, then drain."""
        async with AsyncExitStack() as stack:
            work = [self._account(account, gateway, stack) for account, gateway in self._gateways()]
            pairs = await asyncio.gather(*work)
            self._accounts = [account for account, _ in pairs]
            await self._epoch.look()
            watching = asyncio.create_task(self._epoch.run())
            try:
                log.info("the worker is ready", action="worker.ready", accounts=len(self._accounts))
                if self._stopping.is_set():
                    return
                drain_s = self._core.settings.drain_s
                await until_drained(self._run_all(pairs), self._stopping, drain_s)
            finally:
                await end_tasks([watching])

    @property
    def in_flight(self) -> int:
        """Messages handed to gateways whose answers are not here yet."""
        return sum(account.in_flight for account in self._accounts)

    def _gateways(self) -> list[tuple[Account, Gateway]]:
        return list(self._core.gateways.all.items())

    async def _run_all(self, pairs: Sequence[tuple[AccountWorker, Opening]]) -> None:
        await asyncio.gather(*(self._run_one(account, opening) for account, opening in pairs))

    async def _run_one(self, account: AccountWorker, opening: Opening) -> None:
        """Get in at the provider, and work meanwhile: whoever it keeps out is tried elsewhere."""
        knocking = asyncio.create_task(opening.run(self._stopping))
        try:
            await account.run()
        finally:
            await end_tasks([knocking])
            if not knocking.cancelled():
                knocking.result()

    async def _account(
        self, account: Account, gateway: Gateway, stack: AsyncExitStack
    ) -> tuple[AccountWorker, Opening]:
        core, keys = self._core, AccountKeys(*account)
        opening = Opening(core, gateway)
        blocking = connect_redis(core.settings.redis_url, connections=2, timeout_s=BLOCK_MS / 1000 + 5)
        stack.push_async_callback(blocking.aclose)
        queue = Queue(core.redis, blocking, keys, self._name)
        lease = Lease(queue, core.clock)
        self._leases.append(lease)
        line = Line(
            gateway=gateway,
            limiter=core.limiters[account],
            queue=queue,
            lease=lease,
            standings=Standings(core.database, core.clock),
            render=Renderer(
                core.database, core.wording.compose, gateway, number_to_call(core.settings.ministry_phone)
            ).render,
            write_ahead=self._write_ahead,
            deadlines=core.deadlines,
            clock=core.clock,
            access=opening.access,
        )
        ledger = Ledger(gone=self._gone, moved=self._moved, closed=core.account_closed, stopped=self._stopped)
        return AccountWorker(line, core.database, core.vault, ledger, self._epoch), opening

    def _lose(self, epoch: str) -> None:
        for lease in self._leases:
            lease.lose(epoch)

    async def _write_ahead(self, deliveries: Sequence[int]) -> frozenset[int]:
        async with self._core.database.durable() as connection:
            return await name_attempts(connection, deliveries, self._core.clock.now())

    async def _gone(self, connection: AsyncConnection, address_ids: Sequence[int]) -> None:
        await addresses.mark_gone(connection, address_ids, self._core.clock.now())

    async def _stopped(self, connection: AsyncConnection, address_ids: Sequence[int]) -> None:
        await optouts.record(connection, dict.fromkeys(address_ids), self._core.clock.now())

    async def _moved(self, connection: AsyncConnection, items: Sequence[Item]) -> None:
        for item in items:
            owner = await people.get(connection, item.person_id)
            if owner is None or owner.data_key is None:
                continue
            lane = lane_of(self._core.vault, item.to)
            vault = owner.unlocked(self._core.vault)
            await addresses.rename(connection, vault, item.address_id, item.to.value, lane)
