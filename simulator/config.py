"""What a simulator run is made of: limits, latency, webhook behaviour, bots. Values only, touches nothing.

Every number of a provider is an assumption taken from public documentation, never a measurement of the
provider.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from simulator.twilio_rules import TwilioRules
from simulator.viber_rules import ViberRules

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class LimitRules:
    """Sending limits of one bot; a count of 0 switches that limit off.

    Attributes:
        bot_per_second: messages of one bot in any second (Bot API FAQ: about 30).
        chat_burst: messages to one chat at once; after that one a second (Bot API FAQ: about 1/s, short
            bursts pass). Held against any 3 s (burst + 2) and any 20 s (burst + 19).
        group_per_minute: messages to one group in any minute (Bot API FAQ: 20).
        paid_per_second: messages of one bot in any second with `allow_paid_broadcast` (Bot API: 1000).
        jitter_s: the tolerance. A window counts as broken only when it is broken in `window - jitter_s` too,
            because a network squeezes what a sender spaced correctly. Broken within the tolerance only: let
            through, counted as a tolerated violation.
        max_slack_s: most that jitter and the simulator's own measured lag together may forgive.
        penalty_s: `retry_after` of the first answer 429 for a bot or group; a chat waits until its window has
            room.
        penalty_step_s: added to the penalty for each send that arrives before it is over.
        penalty_max_s: a penalty never reaches further ahead than this.
        in_flight_s: sends arriving this soon after the first 429 were already on their way: refused, not
            punished.
        max_active: requests of one bot under way at once (tdlib server: about 1000).
    """

    bot_per_second: int = 30
    chat_burst: int = 3
    group_per_minute: int = 20
    paid_per_second: int = 1000
    jitter_s: float = 0.1
    max_slack_s: float = 0.5
    penalty_s: int = 3
    penalty_step_s: float = 1.0
    penalty_max_s: float = 60.0
    in_flight_s: float = 0.5
    max_active: int = 1000

    def changed(self, **changes: Any) -> Self:
        """A copy with other numbers; raises `TypeError` for an unknown name, `ValueError` for a negative
        number.
        """
        if any(not isinstance(value, int | float) or value < 0 for value in changes.values()):
            raise ValueError("limits are numbers of 0 or more")
        return replace(self, **changes)


UNLIMITED = LimitRules(bot_per_second=0, chat_burst=0, group_per_minute=0, paid_per_second=0)


@dataclass(frozen=True, slots=True)
class LatencyRules:
    """Time from arrival to answer: lognormal between `low_s` and `high_s` (5th and 95th percentile); 0 =
    none.
    """

    low_s: float = 0.03
    high_s: float = 0.15


NO_LATENCY = LatencyRules(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class WebhookRules:
    """How updates are posted.

    Attributes:
        duplicate: share of delivered updates that are posted once more, a little later.
        reorder: share of updates held back for `hold_s`, so that later ones of the same chat overtake them.
        retry_scale: factor on the waits between tries (1 = 0/1/2/4..60 s); tests make it small.
        timeout_s: how long a webhook may take to answer.
    """

    duplicate: float = 0.0
    reorder: float = 0.0
    hold_s: float = 1.0
    retry_scale: float = 1.0
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class BotRules:
    """One bot: its token `<id>:<secret>` and user name. Fictional."""

    token: str
    username: str = "muster_demo_bot"

    def __post_init__(self) -> None:
        number, _, secret = self.token.partition(":")
        if not (number.isascii() and number.isdigit() and secret):
            raise ValueError("a bot token looks like 7000000001:secret")

    @property
    def account(self) -> str:
        """The bot's own id, as the ledger names it."""
        return self.token.partition(":")[0]

    def __repr__(self) -> str:
        return f"BotRules({self.account}:...)"


DEMO_TOKEN = "7000000001:demo-token-that-works-nowhere-else"  # noqa: S105 - a fictional bot, loopback only


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """Everything about one run. `port` 0 takes a free one; `host` is loopback or refused."""

    host: str = LOOPBACK
    port: int = 0
    seed: int = 1
    bots: tuple[BotRules, ...] = (BotRules(DEMO_TOKEN),)
    limits: LimitRules = field(default_factory=LimitRules)
    latency: LatencyRules = field(default_factory=LatencyRules)
    webhooks: WebhookRules = field(default_factory=WebhookRules)
    twilio: TwilioRules = field(default_factory=TwilioRules)
    viber: ViberRules = field(default_factory=ViberRules)
    speed: float = 1.0
    ledger_file: str = ""

    def __post_init__(self) -> None:
        if self.host != LOOPBACK:
            raise ValueError("the simulator serves on 127.0.0.1 only")
        if self.speed <= 0:
            raise ValueError("speed is a factor above 0")
        if not self.bots:
            raise ValueError("at least one bot")


def limits_from(changes: Mapping[str, Any], current: LimitRules) -> LimitRules:
    """Rules after a change asked for over the control API; raises `ValueError` with the reason."""
    try:
        return current.changed(**dict(changes))
    except TypeError as error:
        raise ValueError("unknown limit") from error
