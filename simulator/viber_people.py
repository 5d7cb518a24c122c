"""People as one Viber bot knows them. Memory only."""

import base64
import hashlib
from dataclasses import dataclass
from enum import StrEnum


class UserState(StrEnum):
    """What somebody is to the bot; it may change at any moment."""

    NEVER_STARTED = "never_started"
    OPENED = "opened"  # looked at the chat: not subscribed
    ACTIVE = "active"  # subscribed
    UNSUBSCRIBED = "unsubscribed"
    NOT_ON_CHANNEL = "not_on_channel"
    OLD_DEVICE = "old_device"  # subscribed, but the app is too old for keyboards with positions
    UNSUPPORTED = "unsupported"  # in a country the bot may not write to
    OFF = "off"  # subscribed, no network: told when back
    FAILING = "failing"  # subscribed, but the phone cannot show it: a failed event follows


REFUSED = {
    UserState.NEVER_STARTED: 6,
    UserState.OPENED: 6,
    UserState.UNSUBSCRIBED: 6,
    UserState.NOT_ON_CHANNEL: 5,
    UserState.UNSUPPORTED: 21,
}
SUBSCRIBED = frozenset({UserState.ACTIVE, UserState.OLD_DEVICE, UserState.OFF, UserState.FAILING})
OLD_API = 2


@dataclass(slots=True)
class User:
    """One person.

    Attributes:
        heard: when they last wrote, seconds of the fake's own clock; None = never.
        hour, sent: the clock hour of the last messages to them and how many came without an answer.
        refusal: a status every message to them is refused with, whatever else holds; 0 = none.
        tracking: `tracking_data` of the last message to them.
    """

    user_id: str
    state: UserState = UserState.NEVER_STARTED
    name: str = "Citizen"
    language: str = "en"
    country: str = "ZZ"
    heard: float | None = None
    hour: int = 0
    sent: int = 0
    tracking: str = ""
    refusal: int = 0

    @property
    def api_version(self) -> int:
        """What their app understands."""
        return OLD_API if self.state is UserState.OLD_DEVICE else 8

    def card(self) -> dict[str, object]:
        """The `user` or `sender` object of events."""
        return {
            "id": self.user_id,
            "name": self.name,
            "language": self.language,
            "country": self.country,
            "api_version": self.api_version,
        }


def user_id(citizen: str, account: str) -> str:
    """A user id as Viber's look: base64, different for each bot."""
    return base64.b64encode(hashlib.sha256(f"{account}/{citizen}".encode()).digest()[:16]).decode()
