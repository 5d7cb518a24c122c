"""The words every channel shares: addresses, what comes in, what goes out. Values only, touches nothing.

Handlers and alerts see these and never a provider's types, so that nobody is second class for their channel.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

MAX_BUTTON_DATA = 64  # bytes; the tightest channel (Telegram Bot API: callback_data 1-64 bytes)


class Channel(StrEnum):
    """The channels Muster knows; a gateway exists for those that are switched on."""

    TELEGRAM = "telegram"
    WEBCHAT = "webchat"
    WHATSAPP = "whatsapp"
    SMS = "sms"
    VIBER = "viber"


@dataclass(frozen=True, slots=True)
class Address:
    """One way to reach somebody: a channel, the sender account of ours, and the provider's name for them.

    `heard_at` is when its owner last wrote to this account of ours, None = never or not known; some channels
    let us say anything for a day after that and little later. It is no part of the address's identity.
    """

    channel: Channel
    account: str
    value: str
    heard_at: datetime | None = field(default=None, compare=False)

    def __repr__(self) -> str:  # the value is personal and must not reach a log
        return f"Address({self.channel}:{self.account}:...)"


@dataclass(frozen=True, slots=True)
class Pin:
    """A shared position in degrees (WGS 84)."""

    lat: float
    lon: float

    def __repr__(self) -> str:
        return "Pin(...)"


class InboundKind(StrEnum):
    """What somebody did."""

    TEXT = "text"
    BUTTON = "button"
    PIN = "pin"
    CONTACT = "contact"
    START = "start"  # opened the chat or pressed Start; `text` may carry a payload
    STOPPED = "stopped"  # blocked us or unsubscribed at the provider
    OTHER = "other"  # a photo, a sticker: understood as "somebody wrote", nothing more


class CarrierWord(StrEnum):
    """What a carrier took a text message for and answered by itself, before we saw it."""

    STOP = "stop"  # it blocks us from now on
    START = "start"  # it lets us through again
    HELP = "help"  # it sent its own help text


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing a citizen did.

    Attributes:
        key: the provider's own key of this event, unique within channel and account.
        text: typed words, a button's label, or a start payload; NFC, at most 4,000 characters.
        button: machine data of a pressed button, at most 64 bytes.
        contact: a phone number the person shared of themselves, as typed or given by the app.
        language: what the app says of its language (BCP 47), a hint only.
        callback: provider's handle to acknowledge a pressed button, if it wants one.
        carrier: what the carrier took it for, on channels where carriers answer by themselves.
    """

    key: str
    address: Address
    kind: InboundKind
    text: str = field(default="", repr=False)
    button: str = ""
    pin: Pin | None = None
    contact: str = field(default="", repr=False)
    language: str = ""
    callback: str = field(default="", repr=False)
    carrier: CarrierWord | None = None


class ReceiptState(StrEnum):
    """What a provider or a browser says of a message of ours.

    `accepted` does not promise that it arrived, `delivered` not that anybody saw it, `read` not who.
    """

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class Failure(StrEnum):
    """Why a message failed after its provider had taken it: what that says of the address and of us."""

    TRANSIENT = "transient"  # this try only: handset off, network full, too late
    GONE = "gone"  # the address does not exist for us any more
    STOPPED = "stopped"  # its owner told the provider that they want nothing from us
    REJECTED = "rejected"  # this content never passes
    TEMPLATE = "template"  # only a template may open this conversation now
    QUOTA = "quota"  # a cap of the day or the month
    CLOSED = "closed"  # our account or sender is refused
    UNKNOWN = "unknown"  # a code that we do not know: counted, treated as this try only


@dataclass(frozen=True, slots=True)
class Receipt:
    """News of one message; `delivery` is our own id where the channel lets it travel along.

    Attributes:
        recipient: the provider's name of the recipient where one id was given to many (Viber), else "".
        error: the provider's code of a failure, stable and countable.
        failure: what that code means, None unless `state` is failed.
    """

    key: str
    channel: Channel
    account: str
    provider_id: str
    state: ReceiptState
    delivery: int | None = None
    error: str = ""
    failure: Failure | None = None
    recipient: str = field(default="", repr=False)


Event = Inbound | Receipt


@dataclass(frozen=True, slots=True)
class Button:
    """A choice: what the citizen reads and what comes back when it is pressed."""

    label: str
    data: str


class Ask(StrEnum):
    """A thing an app may offer to share with one tap; channels without it ask in words."""

    LOCATION = "location"
    CONTACT = "contact"


class Frame(StrEnum):
    """How a message must be framed on the screen."""

    REPLY = "reply"
    ALERT = "alert"
    DRILL = "drill"
    CODE = "code"  # to a number nobody wrote from, to be proven: leaves from where warnings leave
    WAITING = "waiting"  # only says that something waits for them; a template has its words


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning in pieces, all in one language, for channels that cannot carry its whole text.

    A text message is built from them within its segments; outside a conversation WhatsApp shows only a
    template with some of them in its slots.

    Attributes:
        mark: what kind of message in a few words: drill, correction, all-clear, second notice; "" = a live
            warning.
        action: what to do, one sentence, first of all.
        hazard: what happened, a few words. place: where, a few words. sender: who says so.
        time: until when it holds, in the place's own named zone.
        code: the event's answer code.
        safe, help, full: labels of the answers and of "Full text".
        reply: how to answer by text message with numbers; for countries where people can answer.
        call: whom to call or which page to open; for countries where they cannot.
        link: address of our public page of this warning.
        asks: whether an answer is asked for.
    """

    mark: str
    action: str
    hazard: str
    place: str
    sender: str
    time: str
    code: str
    safe: str
    help: str
    full: str
    reply: str
    call: str
    link: str
    asks: bool = True


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to a citizen, plain text; a channel renders it as well as it can and never drops words.

    Attributes:
        notice: of a warning only: the same in pieces, for channels that cannot carry `text`.
        text: what to say, NFC, no markup.
        language: BCP 47 tag of the text, for screen readers and direction.
        ask_label: words on the one-tap share button, when `ask` is set.
        urgent: a real warning of severity extreme or severe; a budget may let it pass beyond its cap.
    """

    text: str = field(repr=False)
    language: str
    buttons: tuple[Button, ...] = ()
    ask: Ask | None = None
    ask_label: str = ""
    frame: Frame = Frame.REPLY
    notice: Notice | None = field(default=None, repr=False)
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took a message; `provider_id` is its name for it.

    Attributes:
        confirmed: False where taking it means nothing yet (web chat: stored for a browser that may be
            closed): the delivery then stays *attempting* until a receipt says accepted.
        more: a long text is not at its end: the next part follows.
    """

    provider_id: str
    confirmed: bool = True
    more: bool = False
