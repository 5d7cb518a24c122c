"""Events of one Viber bot on their way to the service: signed, tried again until 200 for an hour. Posts to
loopback only.
"""

import asyncio
import hashlib
import hmac
import json
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from simulator.config import LOOPBACK
from simulator.ledger import Ledger
from simulator.records import WebhookPost
from simulator.timers import Timers
from simulator.viber_accounts import ALWAYS, ViberAccount
from simulator.viber_rules import ViberHookRules

RECEIPTS = frozenset({"delivered", "seen", "failed"})
LONGEST_WAIT_S = 600.0
PARALLEL = 100
Event = dict[str, Any]


def sign(token: str, body: bytes) -> str:
    """`X-Viber-Content-Signature`: lower-case hex of HMAC-SHA256 over the raw body."""
    return hmac.new(token.encode(), body, hashlib.sha256).hexdigest()


def here(url: str) -> bool:
    """Whether an address is on this machine, which is all the simulator posts to."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and parts.hostname in (LOOPBACK, "localhost")


class Events:
    """What is still to be posted for one bot."""

    def __init__(
        self,
        account: ViberAccount,
        rules: ViberHookRules,
        ledger: Ledger,
        rng: random.Random,
        timers: Timers,
    ) -> None:
        self.rules = rules
        self._account, self._ledger, self._rng, self._timers = account, ledger, rng, timers
        self._session: aiohttp.ClientSession | None = None
        self._gate = asyncio.Semaphore(PARALLEL)

    async def close(self) -> None:
        """Stop posting."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def post(self, event: Event, answered: Callable[[bytes], None] | None = None) -> None:
        """Send an event on its way if the bot wants it; `answered` gets the body of the 200."""
        kind, draw = str(event["event"]), self._rng.random
        if not self._account.webhook or (kind not in ALWAYS and kind not in self._account.events):
            return
        if kind in RECEIPTS and self.rules.lost and draw() < self.rules.lost:
            return
        if self.rules.reorder and draw() < self.rules.reorder:
            self._timers.after(self.rules.hold_s, lambda: self._timers.spawn(self._deliver(event, answered)))
        else:
            self._timers.spawn(self._deliver(event, answered))

    async def ask(self, url: str, event: Event) -> bool:
        """Post the first event of a new webhook; whether the service answered 200."""
        status, _ = await self._try(url, event, 1)
        return status == 200

    async def _deliver(self, event: Event, answered: Callable[[bytes], None] | None) -> None:
        tries, waited, wait = 0, 0.0, 1.0
        while self._account.webhook:
            tries += 1
            status, answer = await self._try(self._account.webhook, event, tries)
            if status == 200:
                if answered is not None:
                    answered(answer)
                break
            if waited + wait > self.rules.retry_for_s:
                return
            await asyncio.sleep(wait * self.rules.retry_scale)
            waited, wait = waited + wait, min(wait * 2, LONGEST_WAIT_S)
        if self.rules.duplicate and self._rng.random() < self.rules.duplicate:
            await asyncio.sleep(self._rng.random() * self.rules.hold_s)
            await self._try(self._account.webhook, event, 1, duplicate=True)

    async def _try(self, url: str, event: Event, tries: int, *, duplicate: bool = False) -> tuple[int, bytes]:
        """Post once; returns status (0 = no answer) and the answer's body."""
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        body = json.dumps(event, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Viber-Content-Signature": sign(self._account.rules.token, body),
        }
        status, error, answer = 0, "", b""
        timeout = aiohttp.ClientTimeout(total=self.rules.timeout_s)
        async with self._gate:
            try:
                async with self._session.post(url, data=body, headers=headers, timeout=timeout) as response:
                    status, answer = response.status, await response.read()
            except (aiohttp.ClientError, TimeoutError) as failure:
                error = type(failure).__name__
        person = event.get("user_id") or (event.get("user") or event.get("sender") or {}).get("id", "")
        self._ledger.write(
            WebhookPost(
                account=self._account.name,
                chat=str(person),
                update_id=0,
                update=str(event["event"]),
                tries=tries,
                status=status,
                mono=self._ledger.mono(),
                wall=self._ledger.wall(),
                duplicate=duplicate,
                error=error,
                channel="viber",
                message_id=str(event["message_token"]),
            )
        )
        return status, answer
