"""One simulated citizen as data: where they truly are, how they tell it, what they do. Fictional; values
only.

Nobody here has a name. An id like `c-000042`, a Telegram id above 10,000,000,000, a telephone number of those
kept free for fiction (`simulator.numbers`) and a Viber id made from the id are all there is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

FIRST_TELEGRAM_ID = 10_000_000_000


class Channel(StrEnum):
    """How a citizen can be reached."""

    TELEGRAM = "telegram"
    WEBCHAT = "webchat"
    SMS = "sms"
    WHATSAPP = "whatsapp"
    VIBER = "viber"


TELEGRAM_ONLY = (Channel.TELEGRAM,)
WEBCHAT_ONLY = (Channel.WEBCHAT,)
TELEGRAM_AND_WEBCHAT = (Channel.TELEGRAM, Channel.WEBCHAT)
BY_NUMBER = frozenset({Channel.SMS, Channel.WHATSAPP})
EARLIER_NAMES = {"both": TELEGRAM_AND_WEBCHAT}  # in files written before there were five channels


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
    """What becomes of a citizen's channel.

    Each channel has its own words for it: *blocked* is a blocked bot, STOP by text message, a blocked sender,
    an unsubscribed Viber chat; *deactivated* is an account or a number that exists no more; *off* is a
    handset without power, of which a provider learns late or never.
    """

    ACTIVE = "active"
    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"
    OFF = "off"


class Moment(StrEnum):
    """When a fate strikes: before the warning, or once the first copies of it arrive."""

    BEFORE = "before"
    DURING = "during"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citizen:
    """One person.

    Attributes:
        id: name for reports.
        channels: where they can be reached; they register on the first and join the others by code.
        language: the language they read (en, vi, th, id or any other tag).
        client_language: what their app says; differs for those the service must ask.
        lat, lon, country: the truth, which the audit reads.
        telling, place: how they say where they are, and the words when typed.
        place_hint: how they recognise the right candidate in a list (part of its label).
        answer, answer_s: what they answer to a warning, after how many seconds (before `speed`).
        help_words: asked where they are, they type this instead of sending a pin; empty = pin.
        digits: the script whose digits they type (`simulator.scripts`).
        types: on channels with choices by number they answer a warning in words instead of by number.
        reads_full: shown a short notice with a button for the whole text, they press that one first.
        writes_daily: they wrote to us within the last day when the warning comes (WhatsApp's window).
        fate, fate_at, fate_on: what becomes of which of their channels, and when.
        away: their web chat is closed when the warning comes.
        consents, stops: they say no to the notice; they unsubscribe after registering.
        invitation: what stands behind their `/start` (an invitation to a drill); empty = nothing.
        phone: number they share when asked; empty = they skip.
        drill: a person of a drill's own population.
        bot: which of the simulator's bots they write to.
        number, number_country: telephone for text messages and WhatsApp (E.164), and whose it is (ISO code).
    """

    id: str
    channels: tuple[Channel, ...]
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
    digits: str = "latin"
    types: bool = False
    reads_full: bool = False
    writes_daily: bool = False
    fate: Fate = Fate.ACTIVE
    fate_at: Moment = Moment.BEFORE
    fate_on: Channel = Channel.TELEGRAM
    away: bool = False
    consents: bool = True
    stops: bool = False
    invitation: str = ""
    phone: str = ""
    drill: bool = False
    bot: int = 0
    telegram_id: int | None = None
    number: str = ""
    number_country: str = ""
    viber_id: str = ""

    def __post_init__(self) -> None:
        if not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180):
            raise ValueError("a position is in degrees")
        if not self.channels or len(set(self.channels)) != len(self.channels):
            raise ValueError("everybody has at least one channel, and each once")
        if (self.telegram_id is None) == self.has(Channel.TELEGRAM):
            raise ValueError("who has Telegram has a Telegram id, nobody else")
        if not self.number and not BY_NUMBER.isdisjoint(self.channels):
            raise ValueError("who has text messages or WhatsApp has a number")
        if bool(self.viber_id) is not self.has(Channel.VIBER):
            raise ValueError("who has Viber has a Viber id, nobody else")
        if self.telling is not Telling.PIN and not self.place:
            raise ValueError("who types a place has words for it")
        if self.telling is Telling.PIN and self.first is Channel.SMS:
            raise ValueError("no text message carries a position")

    @property
    def first(self) -> Channel:
        """Where they register."""
        return self.channels[0]

    @property
    def on_telegram(self) -> bool:
        return Channel.TELEGRAM in self.channels

    @property
    def on_webchat(self) -> bool:
        return Channel.WEBCHAT in self.channels

    def has(self, channel: str) -> bool:
        """Whether they can be reached there."""
        return channel in self.channels

    def to_json(self) -> dict[str, Any]:
        """The citizen as a JSON object."""
        return asdict(self)


ENUMS: Mapping[str, type[StrEnum]] = {
    "telling": Telling,
    "answer": Answer,
    "fate": Fate,
    "fate_at": Moment,
    "fate_on": Channel,
}


def channels_from(value: str | Iterable[str]) -> tuple[Channel, ...]:
    """Channels from JSON: a list, or one name; raises `ValueError`."""
    if isinstance(value, str):
        return EARLIER_NAMES.get(value) or (Channel(value),)
    return tuple(Channel(one) for one in value)


def citizen_from(data: Mapping[str, Any]) -> Citizen:
    """A citizen from JSON; raises `ValueError` with the reason."""
    values = dict(data)
    for name, kind in ENUMS.items():
        if name in values:
            values[name] = kind(values[name])
    try:
        values["channels"] = channels_from(values["channels"])
        return Citizen(**values)
    except (KeyError, TypeError) as error:
        raise ValueError("a citizen lacks a field or has one too many") from error
