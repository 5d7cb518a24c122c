"""One simulated citizen as data: where they truly are, how they tell it, what they do. Fictional; values
only.

Nobody here has a name or a number; an id like `c-000042` and a Telegram id above 10,000,000,000 is all there
is.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

FIRST_TELEGRAM_ID = 10_000_000_000


class Channels(StrEnum):
    """How a citizen can be reached; *both* are joined with `/link`."""

    TELEGRAM = "telegram"
    WEBCHAT = "webchat"
    BOTH = "both"


class Telling(StrEnum):
    """How a citizen says where they are."""

    PIN = "pin"
    CITY = "city"
    COUNTRY = "country"


class Answer(StrEnum):
    """What a citizen answers to a warning."""

    SAFE = "safe"
    HELP = "help"
    NONE = "none"


class Fate(StrEnum):
    """What becomes of a citizen's Telegram."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"


class Moment(StrEnum):
    """When a fate strikes: before the warning, or once the first copies of it arrive."""

    BEFORE = "before"
    DURING = "during"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citizen:
    """One person.

    Attributes:
        id: name for reports.
        language: the language they read (en, vi, th, id or any other tag).
        client_language: what their app says; differs for those the service must ask.
        lat, lon, country: the truth, which the audit reads.
        telling, place: how they say where they are, and the words when typed.
        place_hint: how they recognise the right candidate in a list (part of its label).
        answer, answer_s: what they answer to a warning, after how many seconds (before `speed`).
        help_words: asked where they are, they type this instead of sending a pin; empty = pin.
        fate, fate_at: what becomes of their Telegram, and when.
        away: their web chat is closed when the warning comes.
        consents, stops: they say no to the notice; they unsubscribe after registering.
        invitation: what stands behind their `/start` (an invitation to a drill); empty = nothing.
        phone: number they share when asked; empty = they skip.
        drill: a person of a drill's own population.
        bot: which of the simulator's bots they write to.
    """

    id: str
    channels: Channels
    language: str
    client_language: str
    lat: float
    lon: float
    country: str
    telling: Telling = Telling.PIN
    place: str = ""
    place_hint: str = ""
    answer: Answer = Answer.NONE
    answer_s: float = 0.0
    help_words: str = ""
    fate: Fate = Fate.ACTIVE
    fate_at: Moment = Moment.BEFORE
    away: bool = False
    consents: bool = True
    stops: bool = False
    invitation: str = ""
    phone: str = ""
    drill: bool = False
    bot: int = 0
    telegram_id: int | None = None

    def __post_init__(self) -> None:
        if not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180):
            raise ValueError("a position is in degrees")
        if (self.telegram_id is None) != (self.channels is Channels.WEBCHAT):
            raise ValueError("who has Telegram has a Telegram id, nobody else")
        if self.telling is not Telling.PIN and not self.place:
            raise ValueError("who types a place has words for it")

    @property
    def on_telegram(self) -> bool:
        return self.channels is not Channels.WEBCHAT

    @property
    def on_webchat(self) -> bool:
        return self.channels is not Channels.TELEGRAM

    def to_json(self) -> dict[str, Any]:
        """The citizen as a JSON object."""
        return asdict(self)


ENUMS: Mapping[str, type[StrEnum]] = {
    "channels": Channels,
    "telling": Telling,
    "answer": Answer,
    "fate": Fate,
    "fate_at": Moment,
}


def citizen_from(data: Mapping[str, Any]) -> Citizen:
    """A citizen from JSON; raises `ValueError` with the reason."""
    values = dict(data)
    for name, kind in ENUMS.items():
        if name in values:
            values[name] = kind(values[name])
    try:
        return Citizen(**values)
    except TypeError as error:
        raise ValueError("a citizen lacks a field or has one too many") from error
