"""Forms posted to the service by the fake Twilio: status callbacks and messages of people, signed. Posts to
loopback only.

One further try, only when no connection could be made; what the service does not take is lost, as with
Twilio. The same token stands in `I-Twilio-Idempotency-Token` of every try of one form.
"""

import asyncio
import html
import random
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import aiohttp
from yarl import URL

from simulator.config import LOOPBACK
from simulator.ledger import Ledger
from simulator.records import WebhookPost
from simulator.timers import Timers
from simulator.twilio_rules import HookRules
from simulator.twilio_signature import sign

REPLY = re.compile(r"<Message\b[^>]*>(?:\s*<Body>)?(.*?)</(?:Body|Message)>", re.DOTALL)
PARALLEL = 200


@dataclass(frozen=True, slots=True)
class Form:
    """One form on its way: `what` is `message` or `status.<state>`; `token` signs it."""

    url: str
    params: tuple[tuple[str, str], ...]
    token: str
    account: str
    channel: str
    number: str
    message_id: str
    what: str


class Hooks:
    """Everything that is still to be posted for one account."""

    def __init__(self, rules: HookRules, ledger: Ledger, rng: random.Random, timers: Timers) -> None:
        self.rules, self._ledger, self._rng, self._timers = rules, ledger, rng, timers
        self._session: aiohttp.ClientSession | None = None
        self._gate = asyncio.Semaphore(PARALLEL)

    async def close(self) -> None:
        """Stop posting."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def post(self, form: Form, answered: Callable[[str], None] | None = None) -> None:
        """Send a form on its way, sooner or later or never; `answered` gets the words of a reply."""
        status, draw = form.what != "message", self._rng.random
        if status and self.rules.lost and draw() < self.rules.lost:
            return
        wait = 0.0
        if self.rules.reorder and draw() < self.rules.reorder:
            wait = self.rules.hold_s
        if status and self.rules.late and draw() < self.rules.late:
            wait = self.rules.late_s
        work = self._deliver
        if wait:
            self._timers.after(wait, lambda: self._timers.spawn(work(form, answered)))
        else:
            self._timers.spawn(work(form, answered))

    async def _deliver(self, form: Form, answered: Callable[[str], None] | None) -> None:
        token = str(uuid.UUID(int=self._rng.getrandbits(128)))
        reply = ""
        for tries in range(1, self.rules.retries + 2):
            connected, reply = await self._try(form, token, tries)
            if connected:
                break
        if self.rules.duplicate and self._rng.random() < self.rules.duplicate:
            await asyncio.sleep(self._rng.random() * self.rules.hold_s)
            await self._try(form, token, 1, duplicate=True)
        if reply and answered is not None:
            answered(reply)

    async def _try(self, form: Form, token: str, tries: int, *, duplicate: bool = False) -> tuple[bool, str]:
        """Post once; returns whether a connection was made, and the words of a reply in the answer."""
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        timeout = aiohttp.ClientTimeout(total=self.rules.read_s, sock_connect=self.rules.connect_s)
        params = [*form.params, *self.rules.extra.items()]
        public = form.url.partition("#")[0]
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "X-Twilio-Signature": sign(form.token, public, params),
            "I-Twilio-Idempotency-Token": token,
            "User-Agent": "TwilioProxy/1.1",
        }
        status, error, connected, reply = 0, "", True, ""
        async with self._gate:
            try:
                target = URL(self.local(public), encoded=True)
                async with self._session.post(
                    target, data=urlencode(params), headers=headers, timeout=timeout
                ) as response:
                    status = response.status
                    reply = words_of(response.content_type, await response.text())
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as failure:
                error, connected = type(failure).__name__, False
            except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError) as failure:
                error = type(failure).__name__
        self._ledger.write(
            WebhookPost(
                account=form.account,
                chat=form.number,
                update_id=0,
                update=form.what,
                tries=tries,
                status=status,
                mono=self._ledger.mono(),
                wall=self._ledger.wall(),
                duplicate=duplicate,
                error=error,
                channel=form.channel,
                message_id=form.message_id,
            )
        )
        return connected, reply if 200 <= status < 300 and form.what == "message" else ""

    def local(self, url: str) -> str:
        """Where a form for a public address really goes; raises `ValueError` beyond this machine."""
        public, here = self.rules.reroute
        target = here + url.removeprefix(public) if public and url.startswith(public) else url
        if urlsplit(target).hostname not in (LOOPBACK, "localhost"):
            raise ValueError("the simulator posts to this machine only")
        return target


def words_of(content_type: str, answer: str) -> str:
    """Words of a reply in a webhook's answer: TwiML's `<Message>`, or plain text, which Twilio sends too."""
    if content_type == "text/plain":
        return answer.strip()
    if content_type not in ("text/xml", "application/xml"):
        return ""
    found = REPLY.search(answer)
    return html.unescape(found.group(1)).strip() if found is not None else ""
