"""Sends what is in the outbox, in order for each person, at the pace of each account.

Touches `outbox`, the gateways and `bot.outcomes`. A long message is sent part by part; after a failure this
process goes on with the part that failed. A claim is checked, and renewed when little of it is left, before
bytes leave.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import structlog

from bot.codec import CodecError
from bot.counters import Count
from bot.errors import RejectedError, SendError, TransientError
from bot.gateway import Gateway
from bot.held import is_nudge
from bot.outbox import Claimed, claim_next, due_lanes, extend
from bot.outcomes import LONGEST_PAUSE_S, Account, Outcomes
from bot.turn import Pace
from storage.clock import Clock
from storage.database import Database
from storage.errors import SealError, StorageUnavailableError
from storage.vault import Vault

log = structlog.get_logger(__name__)

SWEEP_S = 1.0
SWEEP_LANES = 200
PARALLEL = 256  # most of them wait for the second that one chat needs between two messages
WAITING_LANES = 10_000  # more are left to the sweeper
REMEMBERED_PARTS = 1_000
BROKEN_ATTEMPTS = 3  # of a message that breaks our own code
MARGIN_S = 30.0  # of a claim: longer than any send lasts

_Result = TypeVar("_Result")


class OutboxSender:
    """One per process; `kick` after a commit, `run` for the sweeper that takes what was left."""

    def __init__(
        self,
        *,
        database: Database,
        vault: Vault,
        gateways: Mapping[Account, Gateway],
        paces: Mapping[Account, Pace],
        clock: Clock,
        outcomes: Outcomes,
        count: Count,
    ) -> None:
        self._database = database
        self._vault = vault
        self._gateways = gateways
        self._paces = paces
        self._clock = clock
        self._outcomes = outcomes
        self._count = count
        self._lanes: OrderedDict[bytes, None] = OrderedDict()
        self._busy: dict[bytes, bool] = {}  # lane -> kicked again meanwhile
        self._tasks: set[asyncio.Task[None]] = set()
        self._parts: OrderedDict[int, int] = OrderedDict()  # row -> parts the provider has taken
        self._stopping = asyncio.Event()

    def kick(self, lane: bytes) -> None:
        """There may be something to send on `lane`; returns at once."""
        if lane in self._busy:
            self._busy[lane] = True
        elif len(self._lanes) < WAITING_LANES:
            self._lanes[lane] = None
            self._start()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when the messages under way are settled."""
        self._stopping.set()
        self._lanes.clear()

    async def run(self) -> None:
        """Sweep until `stop`; a cancelled run leaves its claims to run out."""
        try:
            while not self._stopping.is_set():
                await self._sweep()
                try:
                    async with asyncio.timeout(SWEEP_S):
                        await self._stopping.wait()
                except TimeoutError:
                    continue
            if self._tasks:
                await asyncio.wait(self._tasks)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _sweep(self) -> None:
        try:
            async with self._database.read() as connection:
                lanes = await due_lanes(connection, list(self._gateways), self._clock.now(), SWEEP_LANES)
        except StorageUnavailableError:
            log.warning("the database is away; replies wait", action="replies.sql_away")
            return
        for lane in lanes:
            if lane not in self._busy:
                self.kick(lane)

    def _start(self) -> None:
        if len(self._tasks) < PARALLEL and not self._stopping.is_set():
            task = asyncio.create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        while self._lanes:
            lane, _none = self._lanes.popitem(last=False)
            self._busy[lane] = True
            try:
                while self._busy[lane]:
                    self._busy[lane] = False
                    await self._empty(lane)
            except StorageUnavailableError:
                log.warning("the database is away; replies wait", action="replies.sql_away")
            finally:
                del self._busy[lane]

    async def _empty(self, lane: bytes) -> None:
        """Send what `lane` holds, oldest first, until something must wait."""
        claimed = await self._claim(lane)
        while claimed is not None and not self._stopping.is_set():
            claimed = await self._send(claimed)
        if claimed is not None:
            await self._outcomes.later(claimed, 0.0, claimed.error, attempts=claimed.attempts)

    async def _claim(self, lane: bytes) -> Claimed | None:
        async with self._database.bulk() as connection:
            return await claim_next(connection, lane, self._clock.now())

    async def _send(self, claimed: Claimed) -> Claimed | None:
        """Send one message and settle it; the lane's next one, claimed, unless something must wait."""
        gateway = self._gateways.get((claimed.channel, claimed.account))
        if gateway is None:
            await self._outcomes.later(claimed, LONGEST_PAUSE_S, "no_gateway", attempts=claimed.attempts)
            return None
        try:
            provider_id = await self._hand_over(claimed, gateway)
        except SendError as error:
            return await self._not_sent(claimed, error)
        except (SealError, CodecError):
            # The key is gone or the row is damaged: no later try can read it.
            return await self._not_sent(claimed, RejectedError("unreadable"))
        except StorageUnavailableError:
            raise
        except Exception as error:
            # As in `bot.steps`: a message that breaks our own code must not hold up what this person is
            # told next.
            log.error("a reply broke something", action="reply.broken", outbox=claimed.id, exc_info=error)
            problem = TransientError if claimed.attempts + 1 < BROKEN_ATTEMPTS else RejectedError
            return await self._not_sent(claimed, problem("broken"))
        if provider_id is None:
            return None
        self._parts.pop(claimed.id, None)
        self._count("replies", channel=claimed.channel, outcome="sent")
        return await self._recorded(lambda: self._outcomes.sent(claimed, provider_id))

    async def _not_sent(self, claimed: Claimed, error: SendError) -> Claimed | None:
        self._count("replies", channel=claimed.channel, outcome=error.code)
        goes_on = await self._recorded(lambda: self._outcomes.failed(claimed, error))
        return await self._claim(claimed.lane) if goes_on else None

    async def _recorded(self, record: Callable[[], Awaitable[_Result]]) -> _Result:
        """Record an outcome, however long the database is away: unrecorded, the message would be
        sent again.
        """
        while True:
            try:
                return await record()
            except StorageUnavailableError:
                if self._stopping.is_set():
                    raise
                log.warning("the database is away; an outcome waits", action="outcomes.sql_away")
                await asyncio.sleep(SWEEP_S)

    async def _hand_over(self, claimed: Claimed, gateway: Gateway) -> str | None:
        """Give the parts to the provider, each at its pace; None when the claim was lost meanwhile."""
        address, outbound = claimed.open(self._vault)
        if is_nudge(claimed.key) and await self._outcomes.wrote_since(claimed, address):
            await self._outcomes.not_needed(claimed)
            return None
        prepared = gateway.prepare(outbound)
        pace = self._paces[claimed.channel, claimed.account]
        while True:
            await pace.reply(claimed.lane, prepared.slots)
            if not await self._still_ours(claimed):
                return None
            # Read after the wait: whoever wrote meanwhile may be told anything now.
            address = await self._outcomes.fresh(claimed, address)
            claimed.heard_at = address.heard_at
            part = self._parts.get(claimed.id, 0)
            accepted = await gateway.send(address, prepared, part=part, key=f"{claimed.key}:{part}")
            if not accepted.more:
                return accepted.provider_id
            self._remember(claimed.id, part + 1)

    async def _still_ours(self, claimed: Claimed) -> bool:
        now = self._clock.now()
        if (claimed.until - now).total_seconds() > MARGIN_S:
            return True
        async with self._database.bulk() as connection:
            return await extend(connection, claimed, now)

    def _remember(self, row: int, parts: int) -> None:
        self._parts[row] = parts
        while len(self._parts) > REMEMBERED_PARTS:
            self._parts.popitem(last=False)
