"""Telegram's updates in our words. Pure; touches nothing.

| update | event |
|---|---|
| message in a private chat: `/start payload` | START, `text` = payload |
| ... text, or the caption of a photo | TEXT |
| ... location or venue (its name and address are dropped: they would tell more than a snapped pin) | PIN |
| ... contact whose `user_id` is the sender's own | CONTACT |
| ... anything else somebody sent | OTHER |
| callback_query from a private chat | BUTTON, with the handle that stops the spinner |
| my_chat_member: we were blocked / let in again | STOPPED / START |
| edited messages (a moving live location, too), groups, channels, bots, everything unknown | nothing |

An authentic update that cannot be read gives nothing, too, and is answered with 200: Telegram would offer it
again for a day and hold back everything behind it.
"""

import json
from collections.abc import Sequence
from typing import Any

import structlog
from telegram import CallbackQuery, ChatMemberUpdated, Location, Message, Update, User
from telegram.constants import ChatMemberStatus, ChatType

from bot.errors import MalformedHookError
from bot.messages import MAX_BUTTON_DATA, Address, Channel, Inbound, InboundKind, Pin
from bot.words import clean

log = structlog.get_logger(__name__)

ALLOWED_UPDATES = ("message", "callback_query", "my_chat_member")


def read_update(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`.

    Raises:
        MalformedHookError: it is none, or has no `update_id`.
    """
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedHookError("not JSON") from error
    if not isinstance(fields, dict) or type(fields.get("update_id")) is not int:
        raise MalformedHookError("no update_id")
    return fields


def events_of(fields: dict[str, Any], account: str) -> Sequence[Inbound]:
    """Return what somebody did, if the update tells of anything we know."""
    for readable in (fields, _plain(fields)):
        try:
            event = _event(Update.de_json(readable, None), account)
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
            # The library has no error of its own for fields of another shape than it knows.
            continue
        return () if event is None else (event,)
    log.warning(
        "an update cannot be read", action="telegram.unreadable", kinds=sorted(_KINDS & fields.keys())
    )
    return ()


_KINDS = frozenset(Update.ALL_TYPES)
_OURS = frozenset(
    {"message_id", "date", "chat", "from", "text", "caption", "location", "venue", "contact", "reply_markup"}
)


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """Only what we use of a message: a sticker of a new kind must not cost the words beside it."""
    message = fields.get("message")
    if not isinstance(message, dict):
        return fields
    return {**fields, "message": {name: value for name, value in message.items() if name in _OURS}}


def _event(update: Update, account: str) -> Inbound | None:
    key = str(update.update_id)
    if update.message is not None:
        return _message(update.message, key, account)
    if update.callback_query is not None:
        return _press(update.callback_query, key, account)
    if update.my_chat_member is not None:
        return _membership(update.my_chat_member, key, account)
    return None


def _message(message: Message, key: str, account: str) -> Inbound | None:
    sender = message.from_user
    if message.chat.type != ChatType.PRIVATE or sender is None or sender.is_bot:
        return None
    kind, text, pin, contact = InboundKind.OTHER, "", None, ""
    if message.text is not None or message.caption is not None:
        kind, text = _words(message.text or message.caption or "")
    elif message.location is not None or message.venue is not None:
        pin = _pin(message.location or (message.venue.location if message.venue is not None else None))
        kind = InboundKind.OTHER if pin is None else InboundKind.PIN
    elif message.contact is not None and message.contact.user_id == sender.id:
        # Somebody else's card must never become this person's number.
        kind, contact = InboundKind.CONTACT, clean(str(message.contact.phone_number), 40)
    return Inbound(
        key=key,
        address=_address(message.chat.id, account),
        kind=kind,
        text=text,
        pin=pin,
        contact=contact,
        language=_language(sender),
    )


def _words(text: str) -> tuple[InboundKind, str]:
    text = clean(text)
    if not text.startswith("/"):
        return InboundKind.TEXT if text else InboundKind.OTHER, text
    command, _space, rest = text.partition(" ")
    command = command.partition("@")[0]  # /stop@our_bot
    if command.lower() == "/start":
        return InboundKind.START, rest.strip()
    return InboundKind.TEXT, f"{command} {rest.strip()}".strip()


def _pin(location: Location | None) -> Pin | None:
    if location is None or not (-90 <= location.latitude <= 90 and -180 <= location.longitude <= 180):
        return None
    return Pin(float(location.latitude), float(location.longitude))


def _press(press: CallbackQuery, key: str, account: str) -> Inbound | None:
    if press.message is None or press.message.chat.type != ChatType.PRIVATE or press.from_user.is_bot:
        return None
    data = press.data or ""
    fits = 0 < len(data.encode("utf-8", "replace")) <= MAX_BUTTON_DATA
    return Inbound(
        key=key,
        address=_address(press.message.chat.id, account),
        kind=InboundKind.BUTTON if fits else InboundKind.OTHER,
        text=_label(press, data),
        button=data if fits else "",
        language=_language(press.from_user),
        callback=press.id,
    )


def _label(press: CallbackQuery, data: str) -> str:
    markup = press.message.reply_markup if isinstance(press.message, Message) else None
    buttons = [button for row in markup.inline_keyboard for button in row] if markup else []
    return next((clean(button.text) for button in buttons if button.callback_data == data), "")


def _membership(change: ChatMemberUpdated, key: str, account: str) -> Inbound | None:
    if change.chat.type != ChatType.PRIVATE:
        return None
    kinds = {ChatMemberStatus.BANNED: InboundKind.STOPPED, ChatMemberStatus.MEMBER: InboundKind.START}
    kind = kinds.get(ChatMemberStatus(change.new_chat_member.status))
    if kind is None:
        return None
    return Inbound(
        key=key, address=_address(change.chat.id, account), kind=kind, language=_language(change.from_user)
    )


def _address(chat: int, account: str) -> Address:
    return Address(Channel.TELEGRAM, account, str(int(chat)))


def _language(user: User) -> str:
    return clean(str(user.language_code or ""), 35)
