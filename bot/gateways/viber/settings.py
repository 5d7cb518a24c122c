"""What a Viber account needs, checked when it is built. Touches nothing."""

import re
from dataclasses import dataclass, field

from bot.errors import HalfConfiguredError
from bot.urls import is_safe_url

API_BASE = "https://chatapi.viber.com/pa"
SENDER_LENGTH = 28  # characters (Viber REST API, send_message: sender.name)
PER_SECOND = 40.0  # calls; see docs/channels/viber.md

# Viber shows three groups of hex digits; what else it may hand out one day is not documented.
_TOKEN = re.compile(r"[0-9A-Za-z_-]{8,200}")
_ACCOUNT = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True)
class ViberSettings:
    """One bot account.

    Attributes:
        token: as Viber's admin panel gave it; also the key of every signature.
        sender: who writes, as people see it above each message, 1-28 characters.
        public_url: address of this service as Viber sees it: https with a certificate that Viber trusts.
        api_base: the REST API; https, or http on loopback.
        account: our name for this account.
        per_second: calls a second, to one recipient or to 300.

    Raises:
        HalfConfiguredError: something is missing or wrong; the text names the setting and never its value.
    """

    token: str = field(repr=False)
    sender: str
    public_url: str
    api_base: str = API_BASE
    account: str = "main"
    per_second: float = PER_SECOND

    def __post_init__(self) -> None:
        if not self.token:
            raise HalfConfiguredError("MUSTER_VIBER_TOKEN is missing")
        if not _TOKEN.fullmatch(self.token):
            raise HalfConfiguredError("MUSTER_VIBER_TOKEN must be 8-200 letters, digits and hyphens")
        if not self.sender.strip() or len(self.sender) > SENDER_LENGTH:
            raise HalfConfiguredError(f"MUSTER_VIBER_SENDER_NAME must have 1-{SENDER_LENGTH} characters")
        if not self.public_url:
            raise HalfConfiguredError("MUSTER_PUBLIC_URL is missing: Viber brings messages to a webhook only")
        if not is_safe_url(self.public_url):
            raise HalfConfiguredError("MUSTER_PUBLIC_URL must be https, or http on loopback")
        if not is_safe_url(self.api_base):
            raise HalfConfiguredError("MUSTER_VIBER_API_BASE must be https, or http on loopback")
        if not _ACCOUNT.fullmatch(self.account):
            raise HalfConfiguredError("the name of a Viber account must be 1-40 of a-z 0-9 -")
        if not 0 < self.per_second <= 50:
            raise HalfConfiguredError("the rate of a Viber account must be 1-50 calls a second")
