"""Sending limits as sliding logs: an independent judge of the service's own limiter. Touches nothing but its
memory.

A sliding log remembers when messages arrived and counts them; it shares no formula with a token bucket or
GCRA, so a mistake in the service's limiter cannot hide in a copy of itself. Tolerance and penalties: see
`config.LimitRules`.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from simulator.config import LimitRules

PRUNE_ABOVE = 20_000  # chats remembered before idle ones are forgotten
BOT = "bot"
CHAT_WINDOWS_S = (3.0, 20.0)
EARLY_S = 0.02  # a client's timer may fire this early without having ignored anything


class Excess(StrEnum):
    """How full a window is for one more message."""

    NONE = "none"
    TOLERATED = "tolerated"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class Bound:
    """At most `limit` messages in any `window_s` seconds."""

    limit: int
    window_s: float


@dataclass(frozen=True, slots=True)
class Fullness:
    """How one more message fits: `bound` is the one that is broken, if any; `count` includes that message."""

    excess: Excess = Excess.NONE
    bound: Bound | None = None
    count: int = 0


FITS = Fullness()


class SlidingLog:
    """Arrival times of the messages of one bot or chat, held against one or more bounds; none = no limit."""

    __slots__ = ("_log", "bounds")

    def __init__(self, *bounds: Bound) -> None:
        self.bounds = bounds
        self._log: deque[float] = deque()

    def look(self, now: float, slack_s: float) -> Fullness:
        """Whether one more message now would be too many, forgiving `slack_s` seconds of squeezed spacing."""
        self._forget(now)
        worst = FITS
        for bound in self.bounds:
            if len(self._log) < bound.limit or self._log[-bound.limit] <= now - bound.window_s:
                continue
            hard = self._log[-bound.limit] > now - bound.window_s + slack_s
            if hard or worst is FITS:
                count = 1 + sum(at > now - bound.window_s for at in self._log)
                worst = Fullness(Excess.HARD if hard else Excess.TOLERATED, bound, count)
        return worst

    def add(self, now: float) -> None:
        """Remember a message."""
        self._log.append(now)

    def room_in(self, now: float) -> float:
        """Seconds until one more message fits."""
        waits = [
            self._log[-bound.limit] + bound.window_s - now
            for bound in self.bounds
            if len(self._log) >= bound.limit
        ]
        return max(0.0, *waits) if waits else 0.0

    def idle(self, now: float) -> bool:
        """Whether nothing of any window is left."""
        self._forget(now)
        return not self._log

    def _forget(self, now: float) -> None:
        longest = max((bound.window_s for bound in self.bounds), default=0.0)
        while self._log and self._log[0] <= now - longest:
            self._log.popleft()


@dataclass(slots=True)
class Penalty:
    """A time in which every send of a scope is answered 429."""

    until: float
    answered: float


@dataclass(frozen=True, slots=True)
class Breach:
    """A broken rule, for the ledger."""

    rule: str
    tolerated: bool
    count: int
    limit: int
    window_s: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a send: let it pass when `retry_after` is 0. `charged`: a paid message beyond the free
    rate.
    """

    retry_after: int
    breaches: tuple[Breach, ...] = ()
    slack_s: float = 0.0
    charged: bool = False


PASS = Verdict(0)


