"""One Twilio account at work: its messages, templates, queues and counters. Memory only."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from simulator.ledger import Ledger
from simulator.records import Listed
from simulator.timers import Lanes, Timers
from simulator.twilio_content import Registry
from simulator.twilio_errors import TwilioError
from simulator.twilio_hooks import Hooks
from simulator.twilio_messages import Message, Messages
from simulator.twilio_rules import DAY_S, WHATSAPP, AccountRules, SenderRules


class SenderQueue:
    """What waits to leave one sender: so many segments (WhatsApp: messages) a second, in order of arrival."""

    def __init__(self, rules: SenderRules, mono: Callable[[], float], timers: Timers) -> None:
        self.rules, self._mono, self._timers, self._lane = rules, mono, timers, Lanes(timers)
        self._free_at = 0.0

    def backlog(self) -> float:
        """Seconds until everything that waits has left."""
        return max(0.0, self._free_at - self._mono())

    def full(self, weight: int) -> bool:
        """Whether a message of that many segments is one too many."""
        return self.backlog() + weight / self.rules.per_second > self.rules.queue_s

    def push(
        self, weight: int, validity_s: float, leave: Callable[[], None], expire: Callable[[], None]
    ) -> None:
        """Let a message leave when it is its turn, or expire when that comes too late."""
        now, wait = self._mono(), self.backlog()
        if wait > validity_s:
            self._timers.after(validity_s, expire)
            return
        self._free_at = now + wait + weight / self.rules.per_second
        self._lane.after(0, wait, leave)


class Tier:
    """People a WhatsApp business began to talk to in the last 24 h: a sliding log of different people."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._begun: dict[str, float] = {}

    def count(self, now: float) -> int:
        """Different people in the last 24 h."""
        return sum(at > now - DAY_S for at in self._begun.values())

    def admits(self, person: str, now: float) -> bool:
        """Whether talking to this person now stays within the tier; remembers it if so."""
        if self._begun.get(person, -DAY_S) > now - DAY_S:
            return True
        if len(self._begun) >= self.limit:
            self._begun = {who: at for who, at in self._begun.items() if at > now - DAY_S}
        if len(self._begun) >= self.limit:
            return False
        self._begun[person] = now
        return True


@dataclass(slots=True)
class Account:
    """One account's memory.

    Attributes:
        active: REST requests under way. revoked: its token stopped working. storm_until: monotonic time until
            which everything is answered 429.
    """

    rules: AccountRules
    hooks: Hooks
    queues: dict[str, SenderQueue]
    messages: Messages
    content: Registry
    tier: Tier
    active: int = 0
    revoked: bool = False
    storm_until: float = 0.0

    @property
    def sid(self) -> str:
        return self.rules.sid

    def sender(self, sender: str, channel: str) -> SenderRules | None:
        """Its sender of that name or number on a channel, if it has it."""
        queue = self.queues.get(f"{channel}:{sender}")
        return queue.rules if queue is not None else None

    def queue(self, sender: SenderRules) -> SenderQueue:
        """What waits for a sender."""
        return self.queues[f"{sender.channel}:{sender.sender}"]

    def pool(self, service: str, channel: str) -> SenderRules:
        """The least busy sender of a Messaging Service; raises `TwilioError` 21703."""
        names: Iterable[str] = next((one.senders for one in self.rules.services if one.sid == service), ())
        known = [found for name in names if (found := self.sender(name, channel)) is not None]
        if not known:
            raise TwilioError(21703)
        return min(known, key=lambda one: self.queue(one).backlog())

    def change_sender(self, sender: str, channel: str = "", **changes: object) -> None:
        """Other numbers for one sender from now on; raises `KeyError`, `TypeError`."""
        keys = [f"{channel}:{sender}"] if channel else [f"sms:{sender}", f"{WHATSAPP}:{sender}"]
        found = [self.queues[key] for key in keys if key in self.queues]
        if not found:
            raise KeyError(sender)
        for queue in found:
            queue.rules = replace(queue.rules, **changes)  # type: ignore[arg-type] # checked by the dataclass


def new_account(rules: AccountRules, hooks: Hooks, ledger: Ledger, timers: Timers) -> Account:
    """An account nobody used yet."""

    def listed(message: Message) -> None:
        ledger.write(
            Listed(
                channel=message.channel,
                chat=message.person,
                message_id=message.sid,
                status=message.status,
                mono=ledger.mono(),
                wall=ledger.wall(),
            )
        )

    queues = {f"{one.channel}:{one.sender}": SenderQueue(one, ledger.mono, timers) for one in rules.senders}
    return Account(rules, hooks, queues, Messages(rules.sid, listed), Registry(rules.sid), Tier(rules.tier))
