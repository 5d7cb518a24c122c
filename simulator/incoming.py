"""A message as a citizen sees it and the things a citizen can do about it, whatever the channel. Values
only.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message in a citizen's chat.

    Attributes:
        buttons: machine data, labels: words on the same buttons in the same order.
        keys: words of plain reply keys (Telegram only).
        ask: `location`, `contact` or empty.
        kind: web chat's `reply`, `alert`, `drill`; empty on Telegram, which does not tell.
        lang: language the message says it is in; empty where the channel does not tell.
        typed: its buttons are numbered lines, chosen by typing the number.
    """

    channel: str
    message_id: str
    text: str
    buttons: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    ask: str = ""
    kind: str = ""
    lang: str = ""
    typed: bool = False


class ActionKind(StrEnum):
    """What a citizen can do."""

    TEXT = "text"
    BUTTON = "button"
    LOCATION = "location"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a citizen does; `message_id` is the message whose button is pressed."""

    kind: ActionKind
    value: str = ""
    lat: float = 0.0
    lon: float = 0.0
    message_id: str = ""
