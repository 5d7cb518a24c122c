"""What a Telegram account needs, checked when it is built. Touches nothing."""

import re
from dataclasses import dataclass, field

from bot.errors import HalfConfiguredError
from bot.urls import is_safe_url

API_BASE = "https://api.telegram.org"
FREE_PER_SECOND = 30.0  # Bot API FAQ, read 2026-11-22

_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,128}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # Bot API, setWebhook: 1-256 of these
_ACCOUNT = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    """One bot account.

    Attributes:
        token: as BotFather gave it.
        secret: what Telegram repeats in every webhook; needed when there is a public URL.
        public_url: https address of this service as Telegram sees it; empty = we poll.
        api_base: the Bot API server; https, or http on loopback.
        account: our name for this account.
        per_second: messages a second; 30 is Telegram's guidance, paid broadcasts allow more.
        paid: what goes beyond Telegram's free rate is paid for in Stars (Bot API: `allow_paid_broadcast`,
            up to 1,000 a second).

    Raises:
        HalfConfiguredError: something is missing or wrong; the text names the setting and never its value.
    """

    token: str = field(repr=False)
    secret: str = field(default="", repr=False)
    public_url: str = ""
    api_base: str = API_BASE
    account: str = "main"
    per_second: float = FREE_PER_SECOND
    paid: bool = False

    def __post_init__(self) -> None:
        if not self.token:
            raise HalfConfiguredError("MUSTER_TELEGRAM_TOKEN is missing")
        if not _TOKEN.fullmatch(self.token):
            raise HalfConfiguredError("MUSTER_TELEGRAM_TOKEN is not of the form 123456:letters-and-digits")
        if self.public_url and not self.secret:
            raise HalfConfiguredError(
                "MUSTER_TELEGRAM_SECRET is missing: without it anybody could write to us in another's name"
            )
        if self.secret and not _SECRET.fullmatch(self.secret):
            raise HalfConfiguredError("MUSTER_TELEGRAM_SECRET must be 1-256 of A-Z a-z 0-9 _ -")
        if not is_safe_url(self.api_base):
            raise HalfConfiguredError("MUSTER_TELEGRAM_API_BASE must be https, or http on loopback")
        if self.public_url and not is_safe_url(self.public_url):
            raise HalfConfiguredError("MUSTER_PUBLIC_URL must be https, or http on loopback")
        if not _ACCOUNT.fullmatch(self.account):
            raise HalfConfiguredError("the name of a Telegram account must be 1-40 of a-z 0-9 -")
        if not 0 < self.per_second <= 1000:
            raise HalfConfiguredError("the rate of a Telegram account must be 1-1000 a second")
