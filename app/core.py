"""What every process stands on, opened in order and closed in reverse. Touches SQL, Redis, files of words."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.channels import ChannelTable, TableError
from alerts.deadlines import Deadlines
from alerts.prices import Prices
from alerts.routing import Account
from alerts.terms import Severity
from alerts.wording import Wording
from app.gateways import Gateways, build_gateways
from app.keys import open_vault
from app.metrics import Metrics
from app.settings import Settings, SettingsError
from assistance.faq.search import FaqSearch
from bot.errors import ClosedError
from bot.gateway import Gateway
from bot.limiter import Limiter
from locales.catalog import Catalog
from staff import notices
from staff.notices import NoticeKind
from storage.clock import Clock, SystemClock
from storage.database import Database, open_database
from storage.keys import AccountKeys
from storage.redis import connect_redis
from storage.vault import Vault

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Core:
    """The parts that processes share by shape; each process has its own."""

    settings: Settings
    clock: Clock
    database: Database
    redis: Redis
    vault: Vault
    gateways: Gateways
    limiters: dict[Account, Limiter]
    catalog: Catalog
    wording: Wording
    metrics: Metrics
    faq: FaqSearch
    channel_table: ChannelTable = field(default_factory=ChannelTable.ours)
    prices: Prices = field(default_factory=lambda: Prices({}))

    @property
    def deadlines(self) -> Deadlines:
        """The settings' deadlines by CAP severity."""
        other = self.settings.deadline_other_s
        return Deadlines(
            {
                Severity.EXTREME: self.settings.deadline_extreme_s,
                Severity.SEVERE: self.settings.deadline_severe_s,
                Severity.MODERATE: other,
                Severity.UNKNOWN: other,
            }
        )

    async def account_closed(self, channel: str, account: str, code: str) -> None:
        """Page the operators: a provider refuses one of our accounts."""
        log.error("an account is refused", action="account.closed", account=f"{channel}:{account}", code=code)
        async with self.database.durable() as connection:
            await page_account_closed(connection, channel, account, code, self.clock.now())

    async def open_gateway(self, gateway: Gateway) -> str:
        """Introduce ourselves at one provider; a failure closes that channel only and pages the operators.

        Returns the code of the refusal, "" = we are in.
        """
        subject = f"{gateway.channel}:{gateway.account}"
        try:
            await gateway.open()
        except ClosedError as error:
            await self.account_closed(gateway.channel.value, gateway.account, error.code)
            return error.code
        async with self.database.durable() as connection:
            await notices.resolve(
                connection, kind=NoticeKind.ACCOUNT_CLOSED, subject=subject, at=self.clock.now()
            )
        return ""


def _channel_table(settings: Settings) -> ChannelTable:
    try:
        text = settings.channel_countries
        return ChannelTable.read(text) if text else ChannelTable.ours()
    except TableError as error:
        raise SettingsError(f"MUSTER_CHANNEL_COUNTRIES: {error}") from error


def _prices(settings: Settings) -> Prices:
    try:
        return Prices.read(settings.prices)
    except TableError as error:
        raise SettingsError(f"MUSTER_PRICES: {error}") from error


async def page_account_closed(
    connection: AsyncConnection, channel: str, account: str, code: str, at: datetime
) -> None:
    """Page the operators in the caller's transaction: a provider refuses one of our accounts."""
    await notices.post(
        connection,
        kind=NoticeKind.ACCOUNT_CLOSED,
        subject=f"{channel}:{account}",
        text=f"{channel} refuses our account {account} ({code}). Nobody can be reached there until "
        "its token and settings are right; meanwhile people are tried on their next channel.",
        urgent=True,
        at=at,
    )


@asynccontextmanager
async def open_core(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Core]:
    """Open everything one process needs; `clock` is the machine's own unless another is given.

    Raises:
        SettingsError, ConfigurationError, HalfConfiguredError: the service must not start like this.
    """
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        database = open_database(settings.sql_url)
        stack.push_async_callback(database.close)
        redis = connect_redis(settings.redis_url)
        stack.push_async_callback(redis.aclose)
        vault = open_vault(settings)
        catalog, metrics = Catalog.load(), Metrics()
        gateways = build_gateways(settings, database, vault, clock, redis, catalog, metrics)
        for gateway in gateways.all.values():
            stack.push_async_callback(gateway.close)
        limiters = {
            account: Limiter(redis, AccountKeys(*account), gateway.limits, clock)
            for account, gateway in gateways.all.items()
        }
        faq = FaqSearch(database, clock, demo=settings.demo)
        stack.callback(faq.close)
        yield Core(
            settings=settings,
            clock=clock,
            database=database,
            redis=redis,
            vault=vault,
            gateways=gateways,
            limiters=limiters,
            catalog=catalog,
            wording=Wording(catalog, settings.ministry, settings.ministry_language, settings.site_url),
            metrics=metrics,
            faq=faq,
            channel_table=_channel_table(settings),
            prices=_prices(settings),
        )
