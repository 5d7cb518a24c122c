"""A process of ours to be measured: the real worker or planner, its Telegram limits raised, its gateway the
real one or one that only posts. Touches SQL, Redis and loopback.
"""

import asyncio
import json
import sys
import time
from array import array
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

import aiohttp
from yarl import URL

from app.core import Core, open_core
from app.gateways import Gateways
from app.loops import new_event_loop
from app.memory import settle_memory
from app.planning import PlannerProcess
from app.settings import Settings, settle_libraries
from app.worker import WorkerProcess
from benchmarks.posting import AT_ONCE, TOKEN
from bot.errors import RetryAfterError, TransientError
from bot.gateway import Hook, Limits, Prepared
from bot.gateways.telegram.gateway import TelegramGateway
from bot.gateways.telegram.rendering import render
from bot.limiter import Limiter
from bot.messages import Accepted, Address, Channel, Event, Outbound
from places.region import nowhere
from storage.keys import AccountKeys


class Bare:
    """The plainest gateway there can be: it counts, or posts a form with aiohttp and reads the answer."""

    channel = Channel.TELEGRAM
    account = "main"
    confirms = False

    def __init__(self, base: str, limits: Limits, *, post: bool) -> None:
        self.limits = limits
        self._url = URL(f"{base}/bot{TOKEN}/sendMessage", encoded=True)
        self._post = post
        self.stamps = array("d")  # monotonic, right before each write
        self._session: aiohttp.ClientSession | None = None
        self._bodies: dict[int, tuple[Prepared, bytes]] = {}  # the message is kept: its id stays its own

    async def open(self) -> None:
        """Open the pool."""
        connector = aiohttp.TCPConnector(limit=AT_ONCE)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )

    async def close(self) -> None:
        """Close it."""
        if self._session is not None:
            await self._session.close()

    def prepare(self, outbound: Outbound) -> Prepared:
        """As Telegram's."""
        return render(outbound)

    async def send(
        self,
        to: Address,
        message: Prepared,
        *,
        part: int = 0,
        delivery: int | None = None,
        key: str | None = None,
    ) -> Accepted:
        """Post, or only pretend."""
        if not self._post or self._session is None:
            return Accepted("7")
        known = self._bodies.get(id(message))
        if known is None:
            form = urlencode(message.parts[0], quote_via=quote_plus).encode()
            known = self._bodies[id(message)] = (message, form)
        body = b"chat_id=%b&%b" % (to.value.encode(), known[1])
        self.stamps.append(time.monotonic())
        async with self._session.post(self._url, data=body) as response:
            answer = json.loads(await response.read())
        if response.status == 429:
            raise RetryAfterError("flood", answer["parameters"]["retry_after"])
        if not answer["ok"]:
            raise TransientError("refused")
        return Accepted(str(answer["result"]["message_id"]))

    async def acknowledge(self, event: Event) -> None:
        """Nobody presses here."""

    def verify(self, hook: Hook) -> None:
        """Nobody writes here."""


def with_gateway(core: Core, kind: str, base: str, per_second: float) -> Core:
    """The core with one account only, of this kind, allowed so much."""
    telegram = core.gateways.telegram
    if telegram is None:
        raise RuntimeError("the settings have no Telegram")
    batch = max(10, min(100, round(per_second / 2)))
    limits = replace(telegram.limits, per_second=per_second, batch=batch)
    gateway: TelegramGateway | Bare = telegram
    if kind == "telegram":
        telegram.limits = limits
    else:
        gateway = Bare(base, limits, post=kind == "aiohttp")
    account = (gateway.channel.value, gateway.account)
    return replace(
        core,
        gateways=Gateways([gateway], []),
        limiters={account: Limiter(core.redis, AccountKeys(*account), limits, core.clock)},
    )


async def _run(given: Mapping[str, Any]) -> None:
    settings = Settings.model_validate(given["settings"])
    async with open_core(settings) as opened:
        core = with_gateway(opened, given["gateway"], settings.telegram_api_base, given["per_second"])
        work: WorkerProcess | PlannerProcess
        if given["role"] == "worker":
            work = WorkerProcess(core)
        else:
            # Nobody here is known by country only.
            work = PlannerProcess(core, lambda _matcher: frozenset(), nowhere, lambda code, _language: code)
        settle_memory()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        running = asyncio.create_task(work.run())
        await asyncio.to_thread(sys.stdin.read)
        work.stop()
        await running
        for gateway in core.gateways.all.values():
            await gateway.close()
            if isinstance(gateway, Bare) and "stamps" in given:
                file = Path(given["stamps"])
                await asyncio.to_thread(file.write_bytes, gateway.stamps.tobytes())


def main() -> None:
    """Run the process that the first argument (JSON) describes."""
    settle_libraries()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_run(json.loads(sys.argv[1])))


if __name__ == "__main__":
    main()
