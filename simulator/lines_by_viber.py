"""Viber as its users see it. Touches the fake Viber.

A button there sends a text. The service wraps the vocabulary of buttons so that nobody types it by accident
(`;;safe:ABC123;1f0a9c55d2be`); people see words only, and what lies behind them is sent back as it came.
"""

import re
from dataclasses import replace

from simulator.citizen import Channel, Citizen, Fate
from simulator.incoming import Action, ActionKind, Incoming
from simulator.lines import Heard
from simulator.viber import Viber
from simulator.viber_people import UserState

STATES = {
    Fate.ACTIVE: UserState.ACTIVE,
    Fate.DEACTIVATED: UserState.NOT_ON_CHANNEL,
    Fate.OFF: UserState.OFF,
}


WRAPPED = re.compile(r";;(.+);[0-9a-f]{12}")


def unwrapped(body: str) -> str:
    """What a button means in the vocabulary, whatever is wrapped round it."""
    found = WRAPPED.fullmatch(body)
    return found.group(1) if found is not None else body


class ViberLine:
    """Chats with the first of the simulator's Viber accounts."""

    channel = Channel.VIBER

    def __init__(self, viber: Viber) -> None:
        self._viber = viber
        self._behind: dict[tuple[str, str], str] = {}  # user and meaning -> what the button sends

    def key(self, citizen: Citizen) -> str:
        """Their user id."""
        return citizen.viber_id

    def listen(self, hear: Heard) -> None:
        """Every message that reaches a phone."""

        def heard(_account: str, user: str, message: Incoming) -> None:
            meanings = tuple(unwrapped(body) for body in message.buttons)
            for meaning, body in zip(meanings, message.buttons, strict=True):
                self._behind[user, meaning] = body
            hear(user, replace(message, buttons=meanings))

        self._viber.listen(heard)

    def open(self, citizen: Citizen) -> None:
        """They open the chat, which is no subscription; the app says which language it speaks."""
        user = self._viber.meet(citizen.viber_id)
        user.language, user.country = citizen.client_language, citizen.country
        self._viber.open(citizen.viber_id, citizen.invitation)

    def act(self, citizen: Citizen, action: Action) -> None:
        """Write, press or share."""
        if action.kind is ActionKind.BUTTON:
            action = replace(action, value=self._behind.get((citizen.viber_id, action.value), action.value))
        self._viber.act(citizen.viber_id, action)

    def works(self, citizen: Citizen) -> bool:
        """Whether they are still subscribed and online."""
        return self._viber.meet(citizen.viber_id).state in (UserState.ACTIVE, UserState.OLD_DEVICE)

    def strike(self, citizen: Citizen, fate: Fate) -> None:
        """They turn messages off, leave Viber, or lose the network."""
        if fate is Fate.BLOCKED:
            self._viber.unsubscribe(citizen.viber_id)
        else:
            self._viber.set_state(citizen.viber_id, STATES[fate])

    def ready(self) -> bool:
        """Whether the service registered its webhook."""
        return all(bool(account.webhook) for account in self._viber.accounts.values())

    def busy(self) -> bool:
        """Whether a message or an event is on its way."""
        return self._viber.busy()
