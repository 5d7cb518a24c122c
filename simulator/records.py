"""The kinds of entries in the simulator's ledger and their JSON form. Values only, touches nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One send that reached the simulator, or one message a web chat citizen received.

    Attributes:
        attempt_id: position among all attempts, from 1.
        channel: `telegram` or `webchat`.
        account: the bot's id; for web chat the service's base address is not recorded, so always `webchat`.
        recipient: Telegram chat id, or for web chat the citizen's id.
        method: Bot API method; `event` for web chat.
        text: words as the citizen reads them (after entity parsing).
        buttons: machine data of the buttons.
        keys: labels of reply-keyboard keys that send themselves as text.
        ask: `location`, `contact` or empty.
        kind: web chat's `reply`, `alert` or `drill`; empty on Telegram.
        lang: language the web chat message says it is in; empty on Telegram.
        mono: arrival, seconds of the monotonic clock. wall: the same moment, seconds since 1970 UTC.
        accepted: the message lies in the citizen's chat.
        message_id: the provider's name for the message; empty if none.
        status: HTTP status decided; 0 when the connection was cut instead of an answer.
        error: the provider's words when not accepted.
        fault: name of the injected fault that hit this attempt, else empty.
        again: a web chat message this citizen already had (redelivered before its acknowledgement arrived).
        paid: sent with `allow_paid_broadcast`.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A limit that was broken: `rule` is bot, chat, group, paid, active or retry_after (a 429 was
    ignored).
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
    """One try to post one update to the service; `status` 0 = no answer."""

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

    `what`: joined, registered, linked, refused, stopped, online, offline (of web chat), answer, place (told
    after asking for help), stuck, turned_away; or state: what a Telegram chat became, known by `chat` instead
    of `citizen`. `value` says which, `code` is the event that was answered.
    """

    citizen: str
    channel: str
    what: str
    value: str = ""
    code: str = ""
    chat: str = ""
    mono: float
    wall: float


Entry = Attempt | Violation | WebhookPost | Ack | Act

KINDS: Mapping[str, type[Entry]] = {
    "attempt": Attempt,
    "violation": Violation,
    "webhook": WebhookPost,
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
