"""Which gateways this installation has. The only place where channels are plugged in.

A channel is one function that returns what it plugs in (`Plug`) and a line in `PLUGS`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redis.asyncio import Redis

from alerts.routing import Account
from app.accounts import MAIN, Entry, read_accounts
from app.settings import Settings
from app.twilio import build_twilio
from app.viber import build_viber
from bot.allowance import Allowance
from bot.counters import Count
from bot.gateway import Door, Gateway, ReconcilingGateway
from bot.gateways.telegram.gateway import TelegramGateway
from bot.gateways.telegram.settings import TelegramSettings
from bot.gateways.viber.gateway import ViberGateway
from bot.gateways.webchat.gateway import WebChatGateway
from locales.catalog import Catalog
from storage.clock import Clock
from storage.database import Database
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Plug:
    """What one channel plugs in: sender accounts, what receives their webhooks, and what may be spent."""

    gateways: Sequence[Gateway] = ()
    doors: Sequence[Door] = ()
    allowances: Sequence[Allowance] = ()


@dataclass(frozen=True, slots=True)
class Parts:
    """What gateways are made of."""

    settings: Settings
    database: Database
    vault: Vault
    clock: Clock
    redis: Redis
    catalog: Catalog
    count: Count
    entries: Sequence[Entry]

    def of(self, provider: str) -> list[Entry]:
        """The entries of `MUSTER_ACCOUNTS_FILE` for one provider."""
        return [entry for entry in self.entries if entry.provider == provider]


@dataclass(frozen=True, slots=True)
class Gateways:
    """The sender accounts that are switched on, the doors their providers knock at, and what accounts with a
    cap may spend in a month."""

    gateways: Sequence[Gateway]
    doors: Sequence[Door]
    allowances: Sequence[Allowance] = ()

    @property
    def all(self) -> dict[Account, Gateway]:
        """Every gateway by channel and account."""
        return {(gateway.channel.value, gateway.account): gateway for gateway in self.gateways}

    @property
    def webchat(self) -> WebChatGateway:
        """The web chat, which is always there."""
        return next(gateway for gateway in self.gateways if isinstance(gateway, WebChatGateway))

    @property
    def telegrams(self) -> list[TelegramGateway]:
        """Every Telegram account, the main one first."""
        return [gateway for gateway in self.gateways if isinstance(gateway, TelegramGateway)]

    @property
    def telegram(self) -> TelegramGateway | None:
        """The first Telegram account, None when Telegram is off."""
        return next(iter(self.telegrams), None)

    @property
    def vibers(self) -> list[ViberGateway]:
        """Every Viber account, the main one first."""
        return [gateway for gateway in self.gateways if isinstance(gateway, ViberGateway)]

    @property
    def reconciling(self) -> dict[Account, ReconcilingGateway]:
        """Those whose providers let us list what their webhooks may not have brought."""
        return {key: gateway for key, gateway in self.all.items() if isinstance(gateway, ReconcilingGateway)}


def build_gateways(
    settings: Settings,
    database: Database,
    vault: Vault,
    clock: Clock,
    redis: Redis,
    catalog: Catalog,
    count: Count,
) -> Gateways:
    """Make the gateways that are set up; none connects yet.

    Raises:
        HalfConfiguredError: a channel has some of its settings and not all.
        SettingsError: the file of accounts is not one.
    """
    entries = read_accounts(settings.accounts_file)
    parts = Parts(settings, database, vault, clock, redis, catalog, count, entries)
    plugs = [plug(parts) for plug in PLUGS]
    return Gateways(
        gateways=[gateway for plug in plugs for gateway in plug.gateways],
        doors=[door for plug in plugs for door in plug.doors],
        allowances=[allowance for plug in plugs for allowance in plug.allowances],
    )


def _webchat(parts: Parts) -> Plug:
    return Plug(
        [
            WebChatGateway(
                account=MAIN,
                public_url=parts.settings.site_url,
                database=parts.database,
                vault=parts.vault,
                clock=parts.clock,
                redis=parts.redis,
            )
        ]
    )


def _telegram(parts: Parts) -> Plug:
    main = telegram_settings(parts.settings)
    accounts = [main] if main else []
    accounts += [_telegram_entry(parts.settings, entry) for entry in parts.of("telegram")]
    gateways = [TelegramGateway(account) for account in accounts]
    return Plug(gateways, gateways)


def telegram_settings(settings: Settings) -> TelegramSettings | None:
    """The main Telegram account's settings, None when Telegram is off.

    Raises:
        HalfConfiguredError: some are set and not all.
    """
    token, secret = settings.telegram_token.get_secret_value(), settings.telegram_secret.get_secret_value()
    if not token and not secret:
        return None
    return TelegramSettings(
        token=token,
        secret=secret,
        public_url=settings.public_url,
        api_base=settings.telegram_api_base,
        account=MAIN,
        per_second=settings.telegram_per_second,
        paid=settings.telegram_paid,
    )


def _telegram_entry(settings: Settings, entry: Entry) -> TelegramSettings:
    return TelegramSettings(
        token=entry.text("token"),
        secret=entry.text("secret"),
        public_url=settings.public_url,
        api_base=entry.text("api_base", settings.telegram_api_base),
        account=entry.account,
        per_second=entry.number("per_second", settings.telegram_per_second),
        paid=entry.yes("paid", default=settings.telegram_paid),
    )


def _twilio(parts: Parts) -> Plug:
    gateways, doors = build_twilio(
        parts.settings, parts.of("twilio"), database=parts.database, clock=parts.clock
    )
    return Plug(gateways, doors)


def _viber(parts: Parts) -> Plug:
    gateways, allowances = build_viber(
        parts.settings,
        parts.of("viber"),
        database=parts.database,
        clock=parts.clock,
        catalog=parts.catalog,
        count=parts.count,
    )
    return Plug(gateways, gateways, allowances)


PLUGS: tuple[Callable[[Parts], Plug], ...] = (_webchat, _telegram, _twilio, _viber)
