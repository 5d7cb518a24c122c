"""People with phones as Twilio's channels know them: their state, whom they wrote to, whom they told to stop.
Memory only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from simulator.twilio_rules import SMS, WHATSAPP


class PhoneState(StrEnum):
    """What a number is on one channel; it may change at any moment."""

    NEVER_STARTED = "never_started"  # reachable, but has not written yet
    ACTIVE = "active"
    OFF = "off"  # no network: SMS gives up (30003), WhatsApp waits
    BLOCKED = "blocked"
    NOT_ON_CHANNEL = "not_on_channel"
    DEACTIVATED = "deactivated"
    STOPPED = "stopped"  # the operator of the phone keeps the list: told only after sending
    LANDLINE = "landline"
    NOT_MOBILE = "not_mobile"  # refused at once
    INVALID = "invalid"  # refused at once
    UNKNOWN = "unknown"
    FILTERED = "filtered"
    FLAKY = "flaky"
    LIMITED = "limited"  # WhatsApp's own experiments


REACHED = frozenset({PhoneState.ACTIVE, PhoneState.NEVER_STARTED})
REFUSED: Mapping[PhoneState, int] = {PhoneState.NOT_MOBILE: 21614, PhoneState.INVALID: 21211}
OUTCOMES: Mapping[str, Mapping[PhoneState, int]] = {
    SMS: {
        PhoneState.OFF: 30003,
        PhoneState.BLOCKED: 30004,
        PhoneState.NOT_ON_CHANNEL: 30006,
        PhoneState.DEACTIVATED: 30005,
        PhoneState.STOPPED: 21610,
        PhoneState.LANDLINE: 30006,
        PhoneState.UNKNOWN: 30005,
        PhoneState.FILTERED: 30007,
        PhoneState.FLAKY: 30008,
        PhoneState.LIMITED: 30008,
    },
    WHATSAPP: {
        PhoneState.BLOCKED: 63014,
        PhoneState.NOT_ON_CHANNEL: 63024,
        PhoneState.DEACTIVATED: 63003,
        PhoneState.STOPPED: 63014,
        PhoneState.LANDLINE: 63024,
        PhoneState.UNKNOWN: 63024,
        PhoneState.FILTERED: 63013,
        PhoneState.FLAKY: 63012,
        PhoneState.LIMITED: 63032,
    },
}


@dataclass(slots=True)
class Phone:
    """One number on one channel.

    Attributes:
        heard: sender -> when this person last wrote to it (seconds of the fake's own clock).
        refusal, failure: a code every message to them is refused or fails with; 0 = none.
        stopped: senders they told to stop. last_from: who wrote to them last.
    """

    channel: str
    number: str
    state: PhoneState = PhoneState.NEVER_STARTED
    name: str = ""
    heard: dict[str, float] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    refusal: int = 0
    failure: int = 0
    last_from: str = ""


class People:
    """Everybody, met when first written to."""

    def __init__(self) -> None:
        self.phones: dict[tuple[str, str], Phone] = {}

    def meet(self, channel: str, number: str) -> Phone:
        """The phone of that number, made when new."""
        phone = self.phones.get((channel, number))
        if phone is None:
            phone = self.phones[channel, number] = Phone(channel, number)
        return phone
