"""The kinds of entries in the simulator's ledger and their JSON form. Values only, touches nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One send that reached the simulator, or one message a web chat citizen received.

    Attributes:
        attempt_id: position among all attempts, from 1.
        channel: `telegram`, `webchat`, `sms`, `whatsapp` or `viber`.
        account: the bot's id; the sender's number or name (`sms`, `whatsapp`); the Viber account's name; for
            web chat the service's base address is not recorded, so always `webchat`.
        recipient: Telegram chat id, number in E.164 form, Viber user id, or for web chat the citizen's id.
        method: the provider's method; `event` for web chat.
        text: words as the citizen reads them (after entity parsing, a template with its variables filled in,
            the parts of a text message joined).
        buttons: machine data of the buttons.
        keys: labels of reply-keyboard keys that send themselves as text.
        ask: `location`, `contact` or empty.
        kind: web chat's `reply`, `alert` or `drill`; empty on Telegram.
        lang: language the web chat message says it is in; empty on Telegram.
        mono: arrival, seconds of the monotonic clock. wall: the same moment, seconds since 1970 UTC.
        accepted: the message lies in the citizen's chat; on `sms`, `whatsapp` and `viber` only that the
            provider took it: what became of it is an `Arrival`.
        message_id: the provider's name for the message; empty if none.
        status: HTTP status decided; 0 when the connection was cut instead of an answer.
        error: the provider's words when not accepted.
        fault: name of the injected fault that hit this attempt, else empty.
        again: a web chat message this citizen already had (redelivered before its acknowledgement arrived).
        paid: sent with `allow_paid_broadcast`.
        segments: parts of a text message; 0 elsewhere. template: ContentSid, empty for free text.
        callback: where its receipts go (Twilio), empty if none.
    """

    attempt_id: int
    channel: str
    account: str
    recipient: str
    method: str
    text: str = ""
    buttons: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    ask: str = ""
    kind: str = ""
    lang: str = ""
    mono: float
    wall: float
    accepted: bool
    message_id: str = ""
    status: int
    error: str = ""
    fault: str = ""
    again: bool = False
    paid: bool = False
    segments: int = 0
    template: str = ""
    callback: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What became of a message that a provider took, as it is in truth: receipts may be lost, this is not.

    Attributes:
        attempt_id: the attempt it began with. message_id: the provider's name for it.
        status: `delivered` (on the phone), `read`, `undelivered` or `failed`.
        code: the provider's error code, 0 if none. why: its words (Viber has no codes here).
        segments: parts that were charged. cost: thousandths of the fictional unit, charged with this entry.
    """

    attempt_id: int
    channel: str
    account: str
    recipient: str
    message_id: str
    status: str
    code: int = 0
    why: str = ""
    segments: int = 0
    cost: int = 0
    mono: float
    wall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A limit that was broken: `rule` is bot, chat, group, paid, active or retry_after (a 429 was
    ignored); of Twilio concurrency, queue, tier; of Viber calls, hour, receivers.
    """

    rule: str
    account: str
    recipient: str
    mono: float
    wall: float
    tolerated: bool
    count: int = 0
    limit: int = 0
    window_s: float = 0.0
    slack_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPost:
    """One try to post one update to the service; `status` 0 = no answer.

    `update` is the kind: Telegram's, `message` or `status.<state>` of Twilio, Viber's event. `update_id` is
    Telegram's; the others are known by `message_id`.
    """

    account: str
    chat: str
    update_id: int
    update: str
    tries: int
    status: int
    mono: float
    wall: float
    duplicate: bool = False
    error: str = ""
    channel: str = "telegram"
    message_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A provider's list, asked for by the service, showed a message in this state for the first time."""

    channel: str
    chat: str
    message_id: str
    status: str
    mono: float
    wall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """A web chat citizen's acknowledgement that the service confirmed."""

    citizen: str
    message_id: str
    mono: float
    wall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something a citizen did or that became true of them.

    `what`: joined, protected, registered, linked, refused, stopped, online, offline (of web chat), answer,
    place (told after asking for help), full (asked for the whole text), stuck, turned_away; or, known by
    `chat` (a chat id, number or Viber user id)
    instead of `citizen`: state, what that chat became; carrier, the automatic answer of the operator to STOP,
    START or HELP; unreachable, words that could not be sent because the sender takes none. `value` says
    which, `code` is the event that was answered.
    """

    citizen: str
    channel: str
    what: str
    value: str = ""
    code: str = ""
    chat: str = ""
    mono: float
    wall: float


Entry = Attempt | Arrival | Violation | WebhookPost | Listed | Ack | Act

KINDS: Mapping[str, type[Entry]] = {
    "attempt": Attempt,
    "arrival": Arrival,
    "violation": Violation,
    "webhook": WebhookPost,
    "listed": Listed,
    "ack": Ack,
    "act": Act,
}
NAMES: Mapping[type[Entry], str] = {kind: name for name, kind in KINDS.items()}
FIELDS: Mapping[type[Entry], tuple[str, ...]] = {
    kind: tuple(field.name for field in fields(kind)) for kind in KINDS.values()
}


def to_json(entry: Entry) -> dict[str, Any]:
    """The entry as a JSON object; `entry` names its kind."""
    kind = type(entry)
    return {"entry": NAMES[kind], **{name: getattr(entry, name) for name in FIELDS[kind]}}


def from_json(data: Mapping[str, Any]) -> Entry:
    """The entry a JSON object describes; raises `ValueError` for an unknown kind or a missing field."""
    values = dict(data)
    kind = KINDS.get(str(values.pop("entry", "")))
    if kind is None:
        raise ValueError("unknown kind of ledger entry")
    construct: Callable[..., Entry] = kind
    try:
        made: Entry = construct(**{n: tuple(v) if isinstance(v, list) else v for n, v in values.items()})
    except TypeError as error:
        raise ValueError("a ledger entry lacks a field or has one too many") from error
    return made
