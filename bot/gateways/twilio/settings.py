"""What a Twilio account needs, checked when it is built. Touches nothing.

Facts with their dates: Twilio's own pages say that a long number sends one segment a second and a WhatsApp
sender 80 messages a second; both may be other figures for one account, so they are settings.
"""

import re
from dataclasses import dataclass, field

from bot.errors import HalfConfiguredError
from bot.urls import is_loopback_url, is_safe_url

API_BASE = "https://api.twilio.com"
LAST_VERIFIED = "2026-11-22"
LONG_NUMBER_PER_SECOND = 1.0  # segments; a short code sends 100 and more
WHATSAPP_PER_SECOND = 80.0  # messages of one sender; text may be raised to 400
WARNING_VALIDITY_S = 4 * 3600  # a warning that waited longer at Twilio must not arrive any more

_ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")
_TOKEN = re.compile(r"[\x21-\x7e]{8,128}")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +\-_&]{2,11}")  # an alphanumeric sender
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_ACCOUNT = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True)
class TwilioSettings:
    """One Twilio account; SMS and WhatsApp are each on when they have a sender.

    Attributes:
        account_sid: as the Twilio console shows it.
        auth_token: the account's primary token; it signs every webhook.
        sms_from: numbers (+...), short codes and names that send, with commas between; or one Messaging
            Service (MG...).
        whatsapp_from: numbers (+...) registered with WhatsApp, with commas between.
        api_base: Twilio's API; https, or http on loopback.
        public_url: address of this service as Twilio sees it, without a path of ours.
        account: our name for this account.
        segments_per_second: of all SMS senders together; 0 = one for each.
        whatsapp_per_second: messages of all WhatsApp senders together; 0 = 80 for each.
        warning_validity_s: seconds (1-36000) after which Twilio drops a warning it could not hand over.

    Raises:
        HalfConfiguredError: something is missing or wrong; the text names the setting and never its value.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    sms_from: str = ""
    whatsapp_from: str = ""
    api_base: str = API_BASE
    public_url: str = ""
    account: str = "main"
    segments_per_second: float = 0.0
    whatsapp_per_second: float = 0.0
    warning_validity_s: int = WARNING_VALIDITY_S
    last_verified: str = LAST_VERIFIED

    def __post_init__(self) -> None:
        for wrong, text in (*self._identity(), *self._senders(), *self._addresses(), *self._figures()):
            if wrong:
                raise HalfConfiguredError(text)

    @property
    def sms_senders(self) -> tuple[str, ...]:
        """What `sms_from` lists, in its order."""
        return _listed(self.sms_from)

    @property
    def whatsapp_senders(self) -> tuple[str, ...]:
        """What `whatsapp_from` lists, as numbers without Twilio's prefix `whatsapp:`."""
        return tuple(sender.removeprefix("whatsapp:") for sender in _listed(self.whatsapp_from))

    @property
    def sms_per_second(self) -> float:
        """Segments a second of the whole account."""
        return self.segments_per_second or LONG_NUMBER_PER_SECOND * max(1, len(self.sms_senders))

    @property
    def whatsapp_rate(self) -> float:
        """WhatsApp messages a second of the whole account."""
        return self.whatsapp_per_second or WHATSAPP_PER_SECOND * max(1, len(self.whatsapp_senders))

    def hook_url(self, path: str) -> str:
        """The public address of `path` below `/hooks`, this account's name at its end unless it is `main`."""
        end = "" if self.account == "main" else f"/{self.account}"
        return f"{self.public_url.rstrip('/')}/hooks{path}{end}"

    def _identity(self) -> tuple[tuple[bool, str], ...]:
        sid, token = "MUSTER_TWILIO_ACCOUNT_SID", "MUSTER_TWILIO_AUTH_TOKEN"
        return (
            (not self.account_sid, f"{sid} is missing"),
            (not _ACCOUNT_SID.fullmatch(self.account_sid), f"{sid} must be AC and 32 hexadecimal digits"),
            (not self.auth_token, f"{token} is missing: nothing that arrives could be told from a forgery"),
            (not _TOKEN.fullmatch(self.auth_token), f"{token} must be 8-128 printable signs without spaces"),
            (not _ACCOUNT.fullmatch(self.account), "the name of a Twilio account must be 1-40 of a-z 0-9 -"),
        )

    def _senders(self) -> tuple[tuple[bool, str], ...]:
        sms, whatsapp = self.sms_senders, self.whatsapp_senders
        service = any(_SERVICE.fullmatch(sender) for sender in sms)
        return (
            (
                not sms and not whatsapp,
                "MUSTER_TWILIO_SMS_FROM and MUSTER_TWILIO_WHATSAPP_FROM are missing: one of them is needed",
            ),
            (
                not all(_is_sms_sender(sender) for sender in sms),
                "MUSTER_TWILIO_SMS_FROM must list numbers (+...), short codes, names, or one MG... service",
            ),
            (
                service and len(sms) > 1,
                "MUSTER_TWILIO_SMS_FROM: a Messaging Service stands alone; put the numbers into it",
            ),
            (
                not all(_NUMBER.fullmatch(sender) for sender in whatsapp),
                "MUSTER_TWILIO_WHATSAPP_FROM must list numbers: + and digits",
            ),
            (len({*sms}) < len(sms) or len({*whatsapp}) < len(whatsapp), "a Twilio sender is listed twice"),
        )

    def _addresses(self) -> tuple[tuple[bool, str], ...]:
        reachable = self.public_url.startswith("https://") or is_loopback_url(self.api_base)
        return (
            (not is_safe_url(self.api_base), "MUSTER_TWILIO_API_BASE must be https, or http on loopback"),
            (
                not self.public_url or not reachable,
                "MUSTER_PUBLIC_URL is missing: Twilio brings answers and receipts to an https address only",
            ),
            (not is_safe_url(self.public_url), "MUSTER_PUBLIC_URL must be https, or http on loopback"),
        )

    def _figures(self) -> tuple[tuple[bool, str], ...]:
        return (
            (
                not 0 <= self.segments_per_second <= 1000,
                "MUSTER_TWILIO_SMS_PER_SECOND must be 0-1000 segments",
            ),
            (
                not 0 <= self.whatsapp_per_second <= 1000,
                "MUSTER_TWILIO_WHATSAPP_PER_SECOND must be 0-1000 messages",
            ),
            (not 1 <= self.warning_validity_s <= 36_000, "a warning is valid for 1-36000 seconds at Twilio"),
        )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _is_sms_sender(sender: str) -> bool:
    return any(form.fullmatch(sender) for form in (_NUMBER, _SHORT_CODE, _NAME, _SERVICE))


def can_be_answered(sender: str) -> bool:
    """Whether people can write back to this SMS sender: a name cannot be answered."""
    return any(form.fullmatch(sender) for form in (_NUMBER, _SHORT_CODE, _SERVICE))


def is_service(sender: str) -> bool:
    """Whether `sender` is a Messaging Service, which picks the number itself."""
    return _SERVICE.fullmatch(sender) is not None
