"""One simulated Telegram bot: its chats, webhook settings, counters. State in memory, touches nothing."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulator.config import BotRules, LimitRules
from simulator.incoming import Incoming
from simulator.limits import SendLimits
from simulator.telegram_errors import ChatState, chat_not_found

DEFAULT_UPDATES = frozenset({"message", "edited_message", "callback_query", "my_chat_member"})
MAX_SENT = 300_000
MAX_QUERIES = 20_000
QUERY_LIFE_S = 300.0  # how long a pressed button may be answered; the real time is not documented


@dataclass(slots=True)
class Chat:
    """A private chat (id of the person) or a group (negative id) as one bot knows it."""

    chat_id: int
    state: ChatState = ChatState.NEVER_STARTED
    language_code: str = ""
    first_name: str = "Citizen"
    migrated_to: int | None = None

    @property
    def group(self) -> bool:
        return self.chat_id < 0

    def card(self) -> dict[str, Any]:
        """The `chat` object of messages."""
        if self.group:
            kind = "supergroup" if str(self.chat_id).startswith("-100") else "group"
            return {"id": self.chat_id, "title": "Simulated group", "type": kind}
        return {"id": self.chat_id, "first_name": self.first_name, "type": "private"}

    def person(self) -> dict[str, Any]:
        """The `from` object of what the person sends."""
        card: dict[str, Any] = {"id": self.chat_id, "is_bot": False, "first_name": self.first_name}
        if self.language_code:
            card["language_code"] = self.language_code
        return card


@dataclass(frozen=True, slots=True)
class Sent:
    """A message the bot sent, kept for edits and for the `message` of a pressed button."""

    text: str
    inline: dict[str, Any] | None
    date: int


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where updates go."""

    url: str
    secret: str = ""
    max_connections: int = 40
    allowed: frozenset[str] = DEFAULT_UPDATES


@dataclass(slots=True)
class Bot:
    """One bot's memory.

    Attributes:
        stars: Stars spent on paid broadcast, 0.1 for each charged message.
        active: requests under way.
        seen: callback queries that can still be answered: id -> monotonic time of the press.
    """

    rules: BotRules
    limits: SendLimits
    next_update: int
    revoked: bool = False
    webhook: Webhook | None = None
    next_message: int = 1
    stars_tenths: int = 0
    active: int = 0
    polls: int = 0
    chats: dict[int, Chat] = field(default_factory=dict)
    sent: dict[tuple[int, int], Sent] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    commands: list[dict[str, Any]] = field(default_factory=list)
    last_error: str = ""
    last_error_date: int = 0
    account: str = field(init=False)

    def __post_init__(self) -> None:
        self.account = self.rules.account

    @property
    def stars(self) -> float:
        return self.stars_tenths / 10

    def card(self) -> dict[str, Any]:
        """The `User` object of the bot."""
        return {
            "id": int(self.account),
            "is_bot": True,
            "first_name": "Simulated bot",
            "username": self.rules.username,
        }

    def chat(self, chat_id: int) -> Chat:
        """The chat of that id; raises `ApiError` "chat not found"."""
        chat = self.chats.get(chat_id)
        if chat is None:
            raise chat_not_found()
        return chat

    def meet(self, chat_id: int) -> Chat:
        """The chat of that id, made when new (state *never started*)."""
        return self.chats.setdefault(chat_id, Chat(chat_id))

    def remember(self, chat_id: int, message_id: int, sent: Sent) -> None:
        """Keep a sent message; the oldest one is forgotten beyond `MAX_SENT`."""
        if len(self.sent) >= MAX_SENT:
            self.sent.pop(next(iter(self.sent)))
        self.sent[chat_id, message_id] = sent

    def press(self, query_id: str, now: float) -> None:
        """A button was pressed; its query can be answered for `QUERY_LIFE_S`."""
        if len(self.seen) >= MAX_QUERIES:
            self.seen = {key: at for key, at in self.seen.items() if now - at <= QUERY_LIFE_S}
        self.seen[query_id] = now

    def take_message_id(self) -> int:
        """The next message id."""
        number = self.next_message
        self.next_message += 1
        return number

    def take_update_id(self) -> int:
        """The next update id."""
        number = self.next_update
        self.next_update += 1
        return number


def new_bot(rules: BotRules, limits: LimitRules, lag: Callable[[], float], rng: random.Random) -> Bot:
    """A bot nobody talked to yet; updates start at a random number as Telegram's do."""
    return Bot(rules, SendLimits(limits, lag), rng.randrange(100_000_000, 900_000_000))


Listener = Callable[[Bot, int, Incoming], None]
"""Called with every message accepted for a chat, before the bot is answered."""