class SendLimits:
    """The limits of one bot.

    Args:
        lag: returns how late, in seconds, this process itself read its sockets in the last second; a judge
            that was not looking must not blame the sender.
    """

    def __init__(self, rules: LimitRules, lag: Callable[[], float] = lambda: 0.0) -> None:
        self._lag = lag
        self._chats: dict[int, SlidingLog] = {}
        self._penalties: dict[int | str, Penalty] = {}
        self.set_rules(rules)

    def set_rules(self, rules: LimitRules) -> None:
        """Other numbers from now on; logs start empty, penalties are forgiven."""
        self.rules = rules
        counts = (rules.bot_per_second, rules.chat_burst, rules.group_per_minute, rules.paid_per_second)
        self._off = not any(counts)
        self._bot = SlidingLog(*bounds((rules.bot_per_second, 1.0)))
        self._paid = SlidingLog(*bounds((rules.paid_per_second, 1.0)))
        self._chats.clear()
        self._penalties.clear()

    def punish(self, now: float, seconds: float) -> int:
        """Answer 429 to every send of the bot for `seconds` (a storm on command); returns `retry_after`."""
        wait = max(1, math.ceil(seconds))
        self._penalties[BOT] = Penalty(now + wait, now)
        return wait

    def judge(self, now: float, chat: int, *, group: bool = False, paid: bool = False) -> Verdict:
        """Decide about one send arriving now and remember it if it passes."""
        if self._off and not self._penalties:
            return PASS
        slack = min(self.rules.jitter_s + self._lag(), self.rules.max_slack_s)
        for scope in (BOT, chat):
            waiting = self._still_punished(now, scope)
            if waiting is not None:
                return waiting
        broken: list[Breach] = []
        overall = self._paid if paid else self._bot
        own = self._chat_log(now, chat, group)
        for rule, scope, log in (
            ("paid" if paid else "bot", BOT, overall),
            ("group" if group else "chat", chat, own),
        ):
            full = log.look(now, slack)
            if full.bound is None:
                continue
            hard = full.excess is Excess.HARD
            broken.append(Breach(rule, not hard, full.count, full.bound.limit, full.bound.window_s))
            if hard:
                wait = math.ceil(log.room_in(now)) if rule == "chat" else self.rules.penalty_s
                return self._refuse(now, scope, max(1, wait), broken, slack)
        charged = self._remember(now, overall, own, paid)
        return Verdict(0, tuple(broken), slack, charged)

    def _remember(self, now: float, overall: SlidingLog, own: SlidingLog, paid: bool) -> bool:
        """Log a message that passed; returns whether a paid one was beyond the free rate."""
        overall.add(now)
        own.add(now)
        if not paid:
            return False
        if self._bot.look(now, 0.0).excess is Excess.NONE:
            self._bot.add(now)
            return False
        return True

    def _still_punished(self, now: float, scope: int | str) -> Verdict | None:
        penalty = self._penalties.get(scope)
        if penalty is None:
            return None
        if now >= penalty.until - EARLY_S:
            del self._penalties[scope]
            return None
        broken: tuple[Breach, ...] = ()
        if now > penalty.answered + self.rules.in_flight_s:
            ahead = min(penalty.until + self.rules.penalty_step_s, now + self.rules.penalty_max_s)
            penalty.until = max(penalty.until, ahead)
            broken = (Breach("retry_after", False, 1, 0, penalty.until - penalty.answered),)
        return Verdict(math.ceil(penalty.until - now), broken)

    def _refuse(self, now: float, scope: int | str, wait: int, broken: list[Breach], slack: float) -> Verdict:
        self._penalties[scope] = Penalty(now + wait, now)
        return Verdict(wait, tuple(broken), slack)

    def _chat_log(self, now: float, chat: int, group: bool) -> SlidingLog:
        log = self._chats.get(chat)
        if log is None:
            if len(self._chats) > PRUNE_ABOVE:
                self._chats = {key: old for key, old in self._chats.items() if not old.idle(now)}
            log = SlidingLog(*(group_bounds(self.rules) if group else chat_bounds(self.rules)))
            self._chats[chat] = log
        return log


def bounds(*pairs: tuple[int, float]) -> tuple[Bound, ...]:
    """Bounds of (limit, window); a limit of 0 is none."""
    return tuple(Bound(limit, window_s) for limit, window_s in pairs if limit)


def chat_bounds(rules: LimitRules) -> tuple[Bound, ...]:
    """One a second with bursts of `chat_burst`: T + burst - 1 messages in any T seconds, for a short and a
    long T.
    """
    if not rules.chat_burst:
        return ()
    return bounds(*((int(window_s) + rules.chat_burst - 1, window_s) for window_s in CHAT_WINDOWS_S))


def group_bounds(rules: LimitRules) -> tuple[Bound, ...]:
    """So many a minute."""
    return bounds((rules.group_per_minute, 60.0))
