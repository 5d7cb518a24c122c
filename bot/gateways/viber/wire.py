"""Viber's events in our words. Pure; touches nothing.

| event | in our words |
|---|---|
| `webhook`: Viber tries our address | nothing, answered with 200 |
| `conversation_started`: somebody opened the chat | nothing: that is no subscription; answered by a welcome |
| ... who is subscribed already and came by a link | START, `text` = what the link carried |
| `subscribed` | START |
| `unsubscribed` | STOPPED |
| `message`: text that is the body of a button of ours (`pressing`) | BUTTON |
| ... other text, or the caption of a picture | TEXT |
| ... location | PIN |
| ... contact, when the message before asked for one (`tracking_data`) | CONTACT |
| ... anything else somebody sent | OTHER |
| ... the first one after a welcome that a link opened | START with what the link carried, then what they do |
| ... ... when it answers what START asks anew | START only |
| `delivered`, `seen`, `failed` | a receipt for the message token, of this user |
| everything unknown | nothing |

Tokens are 64-bit integers beyond 2^53 and travel as text. Our keys hold a digest of the user's id, because
keys are stored unsealed. An authentic event that cannot be read gives nothing, too, and is answered with 200.
"""

import json
from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Any

from bot.errors import MalformedHookError
from bot.gateways.viber.pressing import data_of
from bot.gateways.viber.rendering import ASKED_CONTACT
from bot.messages import (
    Address,
    Channel,
    Event,
    Failure,
    Inbound,
    InboundKind,
    Pin,
    Receipt,
    ReceiptState,
)
from bot.words import clean

STARTED = "start:"  # tracking_data of a welcome; what the link carried follows
PAYLOAD_LENGTH = 200
ID_LENGTH = 100
_RECEIPTS = {
    "delivered": ReceiptState.DELIVERED,
    "seen": ReceiptState.READ,
    "failed": ReceiptState.FAILED,
}


