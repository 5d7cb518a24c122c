"""Text messages and WhatsApp as the people with the phones use them. Touches the fake Twilio."""

from simulator.citizen import Channel, Citizen, Fate
from simulator.incoming import Action, ActionKind, Incoming
from simulator.lines import Heard
from simulator.twilio import Twilio
from simulator.twilio_people import REACHED, PhoneState

STOP = Action(ActionKind.TEXT, "STOP")
STATES = {
    Fate.ACTIVE: PhoneState.ACTIVE,
    Fate.BLOCKED: PhoneState.BLOCKED,
    Fate.DEACTIVATED: PhoneState.DEACTIVATED,
    Fate.OFF: PhoneState.OFF,
}


class PhoneLine:
    """One of the two channels of a telephone."""

    def __init__(self, twilio: Twilio, channel: Channel) -> None:
        self.channel = channel
        self._twilio = twilio

    def key(self, citizen: Citizen) -> str:
        """Their number."""
        return citizen.number

    def listen(self, hear: Heard) -> None:
        """Every message of this channel that reaches a phone."""

        def heard(_sender: str, number: str, message: Incoming) -> None:
            if message.channel == self.channel:
                hear(number, message)

        self._twilio.listen(heard)

    def open(self, citizen: Citizen) -> None:
        """They keep our number; nothing is sent."""

    def act(self, citizen: Citizen, action: Action) -> None:
        """Write, press or share; where nobody can write to us nothing leaves the phone.

        They answer who wrote last. STOP goes to the number they registered with: a name takes no words.
        """
        phone = self._twilio.meet(self.channel, citizen.number)
        known = next(iter(phone.heard), "") if action == STOP else ""
        self._twilio.act(self.channel, citizen.number, action, known)

    def works(self, citizen: Citizen) -> bool:
        """Whether the phone is on and theirs."""
        return self._twilio.meet(self.channel, citizen.number).state in REACHED

    def strike(self, citizen: Citizen, fate: Fate) -> None:
        """The phone is off, the number gone, we are blocked."""
        self._twilio.set_state(self.channel, citizen.number, STATES[fate])

    def ready(self) -> bool:
        """Whether what people write is posted somewhere."""
        account, rules = self._twilio.owner("", self.channel)
        return bool(rules.inbound_url) or not account.rules.senders_of(self.channel)

    def busy(self) -> bool:
        """Whether a message or a form is on its way."""
        return self._twilio.busy()
