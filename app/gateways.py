"""Which gateways this installation has. The only place where channels are plugged in."""

from dataclasses import dataclass

from redis.asyncio import Redis

from alerts.routing import Account
from app.settings import Settings
from bot.gateway import Door, Gateway
from bot.gateways.telegram.gateway import TelegramGateway
from bot.gateways.telegram.settings import TelegramSettings
from bot.gateways.webchat.gateway import WebChatGateway
from bot.messages import Channel
from storage.clock import Clock
from storage.database import Database
from storage.vault import Vault

MAIN = "main"
# Whom to try first when a person has no order of their own: what wakes people up comes first.
CHANNEL_ORDER = (Channel.TELEGRAM, Channel.WHATSAPP, Channel.SMS, Channel.WEBCHAT, Channel.VIBER)


@dataclass(frozen=True, slots=True)
class Gateways:
    """The sender accounts that are switched on."""

    webchat: WebChatGateway
    telegram: TelegramGateway | None

    @property
    def all(self) -> dict[Account, Gateway]:
        """Every gateway by channel and account."""
        found: list[Gateway] = [self.webchat]
        if self.telegram:
            found.append(self.telegram)
        return {(gateway.channel.value, gateway.account): gateway for gateway in found}

    @property
    def doors(self) -> list[Door]:
        """What receives webhooks."""
        return [self.telegram] if self.telegram else []


def build_gateways(
    settings: Settings, database: Database, vault: Vault, clock: Clock, redis: Redis
) -> Gateways:
    """Make the gateways that are set up; none connects yet.

    Raises:
        HalfConfiguredError: a channel has some of its settings and not all.
    """
    telegram = telegram_settings(settings)
    return Gateways(
        webchat=WebChatGateway(
            account=MAIN,
            public_url=settings.site_url,
            database=database,
            vault=vault,
            clock=clock,
            redis=redis,
        ),
        telegram=TelegramGateway(telegram) if telegram else None,
    )


def telegram_settings(settings: Settings) -> TelegramSettings | None:
    """The Telegram account's settings, None when Telegram is off.

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
    )
