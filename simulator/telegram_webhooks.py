"""Delivery of one bot's updates: posted to its webhook with retries, or handed to getUpdates. Posts to
loopback only.

Order is kept within a chat and blocked by a failing update, as tdlib's server does; the first retry is at
once, then the wait doubles from 1 s to about a minute unless the service says `Retry-After`. Duplicates and
reordering are injected on purpose (`config.WebhookRules`).
"""

import asyncio
import json
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from simulator.config import WebhookRules
from simulator.ledger import Ledger
from simulator.records import WebhookPost
from simulator.telegram_bots import Bot, Webhook
from simulator.telegram_updates import Update

LONGEST_WAIT_S = 60.0
MAX_RETRY_AFTER_S = 3600.0
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header

Call = Callable[[Bot, str, dict[str, Any]], Awaitable[None]]
"""Runs a method call that a webhook put into its answer."""


class UpdateQueue:
    """Updates of one bot on their way out.

    Args:
        call: what to do with a method call found in a webhook's answer.
    """

    def __init__(self, bot: Bot, rules: WebhookRules, ledger: Ledger, rng: random.Random, call: Call) -> None:
        self._bot, self._rules, self._ledger, self._rng, self._call = bot, rules, ledger, rng, call
        self._pending: dict[int, tuple[int, Update]] = {}
        self._lanes: dict[int, deque[int]] = {}
        self._running: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._held = 0
        self._session: aiohttp.ClientSession | None = None
        self._gate = asyncio.Semaphore(40)
        self._news = asyncio.Event()

    def set_rules(self, rules: WebhookRules) -> None:
        """Other duplicates, reordering and waits from now on."""
        self._rules = rules

    async def close(self) -> None:
        """Stop posting; what is pending is lost with the simulator."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def waiting(self) -> int:
        """Updates not yet taken by the service, those held back on purpose included."""
        return len(self._pending) + self._held

    def busy(self) -> bool:
        """Whether an update or a deliberate duplicate is still to be posted."""
        return bool(self._pending or self._held or self._tasks)

    def push(self, chat: int, update: Update) -> None:
        """Queue an update; it gets its number here, so numbers follow the order of things done."""
        kind = next(iter(update))
        allowed = self._bot.webhook.allowed if self._bot.webhook is not None else None
        if allowed is not None and kind not in allowed:
            return
        numbered = {"update_id": self._bot.take_update_id(), **update}
        if self._rules.reorder and self._rng.random() < self._rules.reorder:
            self._held += 1
            self._spawn(self._hold(chat, numbered))
        else:
            self._enqueue(chat, numbered)

    def start(self, hook: Webhook) -> None:
        """A webhook was set: post what is pending to it."""
        self._gate = asyncio.Semaphore(hook.max_connections)
        for chat in self._lanes:
            self._run_lane(chat)

    def clear(self) -> None:
        """Forget what is pending (`drop_pending_updates`)."""
        self._pending.clear()

    def wake(self) -> None:
        """Let a getUpdates that waits answer now."""
        self._news.set()

    async def poll(self, offset: int, limit: int, timeout_s: float) -> list[Update]:
        """What getUpdates answers: from `offset` on, after waiting up to `timeout_s`; earlier ones are
        done.
        """
        if offset < 0:
            offset = max(0, max(self._pending, default=0) + 1 + offset)
        for number in [one for one in self._pending if one < offset]:
            del self._pending[number]
        if not self._pending and timeout_s > 0:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), timeout_s)
            except TimeoutError:
                return []
        return [self._pending[number][1] for number in sorted(self._pending)][:limit]

    def _enqueue(self, chat: int, update: Update) -> None:
        number = int(update["update_id"])
        self._pending[number] = (chat, update)
        self._lanes.setdefault(chat, deque()).append(number)
        self._news.set()
        self._run_lane(chat)

    async def _hold(self, chat: int, update: Update) -> None:
        await asyncio.sleep(self._rules.hold_s)
        self._held -= 1
        self._enqueue(chat, update)

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _run_lane(self, chat: int) -> None:
        if self._bot.webhook is not None and chat not in self._running:
            self._running.add(chat)
            self._spawn(self._lane(chat))

    async def _lane(self, chat: int) -> None:
        lane = self._lanes[chat]
        try:
            while lane and (hook := self._bot.webhook) is not None:
                pending = self._pending.get(lane[0])
                if pending is not None and not await self._until_taken(hook, chat, pending[1]):
                    continue  # the webhook changed meanwhile: look again
                self._pending.pop(lane.popleft(), None)
        finally:
            self._running.discard(chat)
        if not lane:
            self._lanes.pop(chat, None)

    async def _until_taken(self, hook: Webhook, chat: int, update: Update) -> bool:
        """Post until 2xx; False when the webhook was changed or removed."""
        tries, wait = 0, 0.0
        while self._bot.webhook is hook:
            if wait:
                await asyncio.sleep(wait * self._rules.retry_scale)
            tries += 1
            status, asked = await self._post(hook, chat, update, tries)
            if 200 <= status < 300:
                if self._rules.duplicate and self._rng.random() < self._rules.duplicate:
                    self._spawn(self._repeat(hook, chat, update))
                return True
            doubled = (
                0.0 if tries == 1 else min(2.0 ** (tries - 2), LONGEST_WAIT_S * (1 + self._rng.random()))
            )
            wait = doubled if asked is None else min(max(asked, 0.0), MAX_RETRY_AFTER_S)
        return False

    async def _repeat(self, hook: Webhook, chat: int, update: Update) -> None:
        await asyncio.sleep(self._rng.random() * self._rules.hold_s)
        await self._post(hook, chat, update, 1, duplicate=True)

    async def _post(
        self, hook: Webhook, chat: int, update: Update, tries: int, *, duplicate: bool = False
    ) -> tuple[int, float | None]:
        """One try; returns status (0 = no answer) and the service's `Retry-After`."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._rules.timeout_s)
            self._session = aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0))
        headers = {"Content-Type": "application/json"}
        if hook.secret:
            headers[SECRET_HEADER] = hook.secret
        status, error, asked, answer = 0, "", None, b""
        body = json.dumps(update).encode()
        async with self._gate:
            try:
                async with self._session.post(hook.url, data=body, headers=headers) as response:
                    status = response.status
                    asked = _seconds(response.headers.get("Retry-After"))
                    answer = await response.read()
            except (aiohttp.ClientError, TimeoutError) as failure:
                error = type(failure).__name__
        if not 200 <= status < 300:
            self._bot.last_error = error or f"Wrong response from the webhook: {status}"
            self._bot.last_error_date = int(self._ledger.wall())
        self._ledger.write(
            WebhookPost(
                account=self._bot.account,
                chat=str(chat),
                update_id=update["update_id"],
                update=list(update)[1],
                tries=tries,
                status=status,
                mono=self._ledger.mono(),
                wall=self._ledger.wall(),
                duplicate=duplicate,
                error=error,
            )
        )
        if 200 <= status < 300 and answer[:1] == b"{":
            await self._run_answer(answer)
        return status, asked

    async def _run_answer(self, answer: bytes) -> None:
        try:
            call = json.loads(answer)
        except ValueError:
            return
        if isinstance(call, dict) and isinstance(call.get("method"), str):
            await self._call(self._bot, call.pop("method"), call)


def _seconds(value: str | None) -> float | None:
    try:
        return float(value) if value is not None else None
    except ValueError:
        return None
