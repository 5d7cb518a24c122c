"""The JSON of Telegram updates: what people do, as the Bot API tells it. Pure.

Field names and nesting follow the Bot API's Update, Message, CallbackQuery and ChatMemberUpdated objects.
"""

import random
from typing import Any

from simulator.incoming import Action, ActionKind
from simulator.telegram_bots import Bot, Chat, Sent
from simulator.telegram_html import units

Update = dict[str, Any]


def message(chat: Chat, message_id: int, date: int, content: dict[str, Any]) -> Update:
    """A `message` update with that content."""
    body = {"message_id": message_id, "from": chat.person(), "chat": chat.card(), "date": date, **content}
    return {"message": body}


def words(text: str) -> dict[str, Any]:
    """Content of a typed message; a leading command is marked."""
    content: dict[str, Any] = {"text": text}
    if text.startswith("/") and len(text) > 1:
        command = text.split(maxsplit=1)[0]
        content["entities"] = [{"offset": 0, "length": units(command), "type": "bot_command"}]
    return content


def location(lat: float, lon: float) -> dict[str, Any]:
    """Content of a shared position."""
    return {"location": {"latitude": lat, "longitude": lon}}


def contact(chat: Chat, number: str) -> dict[str, Any]:
    """Content of a shared own number."""
    card = {"phone_number": number, "first_name": chat.first_name, "user_id": chat.chat_id}
    return {"contact": card}


def callback(bot: Bot, chat: Chat, query_id: str, data: str, pressed: tuple[int, Sent] | None) -> Update:
    """A `callback_query` update: a pressed button under a message of the bot."""
    query: dict[str, Any] = {
        "id": query_id,
        "from": chat.person(),
        "chat_instance": str(chat.chat_id * 31 + int(bot.account)),
        "data": data,
    }
    if pressed is not None:
        number, sent = pressed
        under: dict[str, Any] = {
            "message_id": number,
            "from": bot.card(),
            "chat": chat.card(),
            "date": sent.date,
            "text": sent.text,
        }
        if sent.inline is not None:
            under["reply_markup"] = sent.inline
        query["message"] = under
    return {"callback_query": query}


def membership(bot: Bot, chat: Chat, date: int, *, blocked: bool) -> Update:
    """A `my_chat_member` update: the person blocked the bot or took it back."""
    out = {"user": bot.card(), "status": "kicked", "until_date": 0}
    within = {"user": bot.card(), "status": "member"}
    return {
        "my_chat_member": {
            "chat": chat.card(),
            "from": chat.person(),
            "date": date,
            "old_chat_member": within if blocked else out,
            "new_chat_member": out if blocked else within,
        }
    }


def from_action(bot: Bot, chat: Chat, action: Action, date: int, rng: random.Random) -> tuple[Update, str]:
    """The update a citizen's action makes, and the id of its callback query (else empty)."""
    match action.kind:
        case ActionKind.BUTTON:
            query_id = str(rng.randrange(10**17, 10**18))
            number = int(action.message_id) if action.message_id.isdigit() else 0
            sent = bot.sent.get((chat.chat_id, number))
            pressed = (number, sent) if sent is not None else None
            return callback(bot, chat, query_id, action.value, pressed), query_id
        case ActionKind.LOCATION:
            content = location(action.lat, action.lon)
        case ActionKind.CONTACT:
            content = contact(chat, action.value)
        case ActionKind.TEXT:
            content = words(action.value)
    return message(chat, bot.take_message_id(), date, content), ""