def read_event(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`.

    Raises:
        MalformedHookError: it is none, or names no event.
    """
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedHookError("not JSON") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("event"), str):
        raise MalformedHookError("no event")
    return fields


def events_of(
    fields: dict[str, Any], account: str, token: str, asked_anew: Collection[str] = ()
) -> Sequence[Event]:
    """Return what happened, oldest first, if the event is of a kind we know.

    Args:
        token: the account's, key of the buttons' tags.
        asked_anew: buttons of the welcome that answer what START asks again, with the link in mind.
    """
    name = fields["event"]
    message_token = _token(fields)
    if not message_token:
        return ()
    if name in _RECEIPTS:
        user = _id(fields.get("user_id"))
        return (_receipt(name, message_token, user, account),) if user else ()
    match name:
        case "message":
            return _message(fields, message_token, account, token, asked_anew)
        case "subscribed":
            return _from_user(fields, message_token, account, InboundKind.START)
        case "conversation_started" if fields.get("subscribed") is True and context_of(fields):
            return _from_user(fields, message_token, account, InboundKind.START, context_of(fields))
        case "unsubscribed":
            user = _id(fields.get("user_id"))
            where = Address(Channel.VIBER, account, user)
            return (Inbound(f"{message_token}:{name}", where, InboundKind.STOPPED),) if user else ()
    return ()


def context_of(fields: dict[str, Any]) -> str:
    """What the link carried that opened the chat, "" = nothing."""
    context = fields.get("context")
    return clean(context, PAYLOAD_LENGTH) if isinstance(context, str) else ""


def language_of(person: object) -> str:
    """The language of somebody's app, as Viber tells it."""
    language = person.get("language") if isinstance(person, dict) else None
    return clean(language, 35) if isinstance(language, str) else ""


def _receipt(name: str, token: str, user: str, account: str) -> Receipt:
    failed = name == "failed"
    return Receipt(
        key=f"{token}:{name}:{sha256(user.encode()).hexdigest()[:16]}",
        channel=Channel.VIBER,
        account=account,
        provider_id=token,
        state=_RECEIPTS[name],
        error="failed_later" if failed else "",  # Viber gives a reason in free words only
        failure=Failure.UNKNOWN if failed else None,
        recipient=user,
    )


def _from_user(
    fields: dict[str, Any], token: str, account: str, kind: InboundKind, text: str = ""
) -> Sequence[Inbound]:
    person = fields.get("user")
    user = _id(person.get("id")) if isinstance(person, dict) else ""
    if not user:
        return ()
    where = Address(Channel.VIBER, account, user)
    return (Inbound(f"{token}:{fields['event']}", where, kind, text, language=language_of(person)),)


def _message(
    fields: dict[str, Any], message_token: str, account: str, token: str, asked_anew: Collection[str]
) -> Sequence[Inbound]:
    sender, message = fields.get("sender"), fields.get("message")
    user = _id(sender.get("id")) if isinstance(sender, dict) else ""
    if not user or not isinstance(message, dict):
        return ()
    where, language = Address(Channel.VIBER, account, user), language_of(sender)
    kind, text, button, pin, contact = _content(message, token)
    said = Inbound(
        key=f"{message_token}:message",
        address=where,
        kind=kind,
        text=text,
        button=button,
        pin=pin,
        contact=contact,
        language=language,
    )
    tracking = message.get("tracking_data")
    payload = (
        tracking.removeprefix(STARTED) if isinstance(tracking, str) and tracking.startswith(STARTED) else ""
    )
    if not payload:
        return (said,)
    start = Inbound(
        f"{message_token}:start", where, InboundKind.START, clean(payload, PAYLOAD_LENGTH), language=language
    )
    # Nobody agrees by the welcome to what they do not know yet; another wish (a language) is never lost.
    return (start,) if button in asked_anew else (start, said)


_Content = tuple[InboundKind, str, str, Pin | None, str]


def _content(message: dict[str, Any], token: str) -> _Content:
    """Kind, text, button, pin and contact of a message."""
    text = message.get("text")
    words = clean(text) if isinstance(text, str) else ""
    match message.get("type"):
        case "text":
            data = data_of(token, text) if isinstance(text, str) else ""
            if data:
                return InboundKind.BUTTON, "", data, None, ""
        case "location":
            pin = _pin(message.get("location"))
            return (InboundKind.PIN if pin else InboundKind.OTHER), "", "", pin, ""
        case "contact":
            number = _number(message)
            return (InboundKind.CONTACT if number else InboundKind.OTHER), "", "", None, number
    return (InboundKind.TEXT if words else InboundKind.OTHER), words, "", None, ""


def _number(message: dict[str, Any]) -> str:
    """The sender's own number: a contact says of nobody that it is theirs, so it counts when asked for."""
    contact = message.get("contact")
    if message.get("tracking_data") != ASKED_CONTACT or not isinstance(contact, dict):
        return ""
    number = contact.get("phone_number")
    return clean(number, 40) if isinstance(number, str) else ""


def _pin(location: object) -> Pin | None:
    if not isinstance(location, dict):
        return None
    lat, lon = _degrees(location.get("lat"), 90.0), _degrees(location.get("lon"), 180.0)
    return None if lat is None or lon is None else Pin(lat, lon)


def _degrees(value: object, most: float) -> float | None:
    """A number of degrees; some apps send it as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        degrees = float(value)
    except (ValueError, OverflowError):
        return None
    return degrees if -most <= degrees <= most else None  # not a number is in no range


def _token(fields: dict[str, Any]) -> str:
    token = fields.get("message_token")
    if isinstance(token, bool):
        return ""
    if isinstance(token, int):
        return str(token) if abs(token) < 1 << 64 else ""
    return token if isinstance(token, str) and token.isascii() and 0 < len(token) <= 24 else ""


def _id(value: object) -> str:
    return value if isinstance(value, str) and value.isprintable() and 0 < len(value) <= ID_LENGTH else ""
