"""The simulator as one thing to start and stop: fake Telegram, faults, ledger, citizens, control API on one
port.

Listens on 127.0.0.1 only. Use it in a test or demo as `async with Simulator(config) as sim: ...`.

What it cannot show: where Telegram's real limits lie on a given day, what real networks do, and whether a
telephone rang. Its limits, latencies and penalties are assumptions from public documentation.
"""

import asyncio
import random
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from aiohttp import web

from simulator.citizen import Channel, Moment
from simulator.citizens import Crowd, Progress
from simulator.config import LimitRules, SimulatorConfig
from simulator.control import Control
from simulator.control_phones import PhoneControl
from simulator.faults import Fault, FaultBox
from simulator.latency import LoopLag
from simulator.ledger import Ledger
from simulator.lines import Line, TelegramLine
from simulator.lines_by_phone import PhoneLine
from simulator.lines_by_viber import ViberLine
from simulator.person import Pace
from simulator.population import Population
from simulator.telegram import Telegram
from simulator.telegram_params import MAX_BODY
from simulator.twilio import Twilio
from simulator.twilio_rules import SMS, WHATSAPP
from simulator.viber import Viber

POLL_S = 0.02
QUIET_POLLS = 3


class Simulator:
    """One run.

    Attributes:
        ledger: the ground truth. telegram, twilio, viber: the fakes. faults: what goes wrong on command.
        crowds: populations that were let loose, in order.
    """

    def __init__(self, config: SimulatorConfig | None = None) -> None:
        self.config = config if config is not None else SimulatorConfig()
        self._rng = random.Random(self.config.seed)
        self._lag = LoopLag()
        self._files = ExitStack()
        self._runner: web.AppRunner | None = None
        self._beat: asyncio.Task[None] | None = None
        self._port = 0
        sink: TextIO | None = None
        if self.config.ledger_file:
            path = Path(self.config.ledger_file)
            sink = self._files.enter_context(path.open("a", encoding="utf-8", buffering=1))
        self.ledger = Ledger(sink=sink)
        self.faults = FaultBox(random.Random(self.config.seed + 1))
        self.telegram = Telegram(self.config, self.ledger, self.faults, self._rng, self._lag.worst)
        self.twilio = Twilio(
            self.config.twilio,
            self.config.latency,
            self.ledger,
            self.faults,
            random.Random(self.config.seed + 2),
        )
        self.viber = Viber(
            self.config.viber,
            self.config.latency,
            self.ledger,
            self.faults,
            random.Random(self.config.seed + 3),
            self._lag.worst,
        )
        self.crowds: list[Crowd] = []

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MAX_BODY)
        Control(self).mount(app.router)
        PhoneControl(self).mount(app.router)
        app.router.add_route("*", "/bot{rest:.*}", self.telegram.handle)
        for path in ("/2010-04-01/{rest:.*}", "/v1/Content{rest:.*}", "/v2/Content{rest:.*}"):
            app.router.add_route("*", path, self.twilio.handle)
        app.router.add_post("/pa/{method}", self.viber.handle)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.config.host, self.config.port, backlog=1024)
        await site.start()
        self._port = int(self._runner.addresses[0][1])
        self._beat = asyncio.create_task(self._lag.run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for crowd in self.crowds:
            await crowd.close()
        await self.telegram.close()
        await self.twilio.close()
        await self.viber.close()
        if self._beat is not None:
            self._beat.cancel()
            with suppress(asyncio.CancelledError):
                await self._beat
        if self._runner is not None:
            await self._runner.cleanup()
        self._files.close()

    @property
    def latest_s(self) -> float:
        """How late, in seconds, this process read its sockets at worst."""
        return self._lag.latest

    @property
    def url(self) -> str:
        """Base address of the running simulator."""
        return f"http://{self.config.host}:{self._port}"

    @property
    def telegram_base(self) -> str:
        """What a Bot API client takes as its base address: the token is appended to it."""
        return f"{self.url}/bot"

    @property
    def twilio_base(self) -> str:
        """What a Twilio client takes as its base address, of Messages and of Content."""
        return self.url

    @property
    def viber_base(self) -> str:
        """What a Viber client takes as its base address: the method follows after a slash."""
        return f"{self.url}/pa"

    @property
    def environment(self) -> dict[str, str]:
        """What a service is set to in its environment to use Twilio and Viber here (first accounts)."""
        twilio, viber = self.config.twilio.accounts[0], self.config.viber.accounts[0]
        froms = {one.channel: one.sender for one in reversed(twilio.senders)}
        return {
            "MUSTER_TWILIO_API_BASE": self.twilio_base,
            "MUSTER_TWILIO_ACCOUNT_SID": twilio.sid,
            "MUSTER_TWILIO_AUTH_TOKEN": twilio.token,
            "MUSTER_TWILIO_SMS_FROM": froms.get(SMS, ""),
            "MUSTER_TWILIO_WHATSAPP_FROM": froms.get(WHATSAPP, ""),
            "MUSTER_VIBER_API_BASE": self.viber_base,
            "MUSTER_VIBER_TOKEN": viber.token,
        }

    @property
    def crowd(self) -> Crowd:
        """The people let loose last; raises `RuntimeError` when there are none."""
        if not self.crowds:
            raise RuntimeError("nobody was registered yet")
        return self.crowds[-1]

    def lines(self) -> list[Line]:
        """The channels people here can have, beside the service's own web chat."""
        phones = [PhoneLine(self.twilio, channel) for channel in (Channel.SMS, Channel.WHATSAPP)]
        return [TelegramLine(self.telegram), *phones, ViberLine(self.viber)]

    def let_loose(self, population: Population, pace: Pace | None = None) -> Crowd:
        """Put a population into the world without making it do anything yet."""
        pace = pace if pace is not None else Pace(speed=self.config.speed)
        crowd = Crowd(population, self.lines(), self.ledger, self._rng, pace)
        self.crowds.append(crowd)
        return crowd

    async def register(self, population: Population, service_url: str, pace: Pace | None = None) -> Progress:
        """Let a population register with the service at `service_url`; returns how it went."""
        return await self.let_loose(population, pace).register(service_url)

    async def strike(self, moment: Moment = Moment.BEFORE) -> int:
        """Let the fates of every crowd happen (see `Crowd.strike`)."""
        return sum([await crowd.strike(moment) for crowd in self.crowds])

    def set_limits(self, **changes: float) -> LimitRules:
        """Other sending limits from now on; raises `ValueError`."""
        rules = replace(self.telegram.limits).changed(**changes)
        self.telegram.set_limits(rules)
        return rules

    def inject(self, fault: Fault) -> int:
        """Put a fault in force; returns its number."""
        return self.faults.inject(fault)

    def answers_waiting(self) -> int:
        """People who will still answer a warning they got."""
        return sum(crowd.progress().answers_waiting for crowd in self.crowds)

    async def drain(self, timeout_s: float = 30.0) -> None:
        """Wait until nobody is about to act and every update was taken; raises `TimeoutError`."""
        quiet = 0
        async with asyncio.timeout(timeout_s):
            while quiet < QUIET_POLLS:
                fakes = (self.telegram.busy, self.twilio.busy, self.viber.busy)
                crowds = (crowd.busy for crowd in self.crowds)
                busy = any(check() for check in (*fakes, *crowds))
                quiet = 0 if busy else quiet + 1
                await asyncio.sleep(POLL_S)
