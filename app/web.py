"""The web process: two listeners, the lanes of citizens' messages, their replies. Touches SQL, Redis,
sockets.

The public listener serves gateways, citizens and readers of alerts; the private one officers, the API and
metrics.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from alerts.provider_ids import of_deliveries
from app.accounts import MAIN
from app.citizens import build_kit
from app.core import Core
from app.geography import Geography
from app.health import private_routes, public_health_routes
from app.officers import build_services
from app.reception import Reception
from app.reconciling import Reconciling
from bot.errors import SendError
from bot.gateways.telegram.gateway import TelegramGateway
from bot.gateways.telegram.polling import TelegramPolling
from bot.gateways.viber.gateway import ViberGateway
from bot.gateways.webchat.hub import StreamHub
from bot.gateways.webchat.page import ChatPage
from bot.gateways.webchat.routes import build_routes
from bot.intake import Intake
from bot.leases import SoloLease
from console.app import build_console
from console.public import public_routes
from storage.errors import StorageUnavailableError

HOOK_RETRY_S = 30.0
REQUESTS_END_S = 5.0

log = structlog.get_logger(__name__)

LEARN_EVERY_S = 30
"""An emergency number an officer confirmed is shown so much later, at the latest."""


class WebProcess:
    """Both listeners and what stands behind them; `stop` begins the end."""

    def __init__(self, core: Core, geography: Geography) -> None:
        self._core = core
        self._geography = geography
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Take no new request; finish what is under way."""
        self._stopping.set()

    async def run(self) -> None:
        """Serve until stopped; then end the listeners, the lanes, the replies, in this order."""
        settings = self._core.settings
        name = await self._open_telegram()
        reception = Reception(self._core, build_kit(self._core, self._geography, telegram_name=name))
        work = [
            asyncio.create_task(reception.lanes.run(), name="lanes"),
            asyncio.create_task(reception.sender.run(), name="replies"),
        ]
        asking = [
            asyncio.create_task(self._listen_to_telegram(gateway, reception), name="telegram")
            for gateway in self._core.gateways.telegrams
        ]
        asking.append(asyncio.create_task(self._learn_numbers(), name="numbers"))
        if self._core.gateways.reconciling:
            asking.append(asyncio.create_task(self._reconciling(reception).run(), name="reconciling"))
        stop = asyncio.create_task(self._stopping.wait())
        try:
            async with (
                _served(self._public(reception), settings.public_listen),
                _served(self._private(), settings.console_listen),
            ):
                # Viber calls the address while it is told of it: the listener must be there.
                asking += [
                    asyncio.create_task(self._listen_to_viber(gateway), name="viber")
                    for gateway in self._core.gateways.vibers
                ]
                log.info("the web process is ready", action="web.ready")
                await asyncio.wait([stop, *asking, *work], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in asking:
                task.cancel()
            stop.cancel()
            reception.lanes.stop()
            await asyncio.wait(work[:1], timeout=settings.drain_s)
            reception.sender.stop()
            await asyncio.wait(work, timeout=settings.drain_s)
            for task in work:
                task.cancel()
            ended = await asyncio.gather(*work, *asking, stop, return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome

    def _public(self, reception: Reception) -> web.Application:
        core = self._core
        app = web.Application()
        webchat = core.gateways.webchat
        intake = Intake(
            core.gateways.doors, reception.inbox.store, public_url=core.settings.site_url, count=core.metrics
        )
        hub = StreamHub(core.database, core.vault, core.clock, core.redis)
        hub.attach(app)
        languages = core.catalog.languages()
        page = ChatPage(
            core.catalog.say,
            languages,
            dict.fromkeys(languages, core.settings.ministry),
            demo=core.settings.demo,
        )
        app.add_routes(
            [
                *intake.routes(),
                *build_routes(
                    webchat,
                    reception.inbox.store,
                    hub=hub,
                    page=page,
                    database=core.database,
                    clock=core.clock,
                ),
                *public_health_routes(core),
                *public_routes(build_services(core, self._geography)),
            ]
        )
        return app

    def _private(self) -> web.Application:
        app = build_console(build_services(self._core, self._geography))
        app.add_routes(private_routes(self._core))
        return app

    async def _open_telegram(self) -> str:
        """Introduce ourselves at Telegram; return the first bot's @name, "" when there is none to tell."""
        opened = [
            gateway.name
            for gateway in self._core.gateways.telegrams
            if not await self._core.open_gateway(gateway)
        ]
        return self._core.settings.telegram_name or next(iter(opened), "")

    async def _learn_numbers(self) -> None:
        """Read the emergency numbers officers confirmed, again and again; until cancelled."""
        while True:
            try:
                async with self._core.database.read() as connection:
                    await self._geography.learn(connection)
            except StorageUnavailableError:
                log.warning("confirmed emergency numbers could not be read", action="web.numbers")
            await asyncio.sleep(LEARN_EVERY_S)

    def _reconciling(self, reception: Reception) -> Reconciling:
        core = self._core
        return Reconciling(
            core.gateways.reconciling,
            reception.inbox.store,
            of_deliveries,
            SoloLease(core.database, core.clock, reception.name, "reconciling"),
            core.database,
            core.clock,
            core.metrics,
        )

    async def _listen_to_telegram(self, gateway: TelegramGateway, reception: Reception) -> None:
        """Have updates sent to us, or fetch them when nobody can reach us; until cancelled."""
        settings = self._core.settings
        if settings.public_url:
            await self._register(gateway, settings.public_url)
            await asyncio.Event().wait()
            return
        job = "telegram polling" if gateway.account == MAIN else f"telegram polling {gateway.account}"
        lease = SoloLease(self._core.database, self._core.clock, reception.name, job)
        await TelegramPolling(gateway, reception.inbox.store, lease, self._core.metrics).run()

    async def _listen_to_viber(self, gateway: ViberGateway) -> None:
        """Have events sent to us; until cancelled."""
        await self._register(gateway, gateway.public_url)
        await self._core.open_gateway(gateway)  # what operators were told of a refusal has passed
        await asyncio.Event().wait()

    async def _register(self, gateway: TelegramGateway | ViberGateway, public_url: str) -> None:
        while True:
            try:
                await gateway.register_hook(public_url)
            except SendError as error:
                await self._core.account_closed(gateway.channel.value, gateway.account, error.code)
                await asyncio.sleep(HOOK_RETRY_S)
            else:
                return


@asynccontextmanager
async def _served(app: web.Application, listen: str) -> AsyncIterator[None]:
    """Serve `app` at `host:port` for as long as the block runs."""
    host, _, port = listen.rpartition(":")
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=REQUESTS_END_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, int(port), backlog=1024).start()
        yield
    finally:
        await runner.cleanup()
