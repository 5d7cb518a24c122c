"""What a person does with one of their channels, whatever provider is behind it; and how Telegram does it.

Touches the fake Telegram.
"""

from collections.abc import Callable
from typing import Protocol

from simulator.citizen import Channel, Citizen, Fate
from simulator.incoming import Action, Incoming
from simulator.telegram import Telegram
from simulator.telegram_bots import Bot
from simulator.telegram_errors import ChatState

Heard = Callable[[str, Incoming], None]
"""A message came: the line's own name of whose chat it lies in, and what they see."""


class Line(Protocol):
    """One fake provider as the people on it use it."""

    @property
    def channel(self) -> Channel: ...

    def key(self, citizen: Citizen) -> str:
        """The line's own name of their chat, unique on it."""
        ...

    def listen(self, hear: Heard) -> None:
        """Call `hear` with every message that lies in a chat."""
        ...

    def open(self, citizen: Citizen) -> None:
        """They open the chat for the first time, before their first words."""
        ...

    def act(self, citizen: Citizen, action: Action) -> None:
        """They do something in the chat."""
        ...

    def works(self, citizen: Citizen) -> bool:
        """Whether they can write there now."""
        ...

    def strike(self, citizen: Citizen, fate: Fate) -> None:
        """Their chat becomes what fate wants."""
        ...

    def ready(self) -> bool:
        """Whether the service listens to this provider already."""
        ...

    def busy(self) -> bool:
        """Whether something is on its way to the service or to a phone."""
        ...


TELEGRAM_STATES = {
    Fate.ACTIVE: ChatState.ACTIVE,
    Fate.BLOCKED: ChatState.BLOCKED,
    Fate.DEACTIVATED: ChatState.DEACTIVATED,
    Fate.OFF: ChatState.ACTIVE,  # a bot never learns that a phone is off
}


class TelegramLine:
    """Chats with the simulator's bots."""

    channel = Channel.TELEGRAM

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram

    def key(self, citizen: Citizen) -> str:
        """Bot and chat."""
        return f"{self._bot(citizen).account}/{citizen.telegram_id}"

    def listen(self, hear: Heard) -> None:
        """Every message that a bot sent."""
        self._telegram.listen(lambda bot, chat, message: hear(f"{bot.account}/{chat}", message))

    def open(self, citizen: Citizen) -> None:
        """Pressing Start is their first action; nothing comes before it."""

    def act(self, citizen: Citizen, action: Action) -> None:
        """Write, press or share."""
        bot, chat = self._bot(citizen), chat_of(citizen)
        bot.meet(chat).language_code = citizen.client_language
        self._telegram.act(bot, chat, action)

    def works(self, citizen: Citizen) -> bool:
        """Whether the chat is neither blocked nor gone."""
        chat = self._bot(citizen).chats.get(chat_of(citizen))
        return chat is not None and chat.state is ChatState.ACTIVE

    def strike(self, citizen: Citizen, fate: Fate) -> None:
        """Block the bot, or delete the account."""
        self._telegram.set_state(self._bot(citizen), chat_of(citizen), TELEGRAM_STATES[fate])

    def ready(self) -> bool:
        """Whether every bot has a webhook or is polled."""
        return all(bot.webhook is not None or bot.polls for bot in self._telegram.bots.values())

    def busy(self) -> bool:
        """Whether updates wait to be posted."""
        return self._telegram.busy()

    def _bot(self, citizen: Citizen) -> Bot:
        return list(self._telegram.bots.values())[citizen.bot]


def chat_of(citizen: Citizen) -> int:
    """Their chat; raises `ValueError` when they have none."""
    if citizen.telegram_id is None:
        raise ValueError("no Telegram")
    return citizen.telegram_id
