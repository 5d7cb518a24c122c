"""One Viber bot at work: its people, webhook, limits and bill. Memory only."""

from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.limits import Excess, Fullness, SlidingLog, bounds
from simulator.viber_people import User
from simulator.viber_rules import ViberAccountRules, ViberLimits

ALWAYS = frozenset({"message", "subscribed", "unsubscribed", "webhook"})
EVENTS = ("delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started")
FIRST_TOKEN = 4_987_381_189_000_000_000  # beyond 2^53, as the real ones
HOUR_S = 3600.0


@dataclass(slots=True)
class ViberAccount:
    """One bot's memory.

    Attributes:
        events: what is posted besides `ALWAYS`. revoked: its token stopped working. storm_until: monotonic
            time until which every call is answered 12.
        charged: messages outside a session that were delivered. balance: what is left to pay with.
    """

    rules: ViberAccountRules
    limits: ViberLimits
    lag: Callable[[], float]
    webhook: str = ""
    events: frozenset[str] = frozenset(EVENTS)
    revoked: bool = False
    storm_until: float = 0.0
    next_token: int = FIRST_TOKEN
    charged: int = 0
    free_used: int = 0
    balance: int | None = None
    users: dict[str, User] = field(default_factory=dict)
    calls: SlidingLog = field(init=False)

    def __post_init__(self) -> None:
        self.balance = self.rules.balance
        self.set_limits(self.limits)

    @property
    def name(self) -> str:
        return self.rules.name

    def set_limits(self, limits: ViberLimits) -> None:
        """Other limits from now on; the log starts empty."""
        self.limits = limits
        self.calls = SlidingLog(*bounds((limits.calls, limits.calls_s)))

    def meet(self, user_id: str) -> User:
        """The person of that id, made when new."""
        return self.users.setdefault(user_id, User(user_id))

    def take_token(self) -> int:
        """The next message token."""
        self.next_token += 1
        return self.next_token

    def call(self, now: float) -> Fullness:
        """Whether one more call fits; remembers it unless it is far too many."""
        full = self.calls.look(now, self.limits.jitter_s + min(self.lag(), 0.5))
        if full.excess is not Excess.HARD:
            self.calls.add(now)
        return full

    def hourly(self, user: User, now: float) -> int:
        """Messages to somebody in this clock hour without an answer."""
        hour = int(now // HOUR_S)
        if user.hour != hour:
            user.hour, user.sent = hour, 0
        return user.sent
