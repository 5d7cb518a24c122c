"""What the fake Twilio is made of: accounts, senders, countries, webhooks, prices. Values only.

Every number of a provider is an assumption from public documentation; accounts, numbers and prices are
fictional. Prices are thousandths of a fictional unit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

SMS, WHATSAPP = "sms", "whatsapp"
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class SenderRules:
    """One number or name messages come from.

    Attributes:
        sender: number in E.164 form, or a name of up to 11 letters and digits (nobody can answer a name).
        channel: sms or whatsapp.
        per_second: SMS segments, or WhatsApp messages, that leave in a second (documented: 1 for a long code,
            100 for a short code, 80 for WhatsApp).
        queue_s: longest backlog in seconds; more is refused (documented: 10 h SMS, 4 h WhatsApp).
        keywords: the operator answers STOP, START and HELP itself and blocks (default for numbers).
        advanced: Advanced Opt-Out: such messages carry `OptOutType`.
        registered: countries (ISO) where this sender is registered.
        inbound_url: where messages to this sender are posted; empty = nowhere.
    """

    sender: str
    channel: str = SMS
    per_second: float = 1.0
    queue_s: float = 36_000.0
    keywords: bool = True
    advanced: bool = True
    registered: frozenset[str] = frozenset()
    inbound_url: str = ""

    @property
    def named(self) -> bool:
        """Whether it is a name, which takes no answers."""
        return not self.sender.lstrip("+").isdigit()


@dataclass(frozen=True, slots=True)
class ServiceRules:
    """A Messaging Service: several senders behind one id."""

    sid: str
    senders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountRules:
    """One Twilio account. Fictional.

    Attributes:
        max_concurrent: REST requests under way at once; more are refused with 429 (the real cap is not
            published).
        tier: people a WhatsApp business may begin to talk to in 24 h (documented: 250, 2,000, 10,000...).
    """

    sid: str
    token: str
    senders: tuple[SenderRules, ...]
    services: tuple[ServiceRules, ...] = ()
    max_concurrent: int = 100
    tier: int = 100_000

    def __post_init__(self) -> None:
        if not (self.sid.startswith("AC") and len(self.sid) == 34 and self.token):
            raise ValueError("an account id is AC and 32 hex digits, with a token")

    def __repr__(self) -> str:
        return f"AccountRules({self.sid})"

    def senders_of(self, channel: str) -> tuple[SenderRules, ...]:
        """Its senders on one channel."""
        return tuple(one for one in self.senders if one.channel == channel)


@dataclass(frozen=True, slots=True)
class CountryRules:
    """What text messages to one country can do.

    Attributes:
        prefix: leading digits of its numbers, with +.
        enabled: the account may send there at all (21408).
        two_way: people there can answer a foreign number.
        names: names are allowed as senders (21612 when not).
        registration: unregistered senders are filtered (30007).
        links: messages with a link pass the filter.
        receipts: its operators report what became of a message.
        segment: price of one SMS segment. utility, marketing: price of a WhatsApp template.
    """

    iso: str
    prefix: str
    enabled: bool = True
    two_way: bool = True
    names: bool = True
    registration: bool = False
    links: bool = True
    receipts: bool = True
    segment: int = 50
    utility: int = 20
    marketing: int = 60


COUNTRIES: tuple[CountryRules, ...] = (
    CountryRules("IS", "+354", segment=70),
    CountryRules("US", "+1", names=False, segment=8, utility=4, marketing=25),
    CountryRules("VN", "+84", two_way=False, registration=True, links=False, segment=85),
    CountryRules("TH", "+66", two_way=False, registration=True, segment=23, utility=11),
    CountryRules("ID", "+62", two_way=False, segment=410, utility=25),
    CountryRules("JP", "+81", segment=75),
    CountryRules("PH", "+63", two_way=False, registration=True, links=False, segment=200),
    CountryRules("GB", "+44", segment=52),
    CountryRules("DE", "+49", segment=110, utility=55),
)
ELSEWHERE = CountryRules("ZZ", "", two_way=False, segment=90)


@dataclass(frozen=True, slots=True)
class HookRules:
    """How status callbacks and messages of people are posted.

    Attributes:
        duplicate, reorder, late, lost: shares of status callbacks posted twice, held for `hold_s`, held for
            `late_s`, never posted. Messages of people are duplicated and reordered too, never lost.
        states: states that are reported (documented: order is not guaranteed).
        connect_s, read_s: how long the service may take (documented: 5 s and 15 s).
        retries: further tries, only when no connection could be made (documented: 1).
        extra: parameters nobody expects, sent and signed with everything.
        reroute: (public, local) bases of addresses: signed over the public one, posted to the local one.
    """

    duplicate: float = 0.0
    reorder: float = 0.0
    hold_s: float = 1.0
    late: float = 0.0
    late_s: float = 30.0
    lost: float = 0.0
    states: frozenset[str] = frozenset({"queued", "sent", "delivered", "undelivered", "failed", "read"})
    connect_s: float = 5.0
    read_s: float = 15.0
    retries: int = 1
    extra: Mapping[str, str] = field(default_factory=dict)
    reroute: tuple[str, str] = ("", "")

    def changed(self, **changes: Any) -> Self:
        """A copy with other values; raises `ValueError` for an unknown name."""
        try:
            return replace(self, **changes)
        except TypeError as error:
            raise ValueError("unknown webhook rule") from error


@dataclass(frozen=True, slots=True)
class DeliveryRules:
    """What happens between Twilio and the phones.

    Attributes:
        low_s, high_s: time from *sent* to the phone, 5th and 95th percentile.
        mix: error code -> share of messages to reachable people that fail with it (30003, 30008...).
        read, read_s: share of WhatsApp messages that are read, and after how long at most.
        window_s: how long after somebody wrote free text may be sent on WhatsApp.
        marketing, marketing_code: share of templates turned *marketing* that are not delivered, and how that
            is reported (63032 is documented as a limit of WhatsApp for this user).
    """

    low_s: float = 0.2
    high_s: float = 2.0
    mix: Mapping[int, float] = field(default_factory=dict)
    read: float = 0.0
    read_s: float = 5.0
    window_s: float = DAY_S
    marketing: float = 1.0
    marketing_code: int = 63032


DEMO_ACCOUNT = AccountRules(
    sid="AC" + "0d" * 16,
    token="demo-token-that-works-nowhere-else",  # noqa: S106 - a fictional account, loopback only
    senders=(
        SenderRules("+15005550006", SMS, per_second=100.0),
        SenderRules("+15005550007", WHATSAPP, per_second=80.0, queue_s=14_400.0, keywords=False),
    ),
)


@dataclass(frozen=True, slots=True)
class TwilioRules:
    """The fake Twilio of one run. `approve`: state a template gets as soon as it is submitted."""

    accounts: tuple[AccountRules, ...] = (DEMO_ACCOUNT,)
    countries: tuple[CountryRules, ...] = COUNTRIES
    hooks: HookRules = field(default_factory=HookRules)
    delivery: DeliveryRules = field(default_factory=DeliveryRules)
    approve: str = "received"

    def country(self, number: str) -> CountryRules:
        """The country of a number by its longest matching prefix."""
        fitting = [one for one in self.countries if number.startswith(one.prefix)]
        return max(fitting, key=lambda one: len(one.prefix), default=ELSEWHERE)
