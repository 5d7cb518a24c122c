"""Fetches updates where Telegram cannot reach us: no public URL. Touches Telegram through the gateway, and a
lease.

One process polls one account, under a lease in SQL. What comes goes the way of a webhook: same parsing, same
inbox. The number of the next update, by which Telegram forgets the ones before, moves only after they are on
the disk, so a crash repeats updates and loses none; repeated ones end at their keys.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence

import structlog

from bot.counters import Count
from bot.errors import MalformedHookError, RetryAfterError, SendError
from bot.gateway import Hook
from bot.gateways.telegram.gateway import TelegramGateway
from bot.leases import SoloLease
from bot.messages import Event
from storage.errors import StorageUnavailableError

log = structlog.get_logger(__name__)

POLL_S = 20
PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0


class TelegramPolling:
    """Polls until stopped.

    Args:
        store: `Inbox.store`.
        poll_s: longest wait at Telegram for one update, seconds, 0-50.
    """

    def __init__(
        self,
        gateway: TelegramGateway,
        store: Callable[[Sequence[Event]], Awaitable[int]],
        lease: SoloLease,
        count: Count,
        *,
        poll_s: int = POLL_S,
    ) -> None:
        self._gateway = gateway
        self._store = store
        self._lease = lease
        self._count = count
        self._poll_s = poll_s
        self._offset = 0

    async def run(self) -> None:
        """Poll while the lease is ours, wait for it otherwise; cancel to stop."""
        while True:
            if await self._hold():
                await self._poll_under_lease()
            await asyncio.sleep(self._lease.seconds / 3)

    async def _poll_under_lease(self) -> None:
        polling = asyncio.create_task(self._poll())
        try:
            while not polling.done():
                await asyncio.wait([polling], timeout=self._lease.seconds / 3)
                if not polling.done() and not await self._hold():
                    return
            await polling
        finally:
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)

    async def _hold(self) -> bool:
        try:
            return await self._lease.hold()
        except StorageUnavailableError:
            return False

    async def _poll(self) -> None:
        pause, hook_is_dropped = PAUSE_S, False
        while True:
            try:
                if not hook_is_dropped:
                    await self._gateway.drop_hook()
                    hook_is_dropped = True
                await self._take(await self._gateway.fetch(self._offset, self._poll_s))
                pause = PAUSE_S
            except (SendError, StorageUnavailableError) as error:
                outcome = error.code if isinstance(error, SendError) else "no_storage"
                self._count("polls", channel="telegram", outcome=outcome)
                log.warning("Telegram could not be polled", action="telegram.not_polled", code=outcome)
                await asyncio.sleep(error.seconds if isinstance(error, RetryAfterError) else pause)
                pause = min(LONGEST_PAUSE_S, pause * 2)

    async def _take(self, updates: Sequence[dict[str, object]]) -> None:
        events: list[Event] = []
        offset = self._offset
        for update in updates:
            try:
                events += self._gateway.parse(Hook(json.dumps(update).encode(), {}, ""))
            except MalformedHookError:
                self._count("polls", channel="telegram", outcome="malformed")
                continue
            offset = max(offset, int(str(update["update_id"])) + 1)
        await self._store(events)
        self._offset = offset
        if events:
            self._count("polls", channel="telegram", outcome="stored")
