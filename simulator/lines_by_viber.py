"""Viber as its users see it. Touches the fake Viber."""

from simulator.citizen import Channel, Citizen, Fate
from simulator.incoming import Action, Incoming
from simulator.lines import Heard
from simulator.viber import Viber
from simulator.viber_people import UserState

STATES = {
    Fate.ACTIVE: UserState.ACTIVE,
    Fate.DEACTIVATED: UserState.NOT_ON_CHANNEL,
    Fate.OFF: UserState.OFF,
}


class ViberLine:
    """Chats with the first of the simulator's Viber accounts."""

    channel = Channel.VIBER

    def __init__(self, viber: Viber) -> None:
        self._viber = viber

    def key(self, citizen: Citizen) -> str:
        """Their user id."""
        return citizen.viber_id

    def listen(self, hear: Heard) -> None:
        """Every message that reaches a phone."""

        def heard(_account: str, user: str, message: Incoming) -> None:
            hear(user, message)

        self._viber.listen(heard)

    def open(self, citizen: Citizen) -> None:
        """They open the chat, which is no subscription; the app says which language it speaks."""
        user = self._viber.meet(citizen.viber_id)
        user.language, user.country = citizen.client_language, citizen.country
        self._viber.open(citizen.viber_id, citizen.invitation)

    def act(self, citizen: Citizen, action: Action) -> None:
        """Write, press or share."""
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
